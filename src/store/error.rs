//! Why a database cannot be used.

use std::path::PathBuf;

/// Why a database cannot be opened: one sentence for the person who started the server.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer iamd has written it.
    #[error("the database {0} was written by a newer version of iamd; use that version, or another database")]
    Newer(PathBuf),
    /// It is not SQLite, or its pages are damaged.
    #[error("the file {0} is not a database of iamd, or it is damaged: {1}")]
    Damaged(PathBuf, String),
    /// Another program's SQLite database.
    #[error("the file {0} is a database of another program, not of iamd; choose another with --database")]
    Foreign(PathBuf),
    /// Another program's PostgreSQL database.
    #[error("the database {0} has tables of another program; give iamd a database or a schema of its own")]
    ForeignServer(String),
    /// The path names a folder.
    #[error("the database {0} is a folder; name a file in it with --database")]
    Folder(PathBuf),
    /// SQLite keeps a log beside each name of a file, so a file with two names would have two logs.
    #[error("the database {0} has several names (hard links), under which it would be damaged; remove all but one")]
    Linked(PathBuf),
    /// It was sealed with a key.
    #[error("the database {0} is sealed; give its key by --database-key-file or IAMD_DATABASE_KEY")]
    Sealed(PathBuf),
    /// It was sealed with another key.
    #[error("the database {0} is sealed with another key than the one given")]
    WrongKey(PathBuf),
    /// Another server has it open.
    #[error("the database {0} is in use by another iamd")]
    InUse(PathBuf),
    /// The folder or file cannot be read or written.
    #[error("the database {0} cannot be opened: {1}")]
    Unavailable(PathBuf, String),
}
