//! The signature of a request: how it is read, and how it is verified.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::canonical::{self, hex};
use super::chunks::ChunkSigner;
use super::credential::{Credential, Expected};
use super::scheme::Scheme;
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

/// The algorithm of Signature Version 4A, which STS takes at AWS.
pub(super) const ASYMMETRIC: &str = "AWS4-ECDSA-P256-SHA256";

/// The refusal of Signature Version 4A: its message says what clients can do.
pub(super) fn asymmetric() -> Error {
    let message = format!("{ASYMMETRIC} (SigV4a) is not supported here; sign with AWS4-HMAC-SHA256.");
    Error::new(Code::IncompleteSignature, message).rejecting(Part::Authorization, "the signature is one of SigV4a")
}

/// What a request presents as its Signature Version 4. Nothing of it is verified until [`Signature::verify`].
pub struct Signature<'a> {
    pub(super) location: Location,
    pub(super) credential: Credential<'a>,
    pub(super) session_token: Option<Cow<'a, str>>,
    pub(super) time: RequestTime<'a>,
    pub(super) signed_headers: Cow<'a, str>,
    pub(super) hex: Cow<'a, str>,
    pub(super) expires: Option<Cow<'a, str>>,
}

impl<'a> Signature<'a> {
    /// Reads the signature from the `Authorization` header, or else from the query.
    ///
    /// # Errors
    /// `MissingAuthenticationToken` when the request has no Signature Version 4, `IncompleteSignature` when it has
    /// a malformed one or one of Version 4A.
    pub fn read(request: &Incoming<'a>) -> Result<Self> {
        if let Some(signature) = authorization::read(request) {
            return signature;
        }
        if let Some(signature) = presigned::read(request) {
            return signature;
        }
        let why = match request.headers.get(http::header::AUTHORIZATION) {
            Some(value) if value.as_bytes().starts_with(ASYMMETRIC.as_bytes()) => return Err(asymmetric()),
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
        self.verify_by(&Scheme::default(), request, secret, expected, now)
    }

    /// Verifies that the holder of `secret` signed this request for `expected` by the rules of its service, not too
    /// long before or after `now`.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); `AccessDenied` for a presigned URL outside of its lifetime, and
    /// `IncompleteSignature` if that is no number of seconds up to seven days.
    pub fn verify_by(
        &self,
        scheme: &Scheme<'_>,
        request: &Incoming<'_>,
        secret: &str,
        expected: &Expected<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.credential.check_scope(expected, &self.time)?;
        match self.location {
            Location::Query if scheme.expires => self.check_lifetime(now, scheme.window)?,
            _ => self.time.check_window(now, scheme.window)?,
        }
        if !self.signed_headers.split(';').any(|name| name.eq_ignore_ascii_case("host")) {
            let error = refused("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
            return Err(error.rejecting(Part::SignedHeaders, "the header Host is not signed"));
        }
        let canonical_request = canonical::canonical_request(request, self.location, &self.signed_headers, scheme);
        let Some(canonical_request) = canonical_request else {
            return Err(refused(MISMATCH).rejecting(Part::SignedHeaders, self.fault_of_signed_headers(request)));
        };
        if self.is_made_with(secret, &canonical_request) {
            return Ok(());
        }
        let why = "the secret is another one than the key's, or the request was changed after it was signed";
        Err(refused(MISMATCH).rejecting(Part::Signature, why))
    }

    /// A presigned URL is good from its date on, for as many seconds as it says.
    fn check_lifetime(&self, now: DateTime<Utc>, window: TimeDelta) -> Result<()> {
        let seconds = self.lifetime()?;
        let denied = |message, why| Err(Error::new(Code::AccessDenied, message).rejecting(Part::Clock, why));
        if self.time.instant() > now + window {
            return denied(
                "Request is not yet valid",
                "the presigned URL was made by a clock that is ahead".to_owned(),
            );
        }
        if now > self.time.instant() + seconds {
            let ended = self.time.instant() + seconds;
            return denied("Request has expired", format!("the presigned URL ended at {ended}"));
        }
        Ok(())
    }

    fn lifetime(&self) -> Result<TimeDelta> {
        let why = "X-Amz-Expires is not a number of seconds up to seven days";
        let wrong = |message: &'static str| Err(incomplete(message, why));
        match self.expires.as_deref() {
            None | Some("") => wrong(LACKS_EXPIRES),
            Some(text) => match text.parse::<i64>() {
                Ok(seconds) if seconds < 0 => wrong("X-Amz-Expires must be non-negative"),
                Ok(seconds) if seconds > MAX_LIFETIME => wrong(EXCEEDS_A_WEEK),
                Ok(seconds) => Ok(TimeDelta::seconds(seconds)),
                Err(_) => wrong("X-Amz-Expires should be a number"),
            },
        }
    }

    /// What signs the chunks of the body, for a request that was verified with this secret.
    pub fn chunk_signer(&self, secret: &str) -> ChunkSigner {
        let Credential { date, region, service, terminator, .. } = &self.credential;
        ChunkSigner::new(
            signing_key::derive(secret, &self.credential),
            self.time.text(),
            &format!("{date}/{region}/{service}/{terminator}"),
            &self.hex,
        )
    }

    /// The names of the headers that are signed, in the order of the list.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }

    /// When the request was signed, by its own clock.
    pub fn time(&self) -> DateTime<Utc> {
        self.time.instant()
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
        self.canonical_request_by(&Scheme::default(), request)
    }

    /// The canonical request by the rules of a service.
    pub fn canonical_request_by(&self, scheme: &Scheme<'_>, request: &Incoming<'_>) -> Option<Vec<u8>> {
        canonical::canonical_request(request, self.location, &self.signed_headers, scheme)
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

/// Shows no token and no signature: anyone who has those can repeat the request.
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

/// The longest that a presigned URL may live, in seconds: seven days.
const MAX_LIFETIME: i64 = 604_800;

const EXCEEDS_A_WEEK: &str = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires \
    must be less than 604800 seconds";

const LACKS_EXPIRES: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
    X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";

pub(super) const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
    Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// A well-formed signature that is not accepted.
pub(super) fn refused(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::SignatureDoesNotMatch, message)
}

/// A signature that cannot be read. The message may repeat what was given as the key id; `why`, for the log, does
/// not.
pub(super) fn incomplete(message: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::IncompleteSignature, message).rejecting(Part::Authorization, why)
}
