//! Detections: events that are worth a look, in the words of GuardDuty's findings where it has them (GuardDuty User Guide,
//! "GuardDuty IAM finding types").

mod changes;
mod detector;
mod escalation;
mod recent;
mod sighting;
#[cfg(test)]
mod tests;

use chrono::DateTime;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

pub use detector::{Detector, Failed, Seen, Share};
pub use sighting::Sighting;

use crate::shapes::{AccountId, Timestamp};

/// What was detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectionKind {
    /// The root user called.
    RootUse,
    /// A session of `AssumeRoot` called.
    AssumedRootUse,
    /// The rules for passwords became weaker.
    PasswordPolicyWeakened,
    /// A trail that logged delivers less than before.
    TrailStopped,
    /// Credentials of an instance were used from another address than the one that fetched them.
    InstanceCredentialsElsewhere,
    /// Requests with wrong credentials came again and again.
    RepeatedAuthenticationFailures,
    /// A principal tried to gain permissions, or gave itself some.
    EscalationAttempt,
    /// An access key was used that had not been used for long.
    UnusedKeyUsed,
}

/// How bad it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Worth a look at once.
    High,
}

impl DetectionKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::RootUse,
        Self::AssumedRootUse,
        Self::PasswordPolicyWeakened,
        Self::TrailStopped,
        Self::InstanceCredentialsElsewhere,
        Self::RepeatedAuthenticationFailures,
        Self::EscalationAttempt,
        Self::UnusedKeyUsed,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RootUse => "root-use",
            Self::AssumedRootUse => "assumed-root-use",
            Self::PasswordPolicyWeakened => "password-policy-weakened",
            Self::TrailStopped => "trail-stopped",
            Self::InstanceCredentialsElsewhere => "instance-credentials-elsewhere",
            Self::RepeatedAuthenticationFailures => "repeated-authentication-failures",
            Self::EscalationAttempt => "escalation-attempt",
            Self::UnusedKeyUsed => "unused-key-used",
        }
    }

    /// GuardDuty's finding type, where it has one.
    pub fn guard_duty_type(self) -> Option<&'static str> {
        match self {
            Self::RootUse => Some("Policy:IAMUser/RootCredentialUsage"),
            Self::AssumedRootUse => Some("Policy:IAMUser/ShortTermRootCredentialUsage"),
            Self::PasswordPolicyWeakened => Some("Stealth:IAMUser/PasswordPolicyChange"),
            Self::TrailStopped => Some("Stealth:IAMUser/CloudTrailLoggingDisabled"),
            Self::InstanceCredentialsElsewhere => {
                Some("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS")
            }
            Self::RepeatedAuthenticationFailures | Self::EscalationAttempt | Self::UnusedKeyUsed => None,
        }
    }

    /// How bad it may be.
    pub fn severity(self) -> Severity {
        match self {
            Self::RootUse | Self::AssumedRootUse | Self::TrailStopped => Severity::Low,
            Self::PasswordPolicyWeakened
            | Self::RepeatedAuthenticationFailures
            | Self::EscalationAttempt
            | Self::UnusedKeyUsed => Severity::Medium,
            Self::InstanceCredentialsElsewhere => Severity::High,
        }
    }
}

/// A detection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detection {
    /// Its id.
    #[serde(serialize_with = "as_text", deserialize_with = "id_in_text")]
    pub id: Uuid,
    /// What was detected.
    #[serde(rename = "type")]
    pub kind: DetectionKind,
    /// GuardDuty's finding type, where it has one.
    #[serde(skip_deserializing)]
    pub guard_duty_type: Option<&'static str>,
    /// How bad it may be.
    pub severity: Severity,
    /// When, by the server's clock.
    #[serde(serialize_with = "as_text", deserialize_with = "time_in_text")]
    pub time: Timestamp,
    /// The account, if it is known.
    #[serde(serialize_with = "as_digits", skip_deserializing)]
    pub account: Option<AccountId>,
    /// The ARN of who called, if that is known.
    pub principal: Option<String>,
    /// The access key.
    pub access_key_id: Option<String>,
    /// The client's address.
    pub source: String,
    /// The region.
    pub region: String,
    /// The operation, such as `iam:CreateUser`.
    pub action: Option<String>,
    /// The id of the event that it was detected by, with which `LookupEvents` finds it.
    pub event_id: Option<String>,
    /// How often the same was seen since it was last reported, this time included.
    pub count: u64,
    /// One sentence.
    pub message: String,
    /// What makes it the same as an earlier detection of its kind in the account; `None` if each is reported.
    #[serde(skip)]
    pub subject: Option<String>,
}

fn id_in_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn time_in_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let time = DateTime::parse_from_rfc3339(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
    Ok(time.to_utc().into())
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_digits<S: serde::Serializer>(account: &Option<AccountId>, serializer: S) -> Result<S::Ok, S::Error> {
    match account {
        Some(account) => serializer.collect_str(account),
        None => serializer.serialize_none(),
    }
}
