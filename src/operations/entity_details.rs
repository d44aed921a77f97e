//! Users, groups, roles and policies as the account's authorization details show them.

use serde::Serialize;

use super::Context;
use super::user::BoundaryShape;
use crate::account::{
    Entity, Group, InstanceProfile, ManagedPolicy, Permissions, PolicyVersion, Reference, Resource, Role, StoredPolicy, User,
};
use crate::catalogue::managed_policies as aws;
use crate::shapes::{EncodedDocument, Tag, Timestamp};

/// An inline policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    policy_name: String,
    policy_document: EncodedDocument,
}

fn inline(permissions: &Permissions) -> Vec<PolicyDetail> {
    let detail =
        |(name, policy): (&String, &StoredPolicy)| PolicyDetail {
            policy_name: name.clone(),
            policy_document: policy.encoded(),
        };
    permissions.inline.iter().map(detail).collect()
}

/// A managed policy that is attached.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

fn attached(permissions: &Permissions) -> Vec<AttachedPolicy> {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let shape = |arn: &String| AttachedPolicy { policy_name: name(arn), policy_arn: arn.clone() };
    permissions.attached.iter().map(shape).collect()
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
    pub fn of(user: &User, cx: &Context<'_>) -> Self {
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
    pub fn of(group: &Group, cx: &Context<'_>) -> Self {
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
    instance_profile_list: Vec<InstanceProfileDetail>,
    role_policy_list: Vec<PolicyDetail>,
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<BoundaryShape>,
    tags: Vec<Tag>,
    role_last_used: RoleLastUsed,
}

impl RoleDetail {
    /// All about a role but description and longest session.
    pub fn of(role: &Role, cx: &Context<'_>) -> Self {
        let profiles = cx.account.referrers::<InstanceProfile>(&Reference::Role(role.key()));
        Self {
            path: role.path.to_string(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(cx.account.id),
            create_date: role.created,
            assume_role_policy_document: trust_policy(role, cx),
            instance_profile_list: profiles.map(|profile| InstanceProfileDetail::of(profile, role, cx)).collect(),
            role_policy_list: inline(&role.permissions),
            attached_managed_policies: attached(&role.permissions),
            permissions_boundary: BoundaryShape::of(&role.permissions),
            tags: role.tags.to_vec(),
            role_last_used: RoleLastUsed::of(role, cx),
        }
    }
}

/// How long the use of roles is remembered: 400 days, in seconds (IAM User Guide, "Refine permissions in AWS using last
/// accessed information").
const TRACKING_PERIOD: i64 = 400 * 24 * 3600;

/// When and where a role was last used; empty if it was not.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleLastUsed {
    last_used_date: Option<Timestamp>,
    region: Option<String>,
}

impl RoleLastUsed {
    fn of(role: &Role, cx: &Context<'_>) -> Self {
        let last = cx.environment.usage.last(&role.id).filter(|last| last.used.plus(TRACKING_PERIOD) > cx.now);
        last.map(|last| Self { last_used_date: Some(last.used), region: Some(last.region) }).unwrap_or_default()
    }
}

/// The trust policy with its principals as they are called now.
fn trust_policy(role: &Role, cx: &Context<'_>) -> EncodedDocument {
    role.trust_policy.encoded(|_, id| {
        let reference = Reference::UniqueId(id.to_owned());
        let user = cx.account.referrers::<User>(&reference).next().map(|user| user.arn(cx.account.id));
        user.or_else(|| cx.account.referrers::<Role>(&reference).next().map(|role| role.arn(cx.account.id)))
    })
}

/// An instance profile of a role.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceProfileDetail {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: Timestamp,
    roles: [NestedRole; 1],
}

/// The role of an instance profile.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NestedRole {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Timestamp,
    assume_role_policy_document: EncodedDocument,
}

impl InstanceProfileDetail {
    fn of(profile: &InstanceProfile, role: &Role, cx: &Context<'_>) -> Self {
        let nested = NestedRole {
            path: role.path.to_string(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(cx.account.id),
            create_date: role.created,
            assume_role_policy_document: trust_policy(role, cx),
        };
        Self {
            path: profile.path.to_string(),
            instance_profile_name: profile.name.clone(),
            instance_profile_id: profile.id.clone(),
            arn: profile.arn(cx.account.id),
            create_date: profile.created,
            roles: [nested],
        }
    }
}

/// A managed policy, the account's or AWS's.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicyDetail {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    description: Option<String>,
    create_date: Timestamp,
    update_date: Timestamp,
    policy_version_list: Vec<PolicyVersionDetail>,
}

/// A version of a managed policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersionDetail {
    document: EncodedDocument,
    version_id: String,
    is_default_version: bool,
    create_date: Timestamp,
}

impl ManagedPolicyDetail {
    /// All about a policy of the account, its versions newest first.
    pub fn of(policy: &ManagedPolicy, cx: &Context<'_>) -> Self {
        let arn = policy.arn(cx.account.id);
        let version = |version: &PolicyVersion| PolicyVersionDetail {
            document: version.document.encoded(),
            version_id: version.id(),
            is_default_version: version.number == policy.default_version,
            create_date: version.created,
        };
        Self {
            policy_name: policy.name.clone(),
            policy_id: policy.id.clone(),
            path: policy.path.clone(),
            default_version_id: policy.default().map(PolicyVersion::id).unwrap_or_default(),
            attachment_count: cx.account.count_referrers(&Reference::AttachedPolicy(arn.clone())),
            permissions_boundary_usage_count: cx.account.count_referrers(&Reference::PermissionsBoundary(arn.clone())),
            arn,
            is_attachable: true,
            description: policy.description.clone(),
            create_date: policy.created,
            update_date: policy.updated,
            policy_version_list: policy.versions.iter().rev().map(version).collect(),
        }
    }

    /// All about a policy of AWS's, of which only the default version is known.
    pub fn of_aws(policy: aws::ManagedPolicy, cx: &Context<'_>) -> Self {
        let arn = policy.arn();
        let version = PolicyVersionDetail {
            document: EncodedDocument(policy.document()),
            version_id: policy.default_version_id.to_owned(),
            is_default_version: true,
            create_date: policy.update_date.into(),
        };
        Self {
            policy_name: policy.name.to_owned(),
            policy_id: policy.policy_id(),
            path: policy.path.to_owned(),
            default_version_id: policy.default_version_id.to_owned(),
            attachment_count: cx.account.count_referrers(&Reference::AttachedPolicy(arn.clone())),
            permissions_boundary_usage_count: cx.account.count_referrers(&Reference::PermissionsBoundary(arn.clone())),
            arn,
            is_attachable: true,
            description: None,
            create_date: policy.create_date.into(),
            update_date: policy.update_date.into(),
            policy_version_list: vec![version],
        }
    }
}
