//! Commands besides the server.

pub mod credential_process;
pub mod policy;
mod reference;
