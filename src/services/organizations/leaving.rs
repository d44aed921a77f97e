//! How accounts end, or leave the organization.

use serde::Deserialize;

use super::handshakes::forget_member;
use super::{organizations_operation, refusal, shape};
use crate::account::{MemberAccount, Quota, Reference};
use crate::call::{Access, Command, Named, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::OrganizationsAccountId;

/// How many accounts even a small organization can close in the period, if it has as many.
const MIN_CLOSED_ACCOUNTS: usize = 10;

/// The period in which few accounts can be closed, in seconds (AWS: "Quotas for AWS Organizations").
const CLOSING_PERIOD: i64 = 30 * 24 * 3600;

/// Closes a member account: its principals can do nothing any more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CloseAccount {
    account_id: OrganizationsAccountId,
}

organizations_operation!(CloseAccount -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
}, GOES_ON = true);

impl Command for CloseAccount {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.record_with_all_features()?;
        let mut member = (*cx.member(&self.account_id)?).clone();
        if member.id == cx.account.id {
            let message = "You cannot close the management account of an organization.";
            return Err(refusal::constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", message));
        }
        match (member.closed.is_some(), shape::is_closing(&member, cx.now)) {
            (true, true) => {
                return Err(Error::new(Code::Conflict, "The provided account is already being closed."));
            }
            (true, false) => {
                return Err(Error::new(Code::AccountAlreadyClosed, "The provided account is already closed."));
            }
            (false, _) => member.closed = Some(cx.now),
        }
        must_be_few(cx)?;
        cx.account.put(member)
    }
}

/// Refuses to close more accounts than AWS does: a few at a time, and a tenth of them in thirty days.
fn must_be_few(cx: &Transaction<'_>) -> Result<()> {
    let closed = || cx.account.referrers::<MemberAccount>(&Reference::Pending);
    let closing = closed().filter(|member| shape::is_closing(member, cx.now)).count();
    if cx.check_quota(Quota::AccountsBeingClosed, closing).is_err() {
        let message = "You attempted to exceed the number of accounts that you can close at a time.";
        return Err(refusal::constraint("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", message));
    }
    let lately = |member: &&MemberAccount| member.closed.is_some_and(|closed| cx.now < closed.plus(CLOSING_PERIOD));
    let lately = closed().filter(lately).count();
    let is_over_share = lately >= (cx.count_members() / 10).max(MIN_CLOSED_ACCOUNTS);
    if is_over_share || cx.check_quota(Quota::AccountsClosedInThirtyDays, lately).is_err() {
        let message = "You have exceeded close account quota for the past 30 days.";
        return Err(refusal::constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", message));
    }
    Ok(())
}

/// Takes an account out of the organization: its tags and policies go, and it belongs to no organization. A closed
/// account stays (Organizations User Guide, "Deleting an organization", about suspended accounts).
fn take_out(cx: &mut Transaction<'_>, id: &str) -> Result<()> {
    cx.record()?;
    let member = cx.member(id)?;
    if member.id == cx.account.id {
        let message = "The management account of an organization cannot leave it.";
        return Err(Error::new(Code::MasterCannotLeaveOrganization, message));
    }
    if member.closed.is_some() {
        let message = "You cannot remove a closed account from the organization until it is gone, 90 days later.";
        return Err(refusal::constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", message));
    }
    if !member.delegated.is_empty() {
        let message = "You cannot remove a delegated administrator from the organization.";
        return Err(refusal::constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", message));
    }
    let left = member.id;
    cx.account.remove::<MemberAccount>(id);
    forget_member(cx, left)
}

/// Takes a member account out of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveAccountFromOrganization {
    account_id: OrganizationsAccountId,
}

organizations_operation!(RemoveAccountFromOrganization -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
});

impl Command for RemoveAccountFromOrganization {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        take_out(cx, &self.account_id)
    }
}

/// Takes the caller's account out of its organization.
#[derive(Deserialize)]
pub struct LeaveOrganization {}

organizations_operation!(LeaveOrganization -> (), Member, |_this| Access::to(Target::Organization));

impl Command for LeaveOrganization {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        take_out(cx, &cx.caller.account.to_string())
    }
}

operations!(ORGANIZATIONS: command CloseAccount, LeaveOrganization, RemoveAccountFromOrganization);
