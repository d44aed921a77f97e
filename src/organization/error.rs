//! Why the settings are no organization.

use std::path::PathBuf;

use crate::shapes::AccountId;
use iam_policy::Invalid;

/// What is wrong with the settings of the organization: one sentence.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the sentences say it")]
pub enum OrganizationError {
    #[error("the organization: {id} is no id of {what}, which is like {example}")]
    Id { what: &'static str, id: String, example: String },
    #[error("the organization: two units have the id {0}")]
    IdOfTwoUnits(String),
    #[error("the organization: {0} in {1} is no account, which is twelve digits")]
    NoAccount(String, String),
    #[error("the organization: account {0} in {1} is not one of member-accounts")]
    NoMember(AccountId, String),
    #[error("the organization: account {account} is in the units {first} and {second}, but can be in one only")]
    InTwoUnits { account: AccountId, first: String, second: String },
    #[error("the organization: no unit can be named {0}, which as the target of a policy means something else")]
    UnitName(String),
    #[error("the organization: there is no unit {parent} that the unit {unit} could be in")]
    NoParent { unit: String, parent: String },
    #[error("the organization: the unit {0} is within itself")]
    Cycle(String),
    #[error("the organization: the unit {0} is too deep; units nest five deep")]
    TooDeep(String),
    #[error("the organization: two policies are named {0}")]
    PolicyName(String),
    #[error("the organization: the id {0} of a policy is taken")]
    PolicyId(String),
    #[error("the organization: the policy {0} must have either file or document")]
    NoDocument(String),
    #[error("the organization: the policy {policy} cannot be read from {file}: {error}")]
    Unreadable { policy: String, file: PathBuf, error: std::io::Error },
    #[error("the organization: the policy {policy} is not valid: {} ({})", .invalid.message, .invalid.explain())]
    Policy { policy: String, invalid: Invalid },
    #[error("the organization: {target} in {place} is neither root, nor a unit, nor an account of the organization")]
    NoTarget { target: String, place: String },
    #[error("the organization: without FullAWSAccess, {0} must have a service control policy of its own")]
    NothingAllows(String),
}
