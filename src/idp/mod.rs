//! An identity provider for tests: it signs what it is asked to.

mod command;
pub mod saml;
mod server;
pub mod web;

pub use command::{Options, run};
pub use server::{Idp, router};

/// What goes wrong, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

/// An id that does not come twice.
pub fn random_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
