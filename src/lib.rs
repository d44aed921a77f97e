//! iamd: a local AWS IAM and STS.

pub mod error;
pub mod shapes;
pub mod wire;
