//! How accounts end, or leave the organization.

use serde::Deserialize;

use super::{organizations_operation, refusal, shape};
use crate::account::MemberAccount;
use crate::call::{Access, Command, Named, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::OrganizationsAccountId;

/// Closes a member account: its principals can do nothing any more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CloseAccount {
    account_id: OrganizationsAccountId,
}

organizations_operation!(CloseAccount -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
});

impl Command for CloseAccount {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let record = cx.record()?;
        if !record.all_features {
            let message = "This operation requires all features to be enabled in the organization.";
            return Err(refusal::constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", message));
        }
        let mut member = member(cx, &self.account_id)?;
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
        cx.account.put(member)
    }
}

/// An account of the organization.
fn member(cx: &Transaction<'_>, id: &str) -> Result<MemberAccount> {
    let member = cx.account.member(id).ok_or_else(|| refusal::missing(Code::AccountNotFound))?;
    Ok((**member).clone())
}

/// Takes an account out of the organization: its tags and policies go, and it belongs to no organization.
fn take_out(cx: &mut Transaction<'_>, id: &str) -> Result<()> {
    cx.record()?;
    let member = member(cx, id)?;
    if member.id == cx.account.id {
        let message = "The management account of an organization cannot leave it.";
        return Err(Error::new(Code::MasterCannotLeaveOrganization, message));
    }
    if !member.delegated.is_empty() {
        let message = "You cannot remove a delegated administrator from the organization.";
        return Err(refusal::constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", message));
    }
    cx.account.remove::<MemberAccount>(id);
    Ok(())
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
