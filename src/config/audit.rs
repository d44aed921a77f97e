//! The settings of the audit trail.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;
use url::Url;

use super::{ConfigError, Settings};
use crate::shapes::Secret;

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

/// Which denials have an id under which they can be looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizationIds {
    /// None.
    Off,
    /// Those of IAM's actions, as on AWS.
    #[default]
    Iam,
    /// All.
    All,
}

impl AuthorizationIds {
    /// Whether denials of an action have one.
    pub fn covers(self, action: &str) -> bool {
        match self {
            Self::Off => false,
            Self::Iam => action.starts_with("iam:"),
            Self::All => true,
        }
    }
}

impl Settings {
    /// The most bytes of the audit trail; `None` if there is none.
    pub fn audit_size(&self) -> Option<u64> {
        let size = self.audit_size.unwrap_or(DEFAULT_SIZE);
        (self.audit != Some(AuditMode::Off)).then_some(size)
    }

    /// Refuses trails where there are no events.
    pub(super) fn check_audit(&self) -> Result<(), ConfigError> {
        let without_events = self.audit_size().is_none();
        let given =
            [("trail-folder", self.trail_folder.is_some()), ("detection-webhook", self.detection_webhook.is_some())];
        if let Some((setting, _)) = given.into_iter().find(|(_, is_given)| *is_given && without_events) {
            return Err(ConfigError::Value(format!("--{setting} needs the events of --audit on")));
        }
        Ok(())
    }

    /// The URL that learns of detections, and the secret that signs what is sent there. Neither is shown.
    ///
    /// # Errors
    /// For one without the other, and for what is not an http or https URL.
    pub fn detection_webhook(&self) -> Result<Option<(Url, Secret)>, ConfigError> {
        let refused = |why: &str| Err(ConfigError::Value(format!("detection-webhook: {why}")));
        match (&self.detection_webhook, &self.detection_webhook_secret) {
            (None, None) => Ok(None),
            (Some(url), Some(secret)) => match Url::parse(url.reveal()) {
                Ok(url) if url.has_host() && ["http", "https"].contains(&url.scheme()) => {
                    Ok(Some((url, secret.clone())))
                }
                _ => refused("it is not an http or https URL"),
            },
            _ => refused("give both --detection-webhook and --detection-webhook-secret"),
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
        let url = |url: &str| Some(Secret::new(url));
        for (webhook, secret, accepted) in [
            (None, None, true),
            (url("https://example.com/hook"), url("s"), true),
            (url("https://example.com/hook"), None, false),
            (None, url("s"), false),
            (url("ftp://example.com"), url("s"), false),
            (url("hook"), url("s"), false),
        ] {
            let settings =
                Settings { detection_webhook: webhook, detection_webhook_secret: secret, ..Settings::default() };
            assert_eq!(settings.detection_webhook().is_ok(), accepted);
            let off = Settings { audit: Some(AuditMode::Off), ..settings };
            assert_eq!(off.check_audit().is_ok(), off.detection_webhook.is_none());
        }
        assert!(Settings { trail_folder: Some("logs".into()), ..without }.check_audit().is_err());
        assert_eq!(Settings::audit_path(Path::new("data/iamd.db")), Path::new("data/iamd.db-audit"));
    }
}
