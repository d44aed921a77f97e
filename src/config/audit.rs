//! The settings of the audit trail.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;

use super::{ConfigError, Settings};

/// The default of the most bytes of the audit trail.
const DEFAULT_SIZE: u64 = 256 << 20;

/// Whether there is an audit trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AuditMode {
    /// Every call is an event.
    #[default]
    On,
    /// There are no events.
    Off,
}

impl Settings {
    /// The most bytes of the audit trail; `None` if there is none.
    pub fn audit_size(&self) -> Option<u64> {
        let size = self.audit_size.unwrap_or(DEFAULT_SIZE);
        (self.audit != Some(AuditMode::Off)).then_some(size)
    }

    /// Refuses trails where there are no events.
    pub(super) fn check_audit(&self) -> Result<(), ConfigError> {
        match self.trail_folder.is_some() && self.audit_size().is_none() {
            true => Err(ConfigError::Value("--trail-folder needs the events of --audit on".to_owned())),
            false => Ok(()),
        }
    }

    /// Where the audit trail of a database is: beside it.
    pub fn audit_path(database: &Path) -> PathBuf {
        let mut path = database.as_os_str().to_owned();
        path.push("-audit");
        path.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_trail_can_be_turned_off() {
        assert_eq!(Settings::default().audit_size(), Some(256 << 20));
        assert_eq!(Settings { audit_size: Some(1), ..Settings::default() }.audit_size(), Some(1));
        assert_eq!(Settings { audit: Some(AuditMode::Off), ..Settings::default() }.audit_size(), None);
        let without = Settings { audit: Some(AuditMode::Off), ..Settings::default() };
        assert!(without.check_audit().is_ok());
        assert!(Settings { trail_folder: Some("logs".into()), ..without }.check_audit().is_err());
        assert_eq!(Settings::audit_path(Path::new("data/iamd.db")), Path::new("data/iamd.db-audit"));
    }
}
