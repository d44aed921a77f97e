//! Browsers' upload forms: `POST` on a bucket with `multipart/form-data`.
//!
//! The fields come before the file. They say what headers say otherwise, and carry the signature, which covers a policy
//! document with conditions on the fields.

mod end;
mod multipart;
mod policy;
mod put;
mod signature;

pub use end::FormEnd;
pub use multipart::{Fields, Form, boundary};
pub use policy::{FormPolicy, LengthRange};
pub use put::{Done, Stored};
pub use signature::FormSignature;
