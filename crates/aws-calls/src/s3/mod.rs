//! Amazon S3: what a request does, and what it needs permission for.

pub mod access;
mod answer;
mod body;
mod control;
mod deletion;
pub mod form;
mod questions;
mod refusal;
mod routing;
mod signing;
mod source;
mod tags;
pub(crate) mod xml;

use routing::{address, hosts, query, route};

pub use address::{Bucket, Style, Target};
pub use answer::{ExpectedOwner, Relation, denial};
pub use body::Body;
pub use deletion::{Deletion, Deletions, Denied};
pub use hosts::Hosts;
pub use query::Query;
pub use questions::Given;
pub use refusal::Refusal;
pub use route::{Operation, Routed};
pub use routing::server::Server;
pub use signing::{Place, SignatureVersion, Signing};
