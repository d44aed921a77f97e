//! The wire: services and their protocols, parameters in, results out.

mod decode;
mod fields;
mod input;
mod output;
mod params;
pub mod protocol;
mod recorded;
mod service;
mod validation;
mod xml;

pub use decode::{Decoded, decode};
pub use fields::fields_of;
pub use input::Input;
pub use output::Output;
pub use params::Params;
pub use protocol::{Answer, Exchange, Http, Protocol, QueryMember};
pub use recorded::{Dates, Form, Shape, parameters as recorded_parameters, shape_of};
pub use service::Service;
