//! What comes of an audit.

use serde::{Deserialize, Serialize};

/// An account held against rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The account's number.
    pub account: String,
    /// When the account was looked at, `2012-05-08T23:34:01Z`.
    pub evaluated: String,
    /// What each rule found, in the order of the table.
    pub rules: Vec<Ruling>,
}

impl Report {
    /// Whether some rule is broken.
    pub fn has_findings(&self) -> bool {
        self.rules.iter().any(|rule| rule.status == Status::NonCompliant)
    }
}

/// What one rule found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ruling {
    /// The rule.
    pub id: String,
    /// Its number in the CIS benchmark, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cis: Option<String>,
    /// What holds where the rule is kept.
    pub title: String,
    /// Whether it is kept.
    pub status: Status,
    /// Why it does not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What breaks it.
    pub offenders: Vec<Offender>,
}

/// AWS Config's words for how a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The rule is kept.
    Compliant,
    /// Something breaks it.
    NonCompliant,
    /// There is nothing that it could judge.
    NotApplicable,
}

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offender {
    /// The ARN of the resource.
    pub resource: String,
    /// What is wrong with it.
    pub reason: String,
    /// The command that mends it. Words in capitals are for the reader to fill in.
    pub mend: String,
}

impl Offender {
    pub(super) fn new(resource: impl Into<String>, reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { resource: resource.into(), reason: reason.into(), mend: mend.into() }
    }
}
