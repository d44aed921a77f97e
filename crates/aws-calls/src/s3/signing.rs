//! What the signature and the connection of a request say.

use chrono::{DateTime, Utc};

use super::refusal::Refusal;
use super::route::Routed;

/// What the rules must know of how a request came, besides the request itself.
#[derive(Clone, Debug)]
pub struct Signing<'a> {
    /// Where the signature is. None: the request is anonymous.
    pub place: Option<Place>,
    /// How it was made.
    pub version: SignatureVersion,
    /// Milliseconds since the date that was signed, if one was.
    pub age: Option<u64>,
    /// The version of TLS, such as `1.3`.
    pub tls_version: Option<&'a str>,
    /// The time of the request.
    pub now: DateTime<Utc>,
}

/// The sub-resources that a presigned URL of Signature Version 2 signs. Who has the URL can add others.
const SIGNED_BY_V2: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "inventory",
    "lifecycle",
    // A listing that is asked for in another form.
    "list-type",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "policy",
    "replication",
    "requestPayment",
    "restore",
    "select",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

impl Routed<'_> {
    /// Refuses a request whose signature leaves out what it does.
    pub(crate) fn check_signed(&self, signing: &Signing<'_>) -> Result<(), Refusal> {
        let is_v2 = signing.version == SignatureVersion::V2 && signing.place == Some(Place::QueryString);
        let sub_resource = self.query.sub_resource()?;
        if is_v2 && !sub_resource.is_empty() && !SIGNED_BY_V2.contains(&sub_resource) {
            let message = "Please use AWS4-HMAC-SHA256: Signature Version 2 does not sign this sub-resource.";
            return Err(Refusal::request(message));
        }
        Ok(())
    }
}

/// Where a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the `Authorization` header.
    Header,
    /// In the query string.
    QueryString,
    /// In the fields of a browser's form.
    Form,
}

impl Place {
    /// As in `s3:authType`.
    pub(crate) fn auth_type(self) -> &'static str {
        match self {
            Self::Header => "REST-HEADER",
            Self::QueryString => "REST-QUERY-STRING",
            Self::Form => "POST",
        }
    }
}

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// Signature Version 2.
    V2,
    /// Signature Version 4.
    V4,
    /// Signature Version 4A, with an asymmetric key.
    V4A,
}

impl SignatureVersion {
    /// As in `s3:signatureversion`.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V2 => "AWS",
            Self::V4 => "AWS4-HMAC-SHA256",
            Self::V4A => "AWS4-ECDSA-P256-SHA256",
        }
    }
}
