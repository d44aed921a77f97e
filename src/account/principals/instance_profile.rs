//! Instance profiles: what hands a role to an EC2 instance.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, Reference, name_key};
use crate::shapes::{Path, TagSet, Timestamp};

/// An instance profile with at most one role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// In the spelling it was given.
    pub name: String,
    /// The path; never changes.
    pub path: Path,
    /// `AIPA…`.
    pub id: String,
    /// When the profile was created.
    pub created: Timestamp,
    /// The key of its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

impl Entity for InstanceProfile {
    fn key(&self) -> String {
        name_key(&self.name)
    }

    fn references(&self) -> Vec<Reference> {
        self.role.iter().cloned().map(Reference::Role).collect()
    }
}

tagged_resource!(InstanceProfile, InstanceProfile);
