//! The commands.

pub mod credential_process;
pub mod output;
pub mod policy;
mod reference;
pub mod serve;
