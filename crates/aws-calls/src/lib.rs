//! Which operation of AWS an HTTP request calls, and which permissions it needs.
//!
//! Everything here is a pure function of the request: no I/O, no clock, no waiting.

pub mod arn;
pub mod ask;
mod call;
mod dynamodb;
pub mod fault;
pub mod given;
pub mod input;
mod kms;
pub mod lookup;
pub mod needs;
pub mod questions;
pub mod recognise;
mod request;
pub mod rules;
pub mod s3;
pub mod view;

/// Whether two names differ in case, hyphens and underscores only, in which servers write names of their own.
fn alike(one: &str, other: &str) -> bool {
    fn plain(name: &str) -> impl Iterator<Item = char> {
        name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase())
    }
    plain(one).eq(plain(other))
}

pub use call::Call;
pub use input::Input;
pub use recognise::{Recognised, Unrecognised, recognise};
pub use request::Request;
