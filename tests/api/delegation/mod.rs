//! Temporary delegation: requests, and what they lead to.

mod delegated_access;
mod delegation_checks;
mod delegation_requests;
pub mod fixtures;
