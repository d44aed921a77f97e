//! Amazon S3: what a request does, and what it needs permission for.

pub mod access;
mod address;
mod answer;
mod body;
mod control;
mod deletion;
pub mod form;
mod headers;
mod hosts;
mod query;
mod questions;
mod refusal;
mod route;
mod routes;
mod signing;
mod source;
mod tags;
pub(crate) mod xml;

pub use address::{Bucket, Style, Target};
pub use answer::{ExpectedOwner, Relation, denial};
pub use body::Body;
pub use deletion::{Deletion, Deletions, Denied};
pub use hosts::Hosts;
pub use query::Query;
pub use questions::Given;
pub use refusal::Refusal;
pub use route::{Operation, Routed};
pub use signing::{Place, SignatureVersion, Signing};
