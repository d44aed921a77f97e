//! Handshakes: what one account asks of another.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, Reference};
use crate::shapes::{AccountId, HandshakeAction, HandshakeState, TagSet, Timestamp};

/// How long an invitation can be accepted, in seconds (Organizations User Guide, "Inviting an AWS account").
const INVITATION_SECONDS: i64 = 15 * 24 * 3600;

/// How long the members can agree to all features, in seconds.
const FEATURES_SECONDS: i64 = 90 * 24 * 3600;

/// How long a handshake is shown after its end, in seconds.
const SHOWN_SECONDS: i64 = 30 * 24 * 3600;

/// A request of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handshake {
    /// `h-…`.
    pub id: String,
    /// What is asked for.
    pub action: HandshakeAction,
    /// What came of it, as far as it did not expire.
    pub state: HandshakeState,
    /// Who is asked.
    pub recipient: Recipient,
    /// The inviter's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it was asked.
    pub requested: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The handshake that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The tags of the account once it joins.
    #[serde(default)]
    pub tags: TagSet,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipient {
    /// An account.
    Account(AccountId),
    /// The account whose root user has this e-mail address.
    Email(String),
    /// The organization itself.
    Organization,
}

impl Handshake {
    /// When it can no longer be answered.
    pub fn expires(&self) -> Timestamp {
        let seconds = if self.action == HandshakeAction::Invite { INVITATION_SECONDS } else { FEATURES_SECONDS };
        self.requested.plus(seconds)
    }

    /// Whether it can be answered still, or what came of it.
    pub fn state(&self, now: Timestamp) -> HandshakeState {
        match self.state {
            HandshakeState::Open | HandshakeState::Requested if now >= self.expires() => HandshakeState::Expired,
            state => state,
        }
    }

    /// Whether it can be answered still.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state(now), HandshakeState::Open | HandshakeState::Requested)
    }

    /// Whether it is still shown.
    pub fn is_shown(&self, now: Timestamp) -> bool {
        self.is_open(now) || now < self.ended.unwrap_or_else(|| self.expires()).plus(SHOWN_SECONDS)
    }
}

impl Entity for Handshake {
    fn key(&self) -> String {
        self.id.clone()
    }

    fn references(&self) -> Vec<Reference> {
        let parent = self.parent.iter().map(|parent| Reference::OrganizationParent(parent.clone()));
        let is_open = matches!(self.state, HandshakeState::Open | HandshakeState::Requested);
        parent.chain(is_open.then_some(Reference::Pending)).collect()
    }
}
