//! What AWS publishes about IAM itself: its managed policies and its service-linked roles. What it publishes about other
//! services is in the crate `aws-reference`.
//!
//! The data is part of the program and costs nothing until it is asked for: an index is searched where it lies, and a
//! text is decompressed when it is read. `data/README.md` says where the data comes from and how it is renewed.

pub mod managed_policies;
pub mod service_linked_roles;
mod service_reference;

pub use service_reference::KnownServices;
