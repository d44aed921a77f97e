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
use crate::error::{Code, Error, Result};

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
        Err(Error::new(Code::MissingAuthenticationToken, "Request is missing Authentication Token"))
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
            return Err(refused("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
        }
        if self.is_made_with(secret, request) { Ok(()) } else { Err(refused(MISMATCH)) }
    }

    /// The canonical request that the signature has to cover, worth showing to those who debug a signer; `None` when
    /// the list of signed headers is not in canonical form, or one of them did not come with the request.
    pub fn canonical_request(&self, request: &Incoming<'_>) -> Option<Vec<u8>> {
        canonical::canonical_request(request, self.location, &self.signed_headers)
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

    fn is_made_with(&self, secret: &str, request: &Incoming<'_>) -> bool {
        let Some(canonical_request) = self.canonical_request(request) else { return false };
        let string_to_sign = self.string_to_sign(&canonical_request);
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

/// A signature that cannot be read.
pub(super) fn incomplete(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::IncompleteSignature, message)
}
