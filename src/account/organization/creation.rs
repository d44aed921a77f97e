//! Requests for new accounts, which are answered before the accounts exist.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, Reference};
use crate::shapes::{AccountId, TagSet, Timestamp};

/// How many accounts of an organization can be in the making (AWS: "Quotas for AWS Organizations").
pub const MAX_CREATIONS: usize = 5;

/// A request for a new account of the organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountCreation {
    /// `car-…`.
    pub id: String,
    /// The name of the account.
    pub name: String,
    /// The e-mail address of its root user.
    pub email: String,
    /// The role through which the management account reaches the new one.
    pub role: String,
    /// The tags of the account.
    #[serde(default)]
    pub tags: TagSet,
    /// When it was asked for.
    pub requested: Timestamp,
    /// The number that the account has or gets.
    pub account: AccountId,
    /// How far it is.
    pub state: CreationState,
}

/// How far the creation of an account is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreationState {
    /// The account is being made.
    InProgress,
    /// It exists since this moment.
    Succeeded(Timestamp),
    /// It cannot be made: since when that is known, and AWS's word for the reason.
    Failed(Timestamp, String),
}

impl CreationState {
    /// AWS's word (`CreateAccountState`).
    pub fn name(&self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed(..) => "FAILED",
        }
    }
}

impl Entity for AccountCreation {
    fn key(&self) -> String {
        self.id.clone()
    }

    fn references(&self) -> Vec<Reference> {
        match self.state {
            CreationState::InProgress => {
                vec![Reference::Pending, Reference::AccountEmail(self.email.to_ascii_lowercase())]
            }
            CreationState::Succeeded(_) | CreationState::Failed(..) => Vec::new(),
        }
    }
}
