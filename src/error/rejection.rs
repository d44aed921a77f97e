//! Why credentials are not accepted, in more words than a client gets.

use std::borrow::Cow;
use std::fmt;

/// Which part of a request's credentials was not accepted, and why. It is the cause of an error, for the log alone: AWS
/// says less to clients, so that clients do not learn which keys exist. It holds no secret and no session token.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {why}")]
pub struct Rejection {
    /// The part.
    pub part: Part,
    /// Why, as the end of a sentence.
    pub why: Cow<'static, str>,
}

impl Rejection {
    /// A rejection of this part.
    pub fn new(part: Part, why: impl Into<Cow<'static, str>>) -> Self {
        Self { part, why: why.into() }
    }
}

/// A part of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The form of the signature: the `Authorization` header, or the parameters of a presigned URL.
    Authorization,
    /// The access key id.
    KeyId,
    /// The session token.
    SessionToken,
    /// The session, which is genuine.
    Session,
    /// The scope: date, region, service.
    Scope,
    /// When the request was signed.
    Clock,
    /// The list of signed headers.
    SignedHeaders,
    /// The signature itself.
    Signature,
}

impl Part {
    /// What the log calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::KeyId => "key id",
            Self::SessionToken => "session token",
            Self::Session => "session",
            Self::Scope => "scope",
            Self::Clock => "clock",
            Self::SignedHeaders => "signed headers",
            Self::Signature => "signature",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
