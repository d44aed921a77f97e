//! Who has a managed policy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity, Grantee, Group, Reference, Role, User};
use crate::call::{Access, Operation, Paging, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{Arn, EntityType, Marker, MaxItems, Path, PolicyUsage};

/// Lists the users, groups and roles that a managed policy is attached to or is the boundary of. The three lists are
/// paged as one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicy {
    policy_arn: Arn,
    entity_filter: Option<EntityType>,
    path_prefix: Option<Path>,
    policy_usage_filter: Option<PolicyUsage>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

/// What `ListEntitiesForPolicy` answers.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicyResult {
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    is_truncated: bool,
    marker: Option<String>,
}

/// A group that has a managed policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyGroup {
    group_name: String,
    group_id: String,
}

/// A user that has a managed policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyUser {
    user_name: String,
    user_id: String,
}

/// A role that has a managed policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyRole {
    role_name: String,
    role_id: String,
}

/// One of those that have a managed policy.
enum Holder<'a> {
    Group(&'a Group),
    User(&'a User),
    Role(&'a Role),
}

impl Operation for ListEntitiesForPolicy {
    type Output = ListEntitiesForPolicyResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::InvalidInput, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Query for ListEntitiesForPolicy {
    fn answer(self, cx: &View<'_>) -> Result<ListEntitiesForPolicyResult> {
        cx.account.find_managed_policy(&self.policy_arn, || not_attachable(&self.policy_arn))?;
        let paging = Paging(&self.marker, &self.max_items);
        let after = paging.after("ListEntitiesForPolicy", cx)?;
        let holders = self.holders(cx.account).into_iter();
        let rest = holders.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page = paging.page("ListEntitiesForPolicy", "Entities", rest, cx);
        let mut result = ListEntitiesForPolicyResult {
            is_truncated: page.marker.is_some(),
            marker: page.marker,
            ..ListEntitiesForPolicyResult::default()
        };
        for holder in page.members {
            result.add(&holder);
        }
        Ok(result)
    }
}

/// What IAM says here, and where a policy is to be attached, of one that does not exist.
pub(crate) fn not_attachable(arn: &str) -> Error {
    Error::new(Code::NoSuchEntity, format!("Policy {arn} does not exist or is not attachable."))
}

impl ListEntitiesForPolicy {
    /// All that the request asks for, in the order of the listing. The filters for kinds of policies ask for nothing.
    fn holders<'a>(&self, account: &'a Account) -> BTreeMap<String, Holder<'a>> {
        let mut holders = BTreeMap::new();
        let wants = |kind| self.entity_filter.is_none_or(|filter| filter == kind);
        if wants(EntityType::Group) {
            holders.extend(self.of_kind(account, "group", Holder::Group));
        }
        if wants(EntityType::Role) {
            holders.extend(self.of_kind(account, "role", Holder::Role));
        }
        if wants(EntityType::User) {
            holders.extend(self.of_kind(account, "user", Holder::User));
        }
        holders
    }

    fn of_kind<'a, G: Grantee + Entity>(
        &self,
        account: &'a Account,
        kind: &str,
        holder: impl Fn(&'a G) -> Holder<'a>,
    ) -> impl Iterator<Item = (String, Holder<'a>)> {
        let arn = || self.policy_arn.to_string();
        let uses = [
            (PolicyUsage::PermissionsPolicy, Reference::AttachedPolicy(arn())),
            (PolicyUsage::PermissionsBoundary, Reference::PermissionsBoundary(arn())),
        ];
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        uses.into_iter()
            .filter(|(usage, _)| self.policy_usage_filter.is_none_or(|filter| filter == *usage))
            .flat_map(|(_, reference)| account.referrers::<G>(&reference))
            .filter(move |grantee| grantee.path().starts_with(prefix))
            .map(move |grantee| (format!("{kind} {}", grantee.key()), holder(grantee)))
    }
}

impl ListEntitiesForPolicyResult {
    fn add(&mut self, holder: &Holder<'_>) {
        match holder {
            Holder::Group(group) => {
                self.policy_groups.push(PolicyGroup { group_name: group.name.clone(), group_id: group.id.clone() });
            }
            Holder::User(user) => {
                self.policy_users.push(PolicyUser { user_name: user.name.clone(), user_id: user.id.clone() });
            }
            Holder::Role(role) => {
                self.policy_roles.push(PolicyRole { role_name: role.name.clone(), role_id: role.id.clone() });
            }
        }
    }
}

operations!(IAM: query ListEntitiesForPolicy);
