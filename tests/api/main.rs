//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

mod client;
mod fixtures;
mod principals;
#[path = "../model/published.rs"]
#[expect(dead_code, reason = "the errors are for the test of the model")]
mod published;

mod account;
mod credentials;
mod decisions;
mod delegation;
mod federation;
mod identities;
mod organization;
mod permissions;
mod policies;
mod server;
mod sessions;
mod snapshots;
