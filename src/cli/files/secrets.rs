//! The file of secrets, for its owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::sources::{self, Unread};
use crate::description::GeneratedSecrets;

/// Its name, unless another is given.
pub(super) const FILE_NAME: &str = "iamd-secrets.json";

/// Why the file of secrets cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretsError {
    #[error("the file of secrets {0} is open to others than its owner: chmod 600 {0}")]
    Open(String),
    #[error("the file of secrets {0} is no file of secrets")]
    Foreign(String),
    #[error("the file of secrets {0} {1}")]
    Unread(String, Unread),
    #[error("the file of secrets {0} cannot be written: {1}")]
    Unwritable(String, io::Error),
}

/// A file of secrets that can be written.
pub(super) struct SecretsFile {
    path: PathBuf,
    known: GeneratedSecrets,
}

impl SecretsFile {
    /// Reads what is there already, and finds out whether the file can be written.
    ///
    /// # Errors
    /// When it cannot, or is open to others.
    pub fn open(path: &Path) -> Result<Self, SecretsError> {
        let name = path.display().to_string();
        let unwritable = |error| SecretsError::Unwritable(name.clone(), error);
        let known = match sources::content(path) {
            Ok(text) => {
                if fs::metadata(path).map_err(unwritable)?.mode() & 0o077 != 0 {
                    return Err(SecretsError::Open(name));
                }
                serde_json::from_slice(&text).map_err(|_| SecretsError::Foreign(name.clone()))?
            }
            Err(Unread::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
                // It must be possible to write there, before anything is made.
                let beside = beside(path);
                create(&beside).and_then(|_| fs::remove_file(&beside)).map_err(unwritable)?;
                GeneratedSecrets::default()
            }
            Err(error) => return Err(SecretsError::Unread(name, error)),
        };
        Ok(Self { path: path.to_owned(), known })
    }

    /// Adds secrets to those that were in the file when it was opened. The file is whole at all times.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, secrets: GeneratedSecrets) -> Result<(), SecretsError> {
        let mut all = self.known.clone();
        all.add(secrets);
        let unwritable = |error| SecretsError::Unwritable(self.path.display().to_string(), error);
        let text = serde_json::to_vec_pretty(&all).map(Zeroizing::new).map_err(io::Error::other);
        let text = text.map_err(unwritable)?;
        let beside = beside(&self.path);
        let write = || {
            let mut file = create(&beside)?;
            file.write_all(&text)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        };
        write().map_err(unwritable)
    }
}

/// A name beside the file, under which the next version of it is written.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    name.into()
}

/// A new file for its owner only.
fn create(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::shapes::Secret;

    #[test]
    fn secrets_are_added_to_a_file_of_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        for (user, password) in [("ann", "one"), ("bob", "two"), ("ann", "three")] {
            let mut made = GeneratedSecrets::default();
            made.of("111122223333", user).password = Some(Secret::new(password));
            SecretsFile::open(&path).unwrap().add(made).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let text: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let expected = serde_json::json!({"accounts": {"111122223333": {
            "ann": {"password": "three"}, "bob": {"password": "two"}
        }}});
        assert_eq!(text, expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(SecretsFile::open(&path).err().unwrap().to_string().contains("is open to others"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(SecretsFile::open(&path).err().unwrap().to_string().contains("is no file of secrets"));
        let nowhere = SecretsFile::open(&folder.path().join("no/secrets.json"));
        assert!(nowhere.err().unwrap().to_string().contains("cannot be written"));
        for endless in ["/dev/full", "/dev/zero", "/dev"] {
            let refused = SecretsFile::open(Path::new(endless)).err().unwrap().to_string();
            assert_eq!(refused, format!("the file of secrets {endless} is not a regular file"));
        }
    }
}
