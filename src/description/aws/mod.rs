//! Accounts as AWS shows them: `get-account-authorization-details`, and other answers that say what that leaves out.

mod answers;
mod credential_report;
mod details;
mod merge;
mod organization;
mod others;

use serde::{Deserialize, Deserializer};

pub(super) use self::merge::Copies;
use crate::markup::{Node, Placed};
use crate::shapes::Timestamp;

/// What a file of AWS's is, by the members that only such a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AwsFile {
    /// The answer to `get-account-authorization-details`, or what `iamd export` writes.
    Details,
    /// Another answer that is about the account.
    Other,
    /// The answer to `get-saml-provider`, which does not say which provider it is.
    SamlProvider,
    /// A credential report.
    CredentialReport,
    /// An answer about an organization.
    Organization,
}

impl AwsFile {
    /// What a file is, if it is one of AWS's.
    pub fn of(node: &Node) -> Option<Self> {
        let has = |names: &[&str]| names.iter().any(|name| node.get(name).is_some());
        if has(&["UserDetailList", "GroupDetailList", "RoleDetailList"]) {
            return Some(Self::Details);
        }
        if has(&["SAMLMetadataDocument"]) {
            return Some(Self::SamlProvider);
        }
        if has(&["Content"]) && has(&["ReportFormat"]) {
            return Some(Self::CredentialReport);
        }
        let others =
            ["AccountAliases", "PasswordPolicy", "InstanceProfiles", "Roles", "SAMLProviderList", "ClientIDList"];
        if has(&others) {
            return Some(Self::Other);
        }
        organization::is_one(node).then_some(Self::Organization)
    }
}

/// A moment as AWS's clients write it: `2024-01-31T10:00:00+00:00`, the same with a blank, or seconds since 1970.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a time such as 2024-01-31T10:00:00+00:00")]
    enum Written {
        Seconds(f64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        #[allow(clippy::cast_possible_truncation, reason = "times are kept in whole seconds")]
        Written::Seconds(seconds) => Ok(Timestamp::from_seconds(seconds as i64)),
        Written::Text(text) => {
            time(&text).ok_or_else(|| serde::de::Error::custom("expected a time such as 2024-01-31T10:00:00+00:00"))
        }
    }
}

/// A moment in RFC 3339, or in the form that Python prints.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let parsed = chrono::DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)).ok()?;
    Some(parsed.to_utc().into())
}

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AwsTag {
    pub key: Placed<String>,
    pub value: String,
}
