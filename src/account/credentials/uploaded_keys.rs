//! What users upload to be known by: signing certificates and SSH public keys.

use serde::{Deserialize, Serialize};

use crate::shapes::Timestamp;

/// An X.509 certificate whose owner signs requests with its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningCertificate {
    /// 32 upper-case letters and digits, made from the certificate.
    pub id: String,
    /// The certificate as it was uploaded.
    pub body: String,
    /// Its SHA-256, by which duplicates are found.
    pub fingerprint: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it was uploaded.
    pub uploaded: Timestamp,
}

/// An SSH public key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SshPublicKey {
    /// `APKA…`.
    pub id: String,
    /// The key in OpenSSH's form.
    pub body: String,
    /// Its MD5, by which duplicates are found.
    pub fingerprint: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it was uploaded.
    pub uploaded: Timestamp,
}
