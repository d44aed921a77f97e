//! The signature of a request: how it is read, and how it is verified.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::canonical::{self, hex};
use super::credential::{Credential, Expected};
use super::time::RequestTime;
use super::{ALGORITHM, Incoming, authorization, presigned, signing_key};
use crate::error::{Code, Error, Part, Result};

/// Where a request carries its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the `Authorization` header.
    Header,
    /// In the query, as a presigned URL.
    Query,
}

/// What a request presents as its Signature Version 4. Nothing of it is verified until [`Signature::verify`].
pub struct Signature<'a> {
    pub(super) location: Location,
    pub(super) credential: Credential<'a>,
    pub(super) session_token: Option<Cow<'a, str>>,
    pub(super) time: RequestTime<'a>,
    pub(super) signed_headers: Cow<'a, str>,
    pub(super) hex: Cow<'a, str>,
}

impl<'a> Signature<'a> {
    /// Reads the signature from the `Authorization` header, or else from the query.
    ///
    /// # Errors
    /// `MissingAuthenticationToken` when the request has no Signature Version 4, `IncompleteSignature` when it has
    /// a malformed one.
    pub fn read(request: &Incoming<'a>) -> Result<Self> {
        if let Some(signature) = authorization::read(request) {
            return signature;
        }
        if let Some(signature) = presigned::read(request) {
            return signature;
        }
        let why = match request.headers.get(http::header::AUTHORIZATION) {
            Some(_) => "the Authorization header is not of the scheme AWS4-HMAC-SHA256",
            None => "there is no Authorization header, and no X-Amz-Algorithm in the query",
        };
        let error = Error::new(Code::MissingAuthenticationToken, "Request is missing Authentication Token");
        Err(error.rejecting(Part::Authorization, why))
    }

    /// Who claims to have signed, and for which date, region and service.
    pub fn credential(&self) -> &Credential<'a> {
        &self.credential
    }

    /// The session token that accompanies temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Where the signature was found.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Verifies that the holder of `secret` signed this request for `expected`, within 15 minutes of `now`.
    ///
    /// # Errors
    /// `SignatureDoesNotMatch`, with AWS's sentence for the first check that failed: scope, clock, signed headers,
    /// signature.
    pub fn verify(
        &self,
        request: &Incoming<'_>,
        secret: &str,
        expected: &Expected<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.credential.check_scope(expected, &self.time)?;
        self.time.check_window(now)?;
        if !self.signed_headers.split(';').any(|name| name.eq_ignore_ascii_case("host")) {
            let error = refused("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
            return Err(error.rejecting(Part::SignedHeaders, "the header Host is not signed"));
        }
        let Some(canonical_request) = self.canonical_request(request) else {
            return Err(refused(MISMATCH).rejecting(Part::SignedHeaders, self.fault_of_signed_headers(request)));
        };
        if self.is_made_with(secret, &canonical_request) {
            return Ok(());
        }
        let why = "the secret is another one than the key's, or the request was changed after it was signed";
        Err(refused(MISMATCH).rejecting(Part::Signature, why))
    }

    /// Why there is no canonical request.
    fn fault_of_signed_headers(&self, request: &Incoming<'_>) -> String {
        let absent = self.signed_headers.split(';').find(|name| !request.headers.contains_key(*name));
        match absent {
            Some(name) => format!("the header {name:?} is signed, but did not come with the request"),
            None => "their list is not in lower case, not sorted, or repeats a name".to_owned(),
        }
    }

    /// The canonical request that the signature has to cover, worth showing to those who debug a signer; `None` when
    /// the list of signed headers is not in canonical form, or one of them did not come with the request.
    pub fn canonical_request(&self, request: &Incoming<'_>) -> Option<Vec<u8>> {
        canonical::canonical_request(request, self.location, &self.signed_headers)
    }

    /// The canonical request to show to people: session tokens, other credentials and the values of parameters are left
    /// out.
    pub fn shown_canonical_request(&self, request: &Incoming<'_>) -> Option<String> {
        self.canonical_request(request).map(|canonical| canonical::shown(&String::from_utf8_lossy(&canonical)))
    }

    /// The string to sign for a canonical request.
    pub fn string_to_sign(&self, canonical_request: &[u8]) -> String {
        let Credential { date, region, service, terminator, .. } = &self.credential;
        let hash = hex(&Sha256::digest(canonical_request).into());
        let time = self.time.text();
        let parts =
            [ALGORITHM, "\n", time, "\n", date, "/", region, "/", service, "/", terminator, "\n", hash.as_str()];
        parts.concat()
    }

    fn is_made_with(&self, secret: &str, canonical_request: &[u8]) -> bool {
        let string_to_sign = self.string_to_sign(canonical_request);
        let key = signing_key::derive(secret, &self.credential);
        let hex = hex(&signing_key::hmac(key.as_ref(), string_to_sign.as_bytes()));
        hex.as_bytes().ct_eq(self.hex.as_bytes()).into()
    }
}

/// Shows no token and no signature: whoever has those can repeat the request.
impl fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("location", &self.location)
            .field("credential", &self.credential)
            .field("time", &self.time)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
    Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// A well-formed signature that is not accepted.
pub(super) fn refused(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::SignatureDoesNotMatch, message)
}

/// A signature that cannot be read. The message may repeat what somebody took for a key id; `why`, for the log, does
/// not.
pub(super) fn incomplete(message: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::IncompleteSignature, message).rejecting(Part::Authorization, why)
}
