//! The servers behind the gateway, and the requests as they get them.

mod client;
mod forward;
mod region;

pub use client::{Answer, Body, Unreachable, Upstream, Upstreams};
pub use forward::{Forwarding, is_s3, misleads_server, of_answer};
pub use region::is_misread;
