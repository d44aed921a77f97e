//! The AWS Query protocol: parameters in, XML or JSON out.

mod fields;
mod format;
mod output;
mod params;
mod query;
mod validation;
pub mod xml;

pub use fields::fields_of;
pub use format::Format;
pub use output::Output;
pub use params::Params;
pub use query::{Decoded, decode};
pub use validation::Service;
