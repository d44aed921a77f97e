//! Users, groups and roles as the account's authorization details show them.

use serde::Serialize;

use crate::account::{Entity, Group, InstanceProfile, Permissions, Reference, Resource, Role, StoredPolicy, User};
use crate::call::{AccountRef, Context};
use crate::services::iam::policies::attachments::AttachedPolicy;
use crate::services::iam::roles::instance_profile::InstanceProfileShape;
use crate::services::iam::roles::role_shape::RoleLastUsed;
use crate::services::iam::users::user::BoundaryShape;
use crate::shapes::{EncodedDocument, Tag, Timestamp};

/// An inline policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    policy_name: String,
    policy_document: EncodedDocument,
}

fn inline(permissions: &Permissions) -> Vec<PolicyDetail> {
    let detail = |(name, policy): (&String, &StoredPolicy)| PolicyDetail {
        policy_name: name.clone(),
        policy_document: policy.encoded(),
    };
    permissions.inline.iter().map(detail).collect()
}

fn attached(permissions: &Permissions) -> Vec<AttachedPolicy> {
    permissions.attached.iter().map(|arn| AttachedPolicy::of(arn)).collect()
}

/// A user.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserDetail {
    path: String,
    user_name: String,
    user_id: String,
    arn: String,
    create_date: Timestamp,
    user_policy_list: Option<Vec<PolicyDetail>>,
    group_list: Vec<String>,
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<BoundaryShape>,
    tags: Vec<Tag>,
}

impl UserDetail {
    /// All about a user but its credentials.
    pub fn of(user: &User, cx: &Context<'_, impl AccountRef>) -> Self {
        let groups = user.groups.iter().filter_map(|key| cx.account.groups.get(key));
        Self {
            path: user.path.to_string(),
            user_name: user.name.clone(),
            user_id: user.id.clone(),
            arn: user.arn(cx.account.id),
            create_date: user.created,
            user_policy_list: Some(inline(&user.permissions)).filter(|policies| !policies.is_empty()),
            group_list: groups.map(|group| group.name.clone()).collect(),
            attached_managed_policies: attached(&user.permissions),
            permissions_boundary: BoundaryShape::of(&user.permissions),
            tags: user.tags.to_vec(),
        }
    }
}

/// A group.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupDetail {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: Timestamp,
    group_policy_list: Vec<PolicyDetail>,
    attached_managed_policies: Vec<AttachedPolicy>,
}

impl GroupDetail {
    /// All about a group but its members.
    pub fn of(group: &Group, cx: &Context<'_, impl AccountRef>) -> Self {
        Self {
            path: group.path.to_string(),
            group_name: group.name.clone(),
            group_id: group.id.clone(),
            arn: group.arn(cx.account.id),
            create_date: group.created,
            group_policy_list: inline(&group.permissions),
            attached_managed_policies: attached(&group.permissions),
        }
    }
}

/// A role.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleDetail {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Timestamp,
    assume_role_policy_document: EncodedDocument,
    instance_profile_list: Vec<InstanceProfileShape>,
    role_policy_list: Vec<PolicyDetail>,
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<BoundaryShape>,
    tags: Vec<Tag>,
    role_last_used: RoleLastUsed,
}

impl RoleDetail {
    /// All about a role but description and longest session.
    pub fn of(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        let profiles = cx.account.referrers::<InstanceProfile>(&Reference::Role(role.key()));
        Self {
            path: role.path.to_string(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(cx.account.id),
            create_date: role.created,
            assume_role_policy_document: cx.shown_trust_policy(role),
            instance_profile_list: profiles.map(|profile| InstanceProfileShape::brief(profile, cx)).collect(),
            role_policy_list: inline(&role.permissions),
            attached_managed_policies: attached(&role.permissions),
            permissions_boundary: BoundaryShape::of(&role.permissions),
            tags: role.tags.to_vec(),
            role_last_used: RoleLastUsed::of(role, cx),
        }
    }
}
