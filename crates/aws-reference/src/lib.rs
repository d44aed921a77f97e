//! What AWS publishes about its services: their operations, actions, resource types and condition keys.
//!
//! The data is part of the program and costs nothing until it is asked for: an [`Index`] is searched in place, and an
//! [`Archive`] decompresses a text when it is read. The crate does no I/O. `data/README.md` says where the data comes
//! from and how it is renewed.

mod archive;
mod index;
pub mod operations;
mod recent;
pub mod service_authorization;

pub use archive::{Archive, Place};
pub use index::{Index, ignoring_case};
pub use recent::Recent;
