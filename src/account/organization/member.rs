//! The accounts of an organization.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::OrganizationNode;
use crate::account::{Entity, Reference};
use crate::shapes::{AccountId, Timestamp};

/// How long the closing of an account takes, in seconds. On AWS it takes minutes.
const CLOSING_SECONDS: i64 = 5;

/// How long a closed account is kept, in seconds (Organizations User Guide, "Closing a member account").
const CLOSED_SECONDS: i64 = 90 * 24 * 3600;

/// An account of an organization; the management account is one, too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberAccount {
    /// The account.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The e-mail address of its root user.
    pub email: String,
    /// The id of the root or unit that it is in.
    pub parent: String,
    /// When it joined.
    pub joined: Timestamp,
    /// Whether it was invited, and not created in the organization.
    pub invited: bool,
    /// When its closing was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// The services that it administers for the organization, by their principals, and since when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delegated: BTreeMap<String, Timestamp>,
    /// Tags and policies.
    #[serde(flatten)]
    pub node: OrganizationNode,
}

/// Whether an account can be used (`AccountState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountState {
    /// It can.
    Active,
    /// It is being closed.
    PendingClosure,
    /// It is closed.
    Suspended,
    /// It is no longer shown or counted. Its principals are refused for good.
    Gone,
}

impl AccountState {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Suspended => "SUSPENDED",
            Self::Gone => "CLOSED",
        }
    }

    /// When an account that is in this state now may have been closed, if no more is known of it.
    pub fn closed_by(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Active => None,
            Self::PendingClosure => Some(now),
            Self::Suspended => Some(now.plus(-60)),
            Self::Gone => Some(now.plus(-CLOSED_SECONDS)),
        }
    }
}

impl MemberAccount {
    /// Whether the account can be used.
    pub fn state(&self, now: Timestamp) -> AccountState {
        match self.closed {
            None => AccountState::Active,
            Some(closed) if now < closed.plus(CLOSING_SECONDS) => AccountState::PendingClosure,
            Some(closed) if now < closed.plus(CLOSED_SECONDS) => AccountState::Suspended,
            Some(_) => AccountState::Gone,
        }
    }
}

impl Entity for MemberAccount {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn references(&self) -> Vec<Reference> {
        let services = self.delegated.keys().map(|service| Reference::AdministeredService(service.clone()));
        let pending = self.closed.is_some().then_some(Reference::Pending);
        let own = [Reference::AccountEmail(self.email.to_ascii_lowercase())].into_iter().chain(services).chain(pending);
        self.node.references(Some(&self.parent)).into_iter().chain(own).collect()
    }
}
