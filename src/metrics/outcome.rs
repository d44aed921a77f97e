//! What came of a request.

use http::StatusCode;

use crate::error::{Code, Error};

/// What came of a request, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Ok,
    /// No policy allows it, or one denies it.
    Denied,
    /// Its caller is not known.
    Unauthenticated,
    /// It asks for what cannot be.
    Refused,
    /// The server failed.
    Failed,
}

impl Outcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Denied, Self::Unauthenticated, Self::Refused, Self::Failed];

    /// What an error, or none, means.
    pub fn of(error: Option<&Error>) -> Self {
        let Some(error) = error else { return Self::Ok };
        match error.code() {
            code if code.status() >= 500 => Self::Failed,
            Code::AccessDenied => Self::Denied,
            code if is_about_credentials(code) => Self::Unauthenticated,
            _ => Self::Refused,
        }
    }

    /// What the status of an upstream's answer means.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            status if status.is_server_error() => Self::Failed,
            status if status.is_client_error() => Self::Refused,
            _ => Self::Ok,
        }
    }

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Whether an error says that the caller is not known.
pub(super) fn is_about_credentials(code: Code) -> bool {
    matches!(
        code,
        Code::MissingAuthenticationToken
            | Code::SignatureDoesNotMatch
            | Code::IncompleteSignature
            | Code::InvalidClientTokenId
            | Code::ExpiredToken
    )
}
