//! Why work with a database failed.

use crate::error::{Code, Error};

/// Classes of PostgreSQL's error codes that say that the server is going, coming, full, or takes no writes: the
/// connection failed, resources are short, an operator intervened, the transaction may only read.
const UNAVAILABLE: &[&str] = &["08", "53", "57P", "25006"];

/// What PostgreSQL says when one of two commits has to begin anew: serialization failure, deadlock.
const AGAIN: &[&str] = &["40001", "40P01"];

/// Why work with the database failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The database's reason.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file is not in its place.
    #[error("{0}")]
    Displaced(String),
    /// The database server cannot be reached.
    #[error("{0}")]
    Unavailable(String),
    /// The database must not be used, and waiting does not change that.
    #[error("{0}")]
    Refused(String),
    /// The content is not what it should be.
    #[error("{0}")]
    Content(String),
}

impl Fault {
    /// Whether a unique index refused a row.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether nothing was written and the same can be tried again.
    pub fn is_transient(&self) -> bool {
        self.code().is_some_and(|code| AGAIN.contains(&code.as_str()))
    }

    /// Whether the database server is gone, for now. SQLite is no server: its faults are its file's.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed,
            ) => true,
            _ => self.code().is_some_and(|code| UNAVAILABLE.iter().any(|class| code.starts_with(class))),
        }
    }

    /// The error that a client gets.
    pub fn into_error(self) -> Error {
        if self.is_unavailable() {
            return unavailable().because(self);
        }
        Error::internal(self)
    }

    /// The code of five characters that PostgreSQL has for the fault.
    fn code(&self) -> Option<String> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        let error = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()?;
        Some(error.code().to_owned())
    }
}

/// The database server is gone, for now.
pub(super) fn unavailable() -> Error {
    Error::new(Code::ServiceUnavailable, "The request has failed due to a temporary failure of the server.")
}
