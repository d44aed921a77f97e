//! What computes long: through a gate, or after its call was answered.

mod gate;
mod generations;

pub use gate::Gate;
pub use generations::Generations;
