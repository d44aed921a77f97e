//! Bodies of requests on their way through the gateway.

mod checksum;
mod fault;
mod upload;

pub use fault::{Fault, FaultSlot, check_whole};
pub use upload::{BodyError, Check, Upload};

pub(in crate::gateway) use checksum::Checksum;
