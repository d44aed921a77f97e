//! An identity provider for tests: it vouches for whomever it is asked to.

pub mod saml;
pub mod web;

/// What goes wrong, as one sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
