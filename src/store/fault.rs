//! Why work with a database failed.

/// Why work with the database failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The database's reason.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file is not in its place.
    #[error("{0}")]
    Displaced(String),
    /// The content is not what it should be.
    #[error("{0}")]
    Content(String),
}

impl Fault {
    /// Whether a unique index refused a row.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
