//! The settings of TLS: whose certificate the server shows.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;

use super::{ConfigError, Database, Settings};

/// The file of the local authority's certificate in its folder.
pub const AUTHORITY: &str = "iamd-ca.pem";

/// Whether there is TLS without certificates that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// With a certificate of a local authority.
    Auto,
    /// Not at all.
    Off,
}

/// Where the server's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// From files in PEM.
    Files {
        /// The certificate, and those that lead from it to an authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// From a local authority, which is kept in a folder.
    Authority {
        /// The folder.
        folder: PathBuf,
    },
}

impl Settings {
    /// Where the server's certificate comes from; `None` without TLS.
    ///
    /// # Errors
    /// For settings that contradict each other.
    pub fn tls_source(&self) -> Result<Option<TlsSource>, ConfigError> {
        let refused = |why: &str| Err(ConfigError::Value(why.to_owned()));
        let source = match (self.tls, &self.tls_cert, &self.tls_key) {
            (Some(TlsMode::Off), _, _) | (None, None, None) => None,
            (_, Some(_), None) | (_, None, Some(_)) => return refused("give both tls-cert and tls-key"),
            (Some(TlsMode::Auto), Some(_), Some(_)) => {
                return refused("give either tls = auto, or tls-cert and tls-key");
            }
            (None, Some(certificate), Some(key)) => {
                Some(TlsSource::Files { certificate: certificate.clone(), key: key.clone() })
            }
            (Some(TlsMode::Auto), None, None) => Some(TlsSource::Authority { folder: self.data_folder()? }),
        };
        if source.is_none() && self.tls_only == Some(true) {
            return refused("tls-only needs TLS: give tls = auto, or tls-cert and tls-key");
        }
        Ok(source)
    }

    /// The certificates of which clients of this server's must find one: its own, or its authority's; `None` without TLS.
    ///
    /// # Errors
    /// For settings that contradict each other.
    pub fn trusted_certificates(&self) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.tls_source()?.map(|source| match source {
            TlsSource::Files { certificate, .. } => certificate,
            TlsSource::Authority { folder } => folder.join(AUTHORITY),
        }))
    }

    /// The folder of the server's own files: the database's, or the data folder of a server without one.
    fn data_folder(&self) -> Result<PathBuf, ConfigError> {
        Ok(match self.database()? {
            Database::Sqlite(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
            Database::Postgres(_) | Database::Memory => self.data_dir.clone().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_kept_beside_the_database() {
        let folder = |settings: Settings| match settings.tls_source().unwrap() {
            Some(TlsSource::Authority { folder }) => folder,
            other => panic!("{other:?}"),
        };
        let auto = Settings { tls: Some(TlsMode::Auto), ..Settings::default() };
        let data_dir = Some(PathBuf::from("data"));
        assert_eq!(folder(auto.clone()), PathBuf::new());
        assert_eq!(folder(Settings { data_dir: data_dir.clone(), ..auto.clone() }), PathBuf::from("data"));
        let database = Some("sqlite:/data/iamd.db".to_owned());
        assert_eq!(folder(Settings { database, ..auto.clone() }), PathBuf::from("/data"));
        let database = Some("memory".to_owned());
        assert_eq!(folder(Settings { database, data_dir, ..auto }), PathBuf::from("data"));
    }

    #[test]
    fn contradictions_are_refused() {
        let file = || Some(PathBuf::from("x.pem"));
        let auto = Some(TlsMode::Auto);
        let default = Settings::default;
        for (settings, sentence) in [
            (Settings { tls_cert: file(), ..default() }, "give both tls-cert and tls-key"),
            (Settings { tls_key: file(), tls: auto, ..default() }, "give both tls-cert and tls-key"),
            (
                Settings { tls_cert: file(), tls_key: file(), tls: auto, ..default() },
                "give either tls = auto, or tls-cert and tls-key",
            ),
            (
                Settings { tls_only: Some(true), ..default() },
                "tls-only needs TLS: give tls = auto, or tls-cert and tls-key",
            ),
        ] {
            assert_eq!(settings.complete(std::iter::empty(), |_| true).unwrap_err().to_string(), sentence);
        }
        let off = Settings { tls: Some(TlsMode::Off), tls_cert: file(), tls_key: file(), ..default() };
        assert_eq!(off.tls_source().unwrap(), None);
    }
}
