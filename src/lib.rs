//! iamd: a local AWS IAM and STS.

pub mod account;
pub mod catalogue;
pub mod error;
pub mod shapes;
pub mod sigv4;
pub mod wire;
