//! iamd: a local AWS IAM and STS.

pub mod cli;
pub mod error;
pub mod policy;
