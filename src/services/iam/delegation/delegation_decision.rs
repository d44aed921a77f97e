//! What becomes of a delegation request: it is forwarded, accepted or rejected, and its token is sent.

use serde::Deserialize;

use crate::account::{Approver, DelegationRequest};
use crate::call::{Access, AccountRef, Command, Context, Operation, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Delegation, Principal, Session, SessionPrincipal};
use crate::shapes::{AccountId, DelegationRequestId, DelegationState, Notes, Secret};

/// The longest delegation that a root user can accept, in seconds (IAM User Guide, "IAM temporary delegation").
const MAX_SECONDS_BY_ROOT: i32 = 4 * 3600;

/// The states before a decision.
const UNDECIDED: [DelegationState; 2] = [DelegationState::Assigned, DelegationState::PendingApproval];

/// Forwards a request to an administrator for approval.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateDelegationRequest {
    delegation_request_id: DelegationRequestId,
    notes: Option<Notes>,
}

impl Operation for UpdateDelegationRequest {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Command for UpdateDelegationRequest {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let now = cx.now;
        cx.change_delegation_request(&self.delegation_request_id, |request| {
            request.advance(&UNDECIDED, DelegationState::PendingApproval, now)?;
            if let Some(notes) = self.notes {
                request.notes = Some(notes.into());
            }
            Ok(())
        })
    }
}

/// Accepts a request. The caller's identity is the one that the requestor will act as.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcceptDelegationRequest {
    delegation_request_id: DelegationRequestId,
}

impl Operation for AcceptDelegationRequest {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::ConcurrentModification, Code::NoSuchEntity, Code::ServiceFailure];
    /// For a request that cannot be accepted any more, as the other operations answer.
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::InvalidInput];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Command for AcceptDelegationRequest {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let request = cx.account.delegation_request(&self.delegation_request_id, cx.now)?;
        let session = delegated_session(cx, request)?;
        let sealed = session.token(&cx.environment.key, cx.ids.bytes(), 0);
        let sealed = sealed.ok_or_else(|| Error::internal("the session could not be sealed"))?;
        let approver = Approver { arn: cx.calling_owner()?.arn, session: Secret::new(sealed) };
        let (is_root, now) = (cx.caller.principal == Principal::Root, cx.now);
        cx.change_delegation_request(&self.delegation_request_id, |request| {
            request.advance(&UNDECIDED, DelegationState::Accepted, now)?;
            if is_root && request.session_duration > MAX_SECONDS_BY_ROOT {
                let message = "Root users can only accept delegation requests with a duration of 4 hours or less.";
                return Err(Error::new(Code::AccessDenied, message));
            }
            request.approver = Some(approver);
            Ok(())
        })
    }
}

/// The session that the requestor will get: the caller's own, narrowed by the request's policy.
fn delegated_session(cx: &Context<'_, impl AccountRef>, request: &DelegationRequest) -> Result<Session> {
    let Caller { account, principal, session, .. } = cx.caller;
    let own = match (session.as_deref(), principal) {
        (Some(session), _) if session.delegation.is_some() => {
            return Err(Error::new(Code::AccessDenied, "Delegated permissions cannot be delegated."));
        }
        (Some(session), _) => session.clone(),
        (None, Principal::Root) => Session::new(String::new(), *account, SessionPrincipal::Root, cx.now),
        (None, Principal::User { key, id }) => {
            let principal = SessionPrincipal::User { key: key.clone(), id: id.clone() };
            Session::new(String::new(), *account, principal, cx.now)
        }
        (None, _) => return Err(Error::internal("a session without a session accepts a delegation request")),
    };
    Ok(Session {
        access_key_id: String::new(),
        expires: own.issued,
        delegation: Some(Delegation { delegate: request.requestor, policy: request.policy.clone() }),
        ..own
    })
}

/// Rejects a request, also one that was accepted, as long as its token has not been sent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RejectDelegationRequest {
    delegation_request_id: DelegationRequestId,
    notes: Option<Notes>,
}

impl Operation for RejectDelegationRequest {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Command for RejectDelegationRequest {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let now = cx.now;
        let [assigned, pending] = UNDECIDED;
        cx.change_delegation_request(&self.delegation_request_id, |request| {
            request.advance(&[assigned, pending, DelegationState::Accepted], DelegationState::Rejected, now)?;
            request.rejection_reason = self.notes.map(String::from);
            Ok(())
        })
    }
}

/// Sends the token of an accepted request to the requestor. The time of the delegated permissions begins.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendDelegationToken {
    delegation_request_id: DelegationRequestId,
}

impl Operation for SendDelegationToken {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Command for SendDelegationToken {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let (caller, now) = (cx.calling_owner()?, cx.now);
        let delegated = cx.caller.session.as_ref().is_some_and(|session| session.delegation.is_some());
        cx.change_delegation_request(&self.delegation_request_id, |request| {
            request.advance(&[DelegationState::Accepted], DelegationState::Finalized, now)?;
            if request.only_send_by_owner && (delegated || request.owner.as_ref() != Some(&caller)) {
                let message = format!("Only the owner can send the token of delegation request {}.", request.id);
                return Err(Error::new(Code::AccessDenied, message));
            }
            Ok(())
        })
    }
}

operations!(
    IAM:
    command AcceptDelegationRequest, RejectDelegationRequest, SendDelegationToken, UpdateDelegationRequest
);
