//! Everything that bears on authorization in an account, in one listing: users, groups, roles, and their policies.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity, Group, Managed, Reference, Role, User};
use crate::call::{Access, Named, Operation, Paging, Query, View, operations};
use crate::catalogue::managed_policies as aws;
use crate::error::{Code, Result};
use crate::services::iam::policies::managed_policy::PolicyShape;
use crate::services::iam::reports::entity_details::{GroupDetail, RoleDetail, UserDetail};
use crate::services::iam::roles::trust;
use crate::shapes::{AccountId, EntityType, Marker, MaxItems};

/// Describes the account's users, groups, roles and policies.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetails {
    filter: Option<Vec<EntityType>>,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
}

/// What `GetAccountAuthorizationDetails` answers. One marker goes through all four lists.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetailsResult {
    user_detail_list: Vec<UserDetail>,
    group_detail_list: Vec<GroupDetail>,
    role_detail_list: Vec<RoleDetail>,
    policies: Vec<PolicyShape>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for GetAccountAuthorizationDetails {
    type Output = GetAccountAuthorizationDetailsResult;

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        let filter = self.filter.as_deref().filter(|filter| !filter.is_empty());
        let shown = Paging(&self.marker, &self.max_items).preview(members(account, filter));
        trust::accounts_trusted(shown.filter_map(|member| match member {
            Member::Role(role) => Some(role),
            _ => None,
        }))
    }
}

impl Query for GetAccountAuthorizationDetails {
    fn answer(self, cx: &View<'_>) -> Result<GetAccountAuthorizationDetailsResult> {
        let paging = Paging(&self.marker, &self.max_items);
        let after = paging.after(Self::NAME, cx)?;
        let filter = self.filter.as_deref().filter(|filter| !filter.is_empty());
        let members = members(cx.account, filter).filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page = paging.page(Self::NAME, "", members, cx);
        let mut result = GetAccountAuthorizationDetailsResult {
            is_truncated: page.marker.is_some(),
            marker: page.marker,
            ..GetAccountAuthorizationDetailsResult::default()
        };
        for member in page.members {
            match member {
                Member::User(user) => result.user_detail_list.push(UserDetail::of(user, cx)),
                Member::Group(group) => result.group_detail_list.push(GroupDetail::of(group, cx)),
                Member::Role(role) => result.role_detail_list.push(RoleDetail::of(role, cx)),
                Member::Policy(policy) => result.policies.push(PolicyShape::detailed(policy, cx.account)),
            }
        }
        Ok(result)
    }
}

/// A member of one of the lists.
enum Member<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Policy(Managed<'a>),
}

/// The members with their keys, in the order of their keys: list by list. Of AWS's policies those that are in use, or
/// all if they are asked for.
fn members<'a>(
    account: &'a Account,
    filter: Option<&'a [EntityType]>,
) -> impl Iterator<Item = (String, Member<'a>)> + 'a {
    let wanted = move |kind| filter.is_none_or(|filter| filter.contains(&kind));
    let key = |list: u8, key: &str| format!("{list}{key}");
    let users = account.users.iter().filter(move |_| wanted(EntityType::User));
    let groups = account.groups.iter().filter(move |_| wanted(EntityType::Group));
    let roles = account.roles.iter().filter(move |_| wanted(EntityType::Role));
    let policies = account.policies.iter().filter(move |_| wanted(EntityType::LocalManagedPolicy));
    let aws = aws::iter(account.id.partition()).filter(move |policy| match filter {
        Some(filter) => filter.contains(&EntityType::AWSManagedPolicy),
        None => is_in_use(account, &policy.arn()),
    });
    let users = users.map(move |user| (key(1, &user.key()), Member::User(user)));
    let groups = groups.map(move |group| (key(2, &group.key()), Member::Group(group)));
    let roles = roles.map(move |role| (key(3, &role.key()), Member::Role(role)));
    let policies = policies.map(move |policy| (key(4, &policy.key()), Member::Policy(Managed::Customer(policy))));
    let aws = aws.map(move |policy| (key(5, &policy.name.to_ascii_lowercase()), Member::Policy(Managed::Aws(policy))));
    users.chain(groups).chain(roles).chain(policies).chain(aws)
}

fn is_in_use(account: &Account, arn: &str) -> bool {
    let uses = [Reference::AttachedPolicy(arn.to_owned()), Reference::PermissionsBoundary(arn.to_owned())];
    uses.iter().any(|reference| account.count_referrers(reference) > 0)
}

operations!(IAM: query GetAccountAuthorizationDetails);
