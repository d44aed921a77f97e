//! Where everything is kept, and the key that seals it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;

use super::{ConfigError, Settings};
use crate::store::{PostgresUrl, Reading, SealingKey, without_password};

const DEFAULT_CONNECTIONS: u64 = 10;
const DEFAULT_WAIT: u64 = 10;
const DEFAULT_STALE_READS: u64 = 60;

/// How reads see what other servers on the same database write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ReadMode {
    /// From memory, which follows the other servers.
    #[default]
    Followed,
    /// The database is asked each time whether it has something newer.
    Latest,
}

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server's.
    Postgres(PostgresUrl),
    /// Nowhere: it is gone when the server stops.
    Memory,
}

impl Settings {
    /// Where everything is kept. As elsewhere, a path may follow two slashes, and three begin an absolute one.
    ///
    /// # Errors
    /// For a URL of another form.
    pub fn database(&self) -> Result<Database, ConfigError> {
        let url = self.database.as_deref().unwrap_or("sqlite:iamd.db");
        if ["memory", "sqlite::memory:", "sqlite://:memory:"].contains(&url) {
            return Ok(Database::Memory);
        }
        let unknown =
            |why: &str| ConfigError::Value(format!("the database {} is not known: {why}", without_password(url)));
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return PostgresUrl::parse(url).map(Database::Postgres).map_err(|why| unknown(&why));
        }
        let form = "write sqlite:PATH, postgres://USER@HOST/DATABASE, or memory";
        let path = url.strip_prefix("sqlite:").ok_or_else(|| unknown(form))?;
        let path = match path.strip_prefix("//") {
            Some(rest) if rest.contains('?') => return Err(unknown("it takes no parameters behind the path")),
            Some(rest) => rest,
            None => path,
        };
        if path.is_empty() {
            return Err(unknown(form));
        }
        Ok(Database::Sqlite(self.data_dir.as_deref().unwrap_or(Path::new("")).join(path)))
    }

    /// The most connections to a PostgreSQL database at a time.
    pub fn database_connections(&self) -> u32 {
        let connections = self.database_connections.unwrap_or(DEFAULT_CONNECTIONS);
        u32::try_from(connections).unwrap_or(u32::MAX)
    }

    /// The seconds that a start waits for a PostgreSQL database.
    pub fn database_wait(&self) -> u64 {
        self.database_wait.unwrap_or(DEFAULT_WAIT)
    }

    /// What readers of a PostgreSQL database put up with.
    pub fn reading(&self) -> Reading {
        Reading {
            latest: self.reads == Some(ReadMode::Latest),
            max_stale: Duration::from_secs(self.stale_reads.unwrap_or(DEFAULT_STALE_READS)),
        }
    }

    /// The key that seals what is stored, if one is given. A key wins over a file.
    ///
    /// # Errors
    /// When it is not 64 hexadecimal digits, or its file is open to others.
    pub fn database_key(&self) -> Result<Option<SealingKey>, ConfigError> {
        match (&self.database_key, &self.database_key_file) {
            (None, None) => Ok(None),
            (Some(hex), _) => SealingKey::parse(hex.reveal()).map(Some).ok_or_else(|| not_a_key("the database key")),
            (None, Some(path)) => database_key_in(path).map(Some),
        }
    }
}

/// The key in a file, which only its owner may read.
///
/// # Errors
/// When it is not 64 hexadecimal digits, or its file is open to others.
pub fn database_key_in(path: &Path) -> Result<SealingKey, ConfigError> {
    let hex = read_key(path)?;
    let key = SealingKey::parse(hex.trim_end());
    key.ok_or_else(|| not_a_key(&format!("the content of the database key file {}", path.display())))
}

fn not_a_key(what: &str) -> ConfigError {
    ConfigError::Value(format!("{what} must be 64 hexadecimal digits"))
}

/// Reads a key's file, which only its owner may read.
fn read_key(path: &Path) -> Result<zeroize::Zeroizing<String>, ConfigError> {
    let unreadable = |error: std::io::Error| {
        ConfigError::Value(format!("the database key file {} cannot be read: {error}", path.display()))
    };
    if std::fs::metadata(path).map_err(unreadable)?.mode() & 0o077 != 0 {
        let message =
            format!("the database key file {0} is open to others than its owner: chmod 600 {0}", path.display());
        return Err(ConfigError::Value(message));
    }
    std::fs::read_to_string(path).map(zeroize::Zeroizing::new).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::shapes::Secret;

    #[test]
    fn databases_are_named_as_elsewhere() {
        let database = |url: &str| Settings { database: Some(url.into()), ..Settings::default() }.database();
        for (url, path) in [
            ("sqlite:x.db", "x.db"),
            ("sqlite:/a/x.db", "/a/x.db"),
            ("sqlite://x.db", "x.db"),
            ("sqlite:///a/x.db", "/a/x.db"),
        ] {
            assert_eq!(database(url).unwrap(), Database::Sqlite(path.into()), "{url}");
        }
        for url in ["memory", "sqlite::memory:", "sqlite://:memory:"] {
            assert_eq!(database(url).unwrap(), Database::Memory, "{url}");
        }
        for url in ["mysql:x", "sqlite:", "sqlite://", "sqlite://x.db?mode=rwc", "x.db"] {
            let error = database(url).unwrap_err().to_string();
            // Parameters may hold a password.
            let shown = url.split('?').next().unwrap();
            assert!(error.starts_with(&format!("the database {shown} is not known: ")), "{error}");
        }
    }

    #[test]
    fn a_key_file_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let settings = Settings { database_key_file: Some(path.clone()), ..Settings::default() };
        let refused = |what: &str| {
            let error = settings.database_key().err().unwrap().to_string();
            assert!(error.contains(what) && error.contains("key"), "{error}");
        };
        refused("cannot be read");
        fs::write(&path, "0f".repeat(32) + "\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        refused("is open to others");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(settings.database_key().unwrap().is_some());
        fs::write(&path, "0f").unwrap();
        refused("must be 64 hexadecimal digits");
        let given = Settings { database_key: Some(Secret::new("0f".repeat(32))), ..settings };
        assert!(given.database_key().unwrap().is_some(), "a key wins over a file");
    }
}
