//! The AWS Query protocol: parameters in, XML or JSON out.

mod params;
mod query;
mod validation;
pub mod xml;

pub use params::Params;
pub use query::{Decoded, decode};
pub use validation::Service;
