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

/// The fields of a form with these, and a file `f.txt`.
#[cfg(test)]
fn fields(pairs: &[(&str, &str)]) -> Fields {
    let part = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let before: String = pairs.iter().map(part).collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n";
    Form::read("b", (before + file).as_bytes()).unwrap().unwrap().fields
}
