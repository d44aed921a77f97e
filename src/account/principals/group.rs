//! Groups of users.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, Grantee, Permissions, Quota, Reference, Resource, name_key};
use crate::shapes::{Kind, Path, TagSet, Timestamp};

/// A group. Its members are the users that refer to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// In the spelling it was given.
    pub name: String,
    /// The path.
    pub path: Path,
    /// `AGPA…`.
    pub id: String,
    /// When the group was created.
    pub created: Timestamp,
    /// Policies; a group has no boundary.
    #[serde(default)]
    pub permissions: Permissions,
}

impl Entity for Group {
    fn key(&self) -> String {
        name_key(&self.name)
    }

    fn references(&self) -> Vec<Reference> {
        self.permissions.references().collect()
    }
}

impl Resource for Group {
    const KIND: Kind = Kind::Group;

    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn tags(&self) -> Option<&TagSet> {
        None
    }
}

impl Grantee for Group {
    const INLINE_POLICY_SIZE: Quota = Quota::GroupPolicySize;
    const ATTACHED_POLICIES: Quota = Quota::PoliciesPerGroup;

    fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}
