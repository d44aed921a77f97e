//! Keys, certificates, signed tokens and one-time codes in the forms in which people bring them: read, checked, written.
//! Nothing here knows of accounts.

mod certificate;
mod jwk;
mod jws;
mod qr_code;
mod signing;
mod ssh;
mod totp;
mod unique_members;

pub use certificate::{Certificate, PrivateKey};
pub use jwk::{Jwk, Jwks, KeySet};
pub use jws::{Algorithm, Token};
pub use qr_code::qr_code_png;
pub use signing::SigningKey;
pub use ssh::{SshKey, SshKeyError};
pub use totp::{RESYNC_SKEW, SKEW, Seed, around, step_at};
