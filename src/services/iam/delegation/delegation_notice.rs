//! What the requestor learns of its delegation requests. AWS publishes it to the SNS topic that the request names; here
//! it is kept for those who ask the server.

use serde::Serialize;

use crate::account::{Account, DelegationRequest};
use crate::identity::ServerKey;
use crate::shapes::{AccountId, DelegationState, Secret, Timestamp};

/// A message to a topic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice<'a> {
    topic: &'a str,
    time: String,
    delegation_request_id: &'a str,
    requestor_workflow_id: &'a str,
    state: DelegationState,
    owner_account_id: Option<String>,
    notes: Option<&'a str>,
    rejection_reason: Option<&'a str>,
    /// What the requestor exchanges for credentials, once it is sent and as long as it is good.
    trade_in_token: Option<Secret>,
}

/// What the tickets are for that trade-in tokens are.
const PURPOSE: &str = "trade-in token";

/// The token of a request: its requestor and id, sealed.
fn trade_in_token(key: &ServerKey, request: &DelegationRequest, nonce: [u8; 24]) -> Option<Secret> {
    key.seal_ticket(PURPOSE, &(request.requestor, &request.id), nonce).map(Secret::new)
}

/// The id of the request that a token is of; `None` if it is not one for this requestor.
pub fn read_trade_in_token(key: &ServerKey, requestor: AccountId, token: &str) -> Option<String> {
    let (for_whom, id): (AccountId, String) = key.open_ticket(PURPOSE, token)?;
    (for_whom == requestor).then_some(id)
}

/// Logs that a request has changed; never its token.
pub fn announce(request: &DelegationRequest, now: Timestamp) {
    let (id, topic, state) = (&request.id, &request.notification_channel, request.state(now).as_str());
    tracing::info!(request = id, topic, state, "delegation request");
}

/// The messages to one topic, or to all, request by request. `nonce` gives random bytes.
pub fn notices<'a>(
    account: &'a Account,
    topic: Option<&str>,
    key: &ServerKey,
    now: Timestamp,
    mut nonce: impl FnMut() -> [u8; 24],
) -> Vec<Notice<'a>> {
    let requests = account.delegation_requests.iter().filter(|request| !request.is_forgotten(now));
    let wanted = requests.filter(|request| topic.is_none_or(|topic| request.notification_channel == topic));
    let mut notices = Vec::new();
    for request in wanted {
        let expired =
            (request.state(now) == DelegationState::Expired).then(|| (DelegationState::Expired, request.expires()));
        for (state, since) in request.states.iter().copied().chain(expired) {
            let is_good = state == DelegationState::Finalized && request.delegated_until().is_some_and(|end| now < end);
            let token = is_good.then(|| trade_in_token(key, request, nonce())).flatten();
            notices.push(Notice::of(request, state, since, token));
        }
    }
    notices
}

impl<'a> Notice<'a> {
    fn of(request: &'a DelegationRequest, state: DelegationState, since: Timestamp, token: Option<Secret>) -> Self {
        let notes = request.notes.as_deref().filter(|_| state == DelegationState::PendingApproval);
        let rejection_reason = request.rejection_reason.as_deref().filter(|_| state == DelegationState::Rejected);
        let owner = request.owner_account.filter(|_| state != DelegationState::Unassigned);
        Self {
            topic: &request.notification_channel,
            time: since.to_string(),
            delegation_request_id: &request.id,
            requestor_workflow_id: &request.workflow_id,
            state,
            owner_account_id: owner.map(|account| account.to_string()),
            notes,
            rejection_reason,
            trade_in_token: token,
        }
    }
}
