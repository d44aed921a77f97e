//! Why callers are not known.

use prometheus::{IntCounter, IntCounterVec};

use super::outcome::is_about_credentials;
use crate::error::{Code, Error, Part};

/// A counter for each reason.
pub(super) struct Reasons([(Reason, IntCounter); Reason::ALL.len()]);

/// What is wrong with a request's credentials: one of its parts, or that there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Unsigned,
    Authorization,
    KeyId,
    SessionToken,
    Session,
    Scope,
    Clock,
    SignedHeaders,
    Signature,
}

impl Reason {
    const ALL: [Self; 9] = [
        Self::Unsigned,
        Self::Authorization,
        Self::KeyId,
        Self::SessionToken,
        Self::Session,
        Self::Scope,
        Self::Clock,
        Self::SignedHeaders,
        Self::Signature,
    ];

    fn of(error: &Error) -> Self {
        match (error.rejection().map(|rejection| rejection.part), error.code()) {
            (Some(Part::Authorization), _) => Self::Authorization,
            (Some(Part::KeyId), _) | (None, Code::InvalidClientTokenId) => Self::KeyId,
            (Some(Part::SessionToken), _) => Self::SessionToken,
            (Some(Part::Session), _) | (None, Code::ExpiredToken) => Self::Session,
            (Some(Part::Scope), _) => Self::Scope,
            (Some(Part::Clock), _) => Self::Clock,
            (Some(Part::SignedHeaders), _) => Self::SignedHeaders,
            (Some(Part::Signature), _) | (None, Code::SignatureDoesNotMatch) => Self::Signature,
            (None, Code::MissingAuthenticationToken) => Self::Unsigned,
            (None, _) => Self::Authorization,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Authorization => "authorization",
            Self::KeyId => "key_id",
            Self::SessionToken => "session_token",
            Self::Session => "session",
            Self::Scope => "scope",
            Self::Clock => "clock",
            Self::SignedHeaders => "signed_headers",
            Self::Signature => "signature",
        }
    }
}

impl Reasons {
    pub fn new(counters: &IntCounterVec) -> Self {
        Self(Reason::ALL.map(|reason| (reason, counters.with_label_values(&[reason.as_str()]))))
    }

    /// Counts an error, if it says that the caller is not known.
    pub fn count(&self, error: Option<&Error>) {
        let Some(error) = error else { return };
        if error.rejection().is_none() && !is_about_credentials(error.code()) {
            return;
        }
        let reason = Reason::of(error);
        if let Some((_, counter)) = self.0.iter().find(|(one, _)| *one == reason) {
            counter.inc();
        }
    }
}
