//! The server itself: its endpoints, its listener, the protocol.

mod admin;
pub mod credential_endpoints;
mod hosts;
pub mod instance_metadata;
mod partitions;
mod request_bodies;
mod wire;
