//! Requests for delegated permissions: a product provider asks, an owner in another account is found, who
//! decides (IAM User Guide, "IAM temporary delegation").

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, DelegationState, Kind, PolicyParameter, Secret, Timestamp};

const DAY: i64 = 24 * 3600;

/// How long an expired request can still be seen, in seconds.
const RETENTION: i64 = 30 * DAY;

/// A request for delegated permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DelegationRequest {
    /// A UUID.
    pub id: String,
    /// The account that made it: the product provider's.
    pub requestor: AccountId,
    /// The requestor's name for people, if it has one.
    pub requestor_name: Option<String>,
    /// The requestor's own id of the matter; unique among its requests.
    pub workflow_id: String,
    /// The account that it is for; unknown until an owner is associated, unless the requestor named it.
    pub owner_account: Option<AccountId>,
    /// Who has associated himself.
    pub owner: Option<DelegationOwner>,
    /// Who has accepted it.
    pub approver: Option<Approver>,
    /// What it is about.
    pub description: String,
    /// Why it is made.
    pub message: Option<String>,
    /// The policy template that it names.
    pub template_arn: String,
    /// The values for the template's placeholders.
    pub parameters: Vec<PolicyParameter>,
    /// The template with its values filled in: what is delegated.
    pub policy: String,
    /// Where the customer's browser goes afterwards.
    pub redirect_url: Option<String>,
    /// The topic that learns of changes.
    pub notification_channel: String,
    /// How long the permissions last once the token is sent, in seconds.
    pub session_duration: i32,
    /// Whether the owner alone may send the token.
    pub only_send_by_owner: bool,
    /// What was said when it was forwarded for approval.
    pub notes: Option<String>,
    /// What was said when it was rejected.
    pub rejection_reason: Option<String>,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The states that it came through, and when; the last one counts.
    pub states: Vec<(DelegationState, Timestamp)>,
}

/// The identity that a request belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationOwner {
    /// The ARN, as `GetCallerIdentity` shows it.
    pub arn: String,
    /// The unique id, as `aws:userid` has it: another user of that name is another owner.
    pub user_id: String,
}

/// The identity that accepted a request, in whose name the delegated permissions are used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approver {
    /// The ARN, as `GetCallerIdentity` shows it.
    pub arn: String,
    /// The session that the requestor will get, sealed, without an access key of its own and ended.
    pub session: Secret,
}

impl DelegationRequest {
    /// When the request was made.
    pub fn created(&self) -> Timestamp {
        self.states.first().map(|(_, since)| *since).unwrap_or_default()
    }

    /// The state that it was put into, and since when it is in it.
    fn latest(&self) -> (DelegationState, Timestamp) {
        self.states.last().copied().unwrap_or((DelegationState::Expired, Timestamp::default()))
    }

    /// When it expires unless its state changes: after a day if no owner is associated, after a week in any
    /// other state (IAM User Guide, "Building your integration", "State transitions").
    pub fn expires(&self) -> Timestamp {
        let (state, since) = self.latest();
        since.plus(if state == DelegationState::Unassigned { DAY } else { 7 * DAY })
    }

    /// Its state now.
    pub fn state(&self, now: Timestamp) -> DelegationState {
        if now >= self.expires() { DelegationState::Expired } else { self.latest().0 }
    }

    /// Whether it has been expired for so long that it is forgotten.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        now >= self.expires().plus(RETENTION)
    }

    /// Puts it into another state, from one of those given.
    ///
    /// # Errors
    /// `InvalidInput` when it is in none of them.
    pub fn advance(&mut self, from: &[DelegationState], to: DelegationState, now: Timestamp) -> Result<()> {
        let state = self.state(now);
        if !from.contains(&state) {
            let message = format!("Delegation request {} is in state {}.", self.id, state.as_str());
            return Err(Error::new(Code::InvalidInput, message));
        }
        if state != to {
            self.states.push((to, now));
        }
        self.updated = now;
        Ok(())
    }

    /// Until when the requestor can use what was delegated: its time begins when the token is sent.
    pub fn delegated_until(&self) -> Option<Timestamp> {
        let (state, since) = self.latest();
        (state == DelegationState::Finalized).then(|| since.plus(self.session_duration.into()))
    }

    /// The account in the request's ARN: the one that it is for, or the one that looks at it while that is not known.
    pub fn account_seen_by(&self, caller: AccountId) -> AccountId {
        self.owner_account.unwrap_or(caller)
    }
}

impl Entity for DelegationRequest {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Account {
    /// The delegation request with this id.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn delegation_request(&self, id: &str, now: Timestamp) -> Result<&DelegationRequest> {
        let found = self.delegation_requests.get(id).filter(|request| !request.is_forgotten(now));
        found.map(|found| &**found).ok_or_else(|| Error::missing(Kind::DelegationRequest, id))
    }
}
