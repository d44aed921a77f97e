//! IAM users.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, Entity, Grantee, Permissions, Quota, Reference, name_key};
use crate::shapes::{Path, TagSet, Timestamp};

/// An IAM user with all that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// In the spelling it was given.
    pub name: String,
    /// The path.
    pub path: Path,
    /// `AIDA…`; never used again after deletion.
    pub id: String,
    /// When the user was created.
    pub created: Timestamp,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
    /// Policies and boundary.
    #[serde(default)]
    pub permissions: Permissions,
    /// The keys of the groups the user is a member of, in the order of joining.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Password, access keys and devices.
    #[serde(default)]
    pub credentials: Credentials,
}

impl Entity for User {
    fn key(&self) -> String {
        name_key(&self.name)
    }

    fn references(&self) -> Vec<Reference> {
        let groups = self.groups.iter().cloned().map(Reference::Group);
        let id = std::iter::once(Reference::UniqueId(self.id.clone()));
        self.permissions.references().chain(groups).chain(self.credentials.references()).chain(id).collect()
    }
}

tagged_resource!(User, User);

impl Grantee for User {
    const INLINE_POLICY_SIZE: Quota = Quota::UserPolicySize;
    const ATTACHED_POLICIES: Quota = Quota::PoliciesPerUser;

    fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}
