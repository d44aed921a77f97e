//! The answer to `get-account-authorization-details`.

use serde::Deserialize;

use super::{AwsTag, moment};
use crate::description::{
    Document, GroupDescription, Identity, InstanceProfileDescription, PolicyDescription, RoleDescription,
    UserDescription, Versions,
};
use crate::markup::{Named, Placed};
use crate::shapes::Timestamp;

/// All that it shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Details {
    /// What `iamd export` adds: the account.
    pub account: Option<Placed<String>>,
    pub user_detail_list: Vec<UserDetail>,
    pub group_detail_list: Vec<GroupDetail>,
    pub role_detail_list: Vec<RoleDetail>,
    pub policies: Vec<PolicyDetail>,
}

/// Declares what the answer shows of a kind of entity: what all kinds have, and what only this one has.
macro_rules! detail {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $member:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $name {
            pub path: Placed<String>,
            pub arn: Placed<String>,
            #[serde(deserialize_with = "moment")]
            pub create_date: Timestamp,
            $($(#[$attribute])* pub $member: $type,)+
        }
    };
}

detail! {
    UserDetail {
        user_name: Placed<String>,
        user_id: String,
        #[serde(default)]
        user_policy_list: Vec<InlinePolicy>,
        #[serde(default)]
        group_list: Vec<Placed<String>>,
        #[serde(default)]
        attached_managed_policies: Vec<AttachedPolicy>,
        permissions_boundary: Option<Boundary>,
        #[serde(default)]
        tags: Vec<AwsTag>,
    }
}

detail! {
    GroupDetail {
        group_name: Placed<String>,
        group_id: String,
        #[serde(default)]
        group_policy_list: Vec<InlinePolicy>,
        #[serde(default)]
        attached_managed_policies: Vec<AttachedPolicy>,
    }
}

detail! {
    /// A role, with what `list-roles` and `iamd export` show besides.
    RoleDetail {
        role_name: Placed<String>,
        role_id: String,
        assume_role_policy_document: Document,
        description: Option<Placed<String>>,
        max_session_duration: Option<Placed<i64>>,
        #[serde(default)]
        instance_profile_list: Vec<InstanceProfileDetail>,
        #[serde(default)]
        role_policy_list: Vec<InlinePolicy>,
        #[serde(default)]
        attached_managed_policies: Vec<AttachedPolicy>,
        permissions_boundary: Option<Boundary>,
        #[serde(default)]
        tags: Vec<AwsTag>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileDetail {
    pub path: Placed<String>,
    pub instance_profile_name: Placed<String>,
    pub instance_profile_id: String,
    #[serde(deserialize_with = "moment")]
    pub create_date: Timestamp,
    #[serde(default)]
    pub roles: Vec<RoleOfProfile>,
    pub tags: Option<Vec<AwsTag>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleOfProfile {
    pub role_name: Placed<String>,
}

detail! {
    PolicyDetail {
        policy_name: Placed<String>,
        policy_id: String,
        default_version_id: String,
        description: Option<Placed<String>>,
        #[serde(deserialize_with = "moment")]
        update_date: Timestamp,
        #[serde(default)]
        policy_version_list: Vec<VersionDetail>,
        tags: Option<Vec<AwsTag>>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionDetail {
    pub document: Document,
    pub version_id: Placed<String>,
    #[serde(deserialize_with = "moment")]
    pub create_date: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InlinePolicy {
    pub policy_name: Placed<String>,
    pub policy_document: Document,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    pub policy_arn: Placed<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Boundary {
    pub permissions_boundary_arn: Placed<String>,
}

/// Documents may be percent-encoded, as on the wire.
fn decoded(document: Document) -> Document {
    if !document.text.starts_with("%7B") {
        return document;
    }
    let text = percent_encoding::percent_decode_str(&document.text).decode_utf8_lossy().into_owned();
    Document { text, ..document }
}

fn inline(policies: Vec<InlinePolicy>) -> Option<Named<Document>> {
    let named = policies.into_iter().map(|policy| (policy.policy_name, decoded(policy.policy_document)));
    Some(Named(named.collect()))
}

fn attached(policies: Vec<AttachedPolicy>) -> Option<Vec<Placed<String>>> {
    Some(policies.into_iter().map(|policy| policy.policy_arn).collect())
}

pub(super) fn tags(tags: Vec<AwsTag>) -> Named<String> {
    Named(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn boundary(boundary: Option<Boundary>) -> Option<Option<Placed<String>>> {
    Some(boundary.map(|boundary| boundary.permissions_boundary_arn))
}

impl UserDetail {
    pub fn describe(self) -> (Placed<String>, UserDescription) {
        let user = UserDescription {
            path: Some(self.path),
            groups: Some(self.group_list),
            policies: attached(self.attached_managed_policies),
            inline_policies: inline(self.user_policy_list),
            boundary: boundary(self.permissions_boundary),
            tags: Some(tags(self.tags)),
            identity: Some(Identity { id: self.user_id, created: self.create_date }),
            ..UserDescription::default()
        };
        (self.user_name, user)
    }
}

impl GroupDetail {
    pub fn describe(self) -> (Placed<String>, GroupDescription) {
        let group = GroupDescription {
            path: Some(self.path),
            policies: attached(self.attached_managed_policies),
            inline_policies: inline(self.group_policy_list),
            identity: Some(Identity { id: self.group_id, created: self.create_date }),
        };
        (self.group_name, group)
    }
}

impl RoleDetail {
    /// The role, and its instance profiles.
    pub fn describe(self) -> (Placed<String>, RoleDescription, Vec<InstanceProfileDetail>) {
        let role = RoleDescription {
            path: Some(self.path),
            trust: Some(decoded(self.assume_role_policy_document)),
            description: self.description,
            max_session_duration: self.max_session_duration,
            policies: attached(self.attached_managed_policies),
            inline_policies: inline(self.role_policy_list),
            boundary: boundary(self.permissions_boundary),
            tags: Some(tags(self.tags)),
            identity: Some(Identity { id: self.role_id, created: self.create_date }),
        };
        (self.role_name, role, self.instance_profile_list)
    }
}

impl InstanceProfileDetail {
    pub fn describe(self) -> (Placed<String>, InstanceProfileDescription) {
        let profile = InstanceProfileDescription {
            path: Some(self.path),
            role: Some(self.roles.into_iter().next().map(|role| role.role_name)),
            tags: self.tags.map(tags),
            identity: Some(Identity { id: self.instance_profile_id, created: self.create_date }),
        };
        (self.instance_profile_name, profile)
    }
}

impl PolicyDetail {
    /// The policy; the place of a version whose id is none.
    pub fn describe(self) -> Result<(Placed<String>, PolicyDescription), Placed<String>> {
        let number = |id: &str| id.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
        let mut versions = Vec::with_capacity(self.policy_version_list.len());
        for version in self.policy_version_list {
            let number = number(&version.version_id).ok_or(version.version_id)?;
            versions.push((number, version.create_date, decoded(version.document)));
        }
        versions.sort_by_key(|(number, ..)| *number);
        let wrong = || Placed::new(self.policy_name.place, self.default_version_id.clone());
        let default = number(&self.default_version_id).ok_or_else(wrong)?;
        let document = versions.iter().find(|(number, ..)| *number == default).map(|(.., document)| document.clone());
        let document = Some(document.ok_or_else(wrong)?);
        let policy = PolicyDescription {
            path: Some(self.path),
            description: self.description,
            document,
            tags: self.tags.map(tags),
            identity: Some(Identity { id: self.policy_id, created: self.create_date }),
            versions: Some(Versions { versions, default, updated: self.update_date }),
        };
        Ok((self.policy_name, policy))
    }
}
