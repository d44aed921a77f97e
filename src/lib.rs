//! iamd: a local AWS IAM and STS.

pub mod catalogue;
pub mod error;
