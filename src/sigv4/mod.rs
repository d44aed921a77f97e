//! AWS Signature Version 4 from the server's side: what a request presents, and whether its secret made it.
//!
//! Reading and verifying are two steps because the server must find the secret in between:
//!
//! ```
//! use chrono::{DateTime, Utc};
//! use iamd::sigv4::{Expected, Incoming, Regions, Signature};
//!
//! fn authenticate(request: &Incoming<'_>, now: DateTime<Utc>) -> iamd::error::Result<String> {
//!     let signature = Signature::read(request)?;
//!     let access_key_id = signature.credential().access_key_id.to_string();
//!     let secret = "looked up by the access key id";
//!     signature.verify(request, secret, &Expected { service: "iam", regions: Regions::Only("us-east-1") }, now)?;
//!     Ok(access_key_id)
//! }
//! ```
//!
//! Rules: "Create a signed AWS API request" and "Troubleshoot Signature Version 4 signing" in the IAM User Guide.

mod authorization;
mod canonical;
mod chunks;
mod credential;
mod form;
mod framing;
mod presigned;
mod region;
mod scheme;
mod sign;
mod signature;
mod signing_key;
mod time;
mod version2;

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

pub use chunks::{ChunkSigner, Chunks, MAX_CHUNK, Trailer};
pub use credential::{Credential, Expected};
pub use form::SignedForm;
pub use framing::ChunkError;
pub use region::Regions;
pub use scheme::{PathForm, Payload, Scheme};
pub use sign::{Outgoing, sign};
pub use signature::{Location, Signature};
pub use signing_key::hmac;
pub use version2::Version2;

/// The only algorithm IAM and STS take.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

static X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
static X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// A request as it came over the wire, before anything of it was decoded.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The method as sent, upper-case.
    pub method: &'a str,
    /// The path as sent, without the query, still percent-encoded.
    pub path: &'a str,
    /// What follows `?`, still percent-encoded; empty when there is nothing.
    pub query: &'a str,
    /// All headers. Values of one name keep the order in which they were sent.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// The header with the session token; bytes that are not text make a token that was never issued.
    fn session_token(&self) -> Option<Cow<'a, str>> {
        self.headers.get(&X_AMZ_SECURITY_TOKEN).map(|header| String::from_utf8_lossy(header.as_bytes()))
    }
}
