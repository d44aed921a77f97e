//! Roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity, Grantee, Permissions, Quota, Reference, Resource, TrustPolicy, name_key};
use crate::error::{Code, Error, Result};
use crate::shapes::{ArnParts, Kind, Path, TagSet, Timestamp};

/// A role: what it may do, and who may assume it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// In the spelling it was given.
    pub name: String,
    /// The path.
    pub path: Path,
    /// `AROA…`; never used again after deletion.
    pub id: String,
    /// When the role was created.
    pub created: Timestamp,
    /// The trust policy, with the principals that it names resolved to unique ids.
    pub trust_policy: TrustPolicy,
    /// Absent when never given or cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The longest session in seconds.
    pub max_session_duration: i32,
    /// The longest AWS Sign-In session in seconds, if it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_signin_session_duration: Option<i32>,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
    /// Policies and boundary.
    #[serde(default)]
    pub permissions: Permissions,
    /// The template that `AcquireRole` made it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_template: Option<SourceRoleTemplate>,
    /// What the template's parameters were then, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_values: Option<BTreeMap<String, Vec<String>>>,
}

/// The version of a role template that a role was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SourceRoleTemplate {
    /// The template, which names its major version.
    pub template_arn: String,
    /// The minor version.
    pub template_minor_version: i32,
}

impl Role {
    /// Whether the role is linked to an AWS service, which alone may use and change it.
    pub fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }
}

impl Account {
    /// The role with exactly this ARN.
    pub fn role(&self, arn: &str) -> Option<&Role> {
        let (_, name) = ArnParts::parse(arn)?.path_and_name(Kind::Role)?;
        self.get::<Role>(name).filter(|role| role.arn(self.id) == arn)
    }
}

impl Entity for Role {
    fn key(&self) -> String {
        name_key(&self.name)
    }

    fn references(&self) -> Vec<Reference> {
        self.permissions.references().chain(std::iter::once(Reference::UniqueId(self.id.clone()))).collect()
    }
}

tagged_resource!(Role, Role);

impl Grantee for Role {
    const INLINE_POLICY_SIZE: Quota = Quota::RolePolicySize;
    const ATTACHED_POLICIES: Quota = Quota::PoliciesPerRole;

    fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }

    fn must_be_modifiable(&self) -> Result<()> {
        if self.is_service_linked() || self.path.starts_with("/aws-reserved/") {
            let message = format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                self.name
            );
            return Err(Error::new(Code::UnmodifiableEntity, message));
        }
        Ok(())
    }
}
