//! What AWS publishes about itself: its managed policies, its service-linked roles, and the actions, resources and
//! condition keys of its services.
//!
//! The data is part of the program and costs nothing until it is asked for: an index is searched where it lies, and a
//! text is decompressed when it is read. `data/README.md` says where the data comes from and how it is renewed.

mod archive;
mod index;
pub mod managed_policies;
mod recent;
pub mod service_authorization;
pub mod service_linked_roles;
