//! The accounts of an organization, and where they are.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::tree::must_be_parent;
use super::{organizations_operation, refusal, shape};
use crate::account::{AccountState, MemberAccount, OrganizationUnit, Reference};
use crate::call::{Access, Command, Named, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    ChildId, ChildType, OrganizationsAccountId, OrganizationsNextToken, OrganizationsPageSize, ParentId,
};

/// Describes an account of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAccount {
    account_id: OrganizationsAccountId,
}

/// What `DescribeAccount` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAccountResult {
    account: Value,
}

organizations_operation!(DescribeAccount -> DescribeAccountResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.account_id))
});

impl Query for DescribeAccount {
    fn answer(self, cx: &View<'_>) -> Result<DescribeAccountResult> {
        cx.record()?;
        let member = cx.member(&self.account_id)?;
        Ok(DescribeAccountResult { account: shape::member(cx.account, &member, cx.now) })
    }
}

/// Lists the accounts of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccounts {
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What listings of accounts answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountsResult {
    accounts: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListAccounts -> ListAccountsResult, Administrator, |_this| Access::to(Target::Organization));

impl Query for ListAccounts {
    fn answer(self, cx: &View<'_>) -> Result<ListAccountsResult> {
        cx.record()?;
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let members = cx.account.organization_accounts.after(after);
            members.filter(|(_, member)| is_shown(member, cx)).map(|(id, member)| (id.to_owned(), member))
        })?;
        let accounts = page.members.into_iter().map(|member| shape::member(cx.account, member, cx.now)).collect();
        Ok(ListAccountsResult { accounts, next_token: page.next_token })
    }
}

/// Whether answers show an account: closed ones are gone after a time.
fn is_shown(member: &MemberAccount, cx: &View<'_>) -> bool {
    member.state(cx.now) != AccountState::Gone
}

/// Lists the accounts in the root or in a unit, not those further down.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountsForParent {
    parent_id: ParentId,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

organizations_operation!(ListAccountsForParent -> ListAccountsResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.parent_id))
});

impl Query for ListAccountsForParent {
    fn answer(self, cx: &View<'_>) -> Result<ListAccountsResult> {
        cx.record()?;
        must_be_parent(cx.account, &self.parent_id, Code::ParentNotFound)?;
        let parent = Reference::OrganizationParent(self.parent_id.to_string());
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let members = cx.account.referrers_after::<MemberAccount>(&parent, after);
            members.filter(|member| is_shown(member, cx)).map(|member| (member.id.to_string(), member))
        })?;
        let accounts = page.members.into_iter().map(|member| shape::member(cx.account, member, cx.now)).collect();
        Ok(ListAccountsResult { accounts, next_token: page.next_token })
    }
}

/// Shows what a unit or account is in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListParents {
    child_id: ChildId,
    #[expect(dead_code, reason = "a list of one has one page; the parameter is checked all the same")]
    next_token: Option<OrganizationsNextToken>,
    #[expect(dead_code, reason = "a list of one has one page; the parameter is checked all the same")]
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListParents` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListParentsResult {
    parents: [Value; 1],
}

organizations_operation!(ListParents -> ListParentsResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.child_id))
});

impl Query for ListParents {
    fn answer(self, cx: &View<'_>) -> Result<ListParentsResult> {
        cx.record()?;
        let unit = cx.account.organization_units.get(&self.child_id).map(|unit| &unit.parent);
        let parent = match unit {
            Some(parent) => parent.clone(),
            None => cx.member(&self.child_id).map_err(|_| refusal::missing(Code::ChildNotFound))?.parent.clone(),
        };
        let kind = if parent.starts_with("r-") { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
        Ok(ListParentsResult { parents: [json!({"Id": parent, "Type": kind})] })
    }
}

/// Lists the accounts or units in the root or in a unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListChildren {
    parent_id: ParentId,
    child_type: ChildType,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListChildren` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListChildrenResult {
    children: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListChildren -> ListChildrenResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.parent_id))
});

impl Query for ListChildren {
    fn answer(self, cx: &View<'_>) -> Result<ListChildrenResult> {
        cx.record()?;
        must_be_parent(cx.account, &self.parent_id, Code::ParentNotFound)?;
        let parent = Reference::OrganizationParent(self.parent_id.to_string());
        let kind = self.child_type;
        let shape = |id: String| (id.clone(), json!({"Id": id, "Type": kind}));
        let (token, size) = (self.next_token.as_ref(), self.max_results);
        let page = match kind {
            ChildType::Account => cx.page_from(Self::NAME, token, size, |after| {
                let members = cx.account.referrers_after::<MemberAccount>(&parent, after);
                members.filter(|member| is_shown(member, cx)).map(|member| shape(member.id.to_string()))
            }),
            ChildType::Unit => cx.page_from(Self::NAME, token, size, |after| {
                cx.account.referrers_after::<OrganizationUnit>(&parent, after).map(|unit| shape(unit.id.clone()))
            }),
        }?;
        Ok(ListChildrenResult { children: page.members, next_token: page.next_token })
    }
}

/// Moves an account from the root or unit that it is in to another.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MoveAccount {
    account_id: OrganizationsAccountId,
    source_parent_id: ParentId,
    destination_parent_id: ParentId,
}

organizations_operation!(MoveAccount -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
        .also("organizations:MoveAccount", Target::InOrganization(&this.source_parent_id))
        .also("organizations:MoveAccount", Target::InOrganization(&this.destination_parent_id))
});

impl Command for MoveAccount {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.record()?;
        let mut member = (*cx.member(&self.account_id)?).clone();
        must_be_parent(cx.account, &self.source_parent_id, Code::SourceParentNotFound)?;
        must_be_parent(cx.account, &self.destination_parent_id, Code::DestinationParentNotFound)?;
        if member.parent == *self.destination_parent_id {
            let message = "The specified account is already present in the specified destination.";
            return Err(Error::new(Code::DuplicateAccount, message));
        }
        if member.parent != *self.source_parent_id {
            return Err(refusal::missing(Code::SourceParentNotFound));
        }
        member.parent = self.destination_parent_id.into();
        cx.account.put(member)
    }
}

operations!(
    ORGANIZATIONS:
    query DescribeAccount, ListAccounts, ListAccountsForParent, ListChildren, ListParents;
    command MoveAccount
);
