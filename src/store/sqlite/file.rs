//! The database's file: whether it is iamd's, who has it open, and whether it is still in its place.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Marks a file as iamd's, at offset 68 of SQLite's header: the letters `iamd`.
pub(super) const APPLICATION_ID: u32 = u32::from_be_bytes(*b"iamd");

const MAGIC: &[u8] = b"SQLite format 3\0";

/// A database file that this server alone has open.
pub(super) struct DatabaseFile {
    /// Where it is, without symbolic links.
    pub path: PathBuf,
    /// Its identity when it was opened.
    identity: Identity,
    /// Open as long as the database is, so that no other file gets its inode when SQLite closes it.
    _file: File,
    /// Locked as long as the database is open.
    _lock: File,
}

/// A file regardless of its name: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self(metadata.dev(), metadata.ino()))
    }
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Nothing was written yet.
    Empty,
    /// It is marked as iamd's.
    Marked,
    /// SQLite without any program's mark, as iamd's own databases once were.
    Unmarked,
}

impl DatabaseFile {
    /// Makes the file if it is absent, readable by its owner only since secrets are in it, and locks it for this
    /// server: a second one would write over what it does not know of.
    pub fn claim(path: &Path) -> Result<Self, StoreError> {
        let unavailable = |error: io::Error| StoreError::Unavailable(path.to_owned(), error.to_string());
        if path.is_dir() {
            return Err(StoreError::Folder(path.to_owned()));
        }
        let open = |path: &Path| OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = open(path).map_err(unavailable)?;
        let metadata = file.metadata().map_err(unavailable)?;
        let path = path.canonicalize().map_err(unavailable)?;
        if metadata.nlink() > 1 {
            return Err(StoreError::Linked(path));
        }
        // A lock on the file itself would meet SQLite's own where the system knows only one kind of lock.
        let lock = open(&beside(&path, "-lock")).map_err(unavailable)?;
        match lock.try_lock() {
            Ok(()) => {
                let identity = Identity::of(&path).map_err(unavailable)?;
                Ok(Self { path, identity, _file: file, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path)),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Reads the header without SQLite, which would change a file that may be another program's.
    pub fn header(&self) -> Result<Header, StoreError> {
        let unavailable = |error: io::Error| StoreError::Unavailable(self.path.clone(), error.to_string());
        let mut header = Vec::new();
        File::open(&self.path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(unavailable)?;
        if header.is_empty() {
            return Ok(Header::Empty);
        }
        let id = header.get(68..72).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        match id.filter(|_| header.starts_with(MAGIC)) {
            None => Err(StoreError::Damaged(self.path.clone(), "it has no header of SQLite".to_owned())),
            Some(0) => Ok(Header::Unmarked),
            Some(APPLICATION_ID) => Ok(Header::Marked),
            Some(_) => Err(StoreError::Foreign(self.path.clone())),
        }
    }

    /// The identity of SQLite's write-ahead log, if there is one.
    pub fn log(&self) -> Option<Identity> {
        Identity::of(&beside(&self.path, "-wal")).ok()
    }

    /// Whether the file and its log are what was opened. Writes to a file that was removed or replaced would be lost.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self, log: Option<Identity>) -> Result<(), String> {
        match Identity::of(&self.path) {
            Ok(identity) if identity != self.identity => {
                Err("the database's file was replaced while the server ran".to_owned())
            }
            Err(error) => Err(format!("the database's file is gone: {error}")),
            Ok(_) if log.is_some() && self.log() != log => Err("the database's log was removed or replaced".to_owned()),
            Ok(_) => Ok(()),
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(content: &[u8]) -> Result<Header, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        fs::write(&path, content).unwrap();
        DatabaseFile::claim(&path).unwrap().header()
    }

    fn database(application_id: [u8; 4]) -> Vec<u8> {
        [MAGIC, &[0; 52], &application_id, &[0; 28]].concat()
    }

    #[test]
    fn the_header_shows_whose_a_file_is() {
        assert_eq!(header(b"").unwrap(), Header::Empty);
        assert_eq!(header(&database(*b"iamd")).unwrap(), Header::Marked);
        assert_eq!(header(&database([0; 4])).unwrap(), Header::Unmarked);
        assert!(matches!(header(&database(*b"GPKG")), Err(StoreError::Foreign(_))));
        assert!(matches!(header(MAGIC), Err(StoreError::Damaged(..))));
        assert!(matches!(header(&[b'x'; 200]), Err(StoreError::Damaged(..))));
    }

    #[test]
    fn a_file_has_one_owner_under_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let [path, link, hard] = ["x.db", "link.db", "hard.db"].map(|name| folder.path().join(name));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let claimed = DatabaseFile::claim(&link).unwrap();
        assert_eq!(claimed.path, path.canonicalize().unwrap());
        assert!(matches!(DatabaseFile::claim(&path), Err(StoreError::InUse(_))));
        drop(claimed);
        fs::hard_link(&path, &hard).unwrap();
        assert!(matches!(DatabaseFile::claim(&hard), Err(StoreError::Linked(_))));
        assert!(matches!(DatabaseFile::claim(folder.path()), Err(StoreError::Folder(_))));
        assert!(!beside(folder.path(), "-lock").exists());
    }

    #[test]
    fn a_file_that_is_gone_or_replaced_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let claimed = DatabaseFile::claim(&path).unwrap();
        fs::write(folder.path().join("x.db-wal"), "").unwrap();
        let log = claimed.log();
        assert_eq!(claimed.check(log), Ok(()));
        fs::remove_file(folder.path().join("x.db-wal")).unwrap();
        assert!(claimed.check(log).unwrap_err().contains("log"));
        assert_eq!(claimed.check(None), Ok(()));
        fs::remove_file(&path).unwrap();
        assert!(claimed.check(None).unwrap_err().contains("gone"));
        fs::write(&path, "").unwrap();
        assert!(claimed.check(None).unwrap_err().contains("replaced"));
        for _ in 0..20 {
            // File systems like to use an inode again.
            fs::remove_file(&path).unwrap();
            fs::write(&path, "").unwrap();
            assert!(claimed.check(None).unwrap_err().contains("replaced"));
        }
    }
}
