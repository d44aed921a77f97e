//! Commands besides the server.

pub mod policy;
mod reference;
