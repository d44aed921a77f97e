//! From method, host, path and query string to an operation on a bucket or an object.

pub(super) mod address;
pub(super) mod headers;
pub(super) mod hosts;
pub(super) mod query;
pub(super) mod route;
mod routes;
pub(super) mod server;
