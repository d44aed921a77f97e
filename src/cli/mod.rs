//! The commands.

pub mod credential_process;
pub mod policy;
mod reference;
pub mod serve;
