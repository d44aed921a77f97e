//! iamd: a local AWS IAM and STS.

pub mod error;
pub mod policy;
