//! Customer-managed policies and their versions.

use serde::{Deserialize, Serialize};

use super::{Entity, Resource, StoredPolicy, Taggable, name_key};
use crate::shapes::{Kind, TagSet, Timestamp};

/// A policy that the account manages itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// In the spelling it was given.
    pub name: String,
    /// The path; never changes.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// When the policy was created.
    pub created: Timestamp,
    /// When its latest version was made or its default was changed.
    pub updated: Timestamp,
    /// Given at creation, never changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One to five versions, the oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version that is in force.
    pub default_version: u32,
    /// The number that the next version gets; numbers are not used again.
    pub next_version: u32,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

/// One version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `1` for `v1`.
    pub number: u32,
    /// When the version was made.
    pub created: Timestamp,
    /// What it says.
    pub document: StoredPolicy,
}

impl PolicyVersion {
    /// `v1`, `v2`, …
    pub fn id(&self) -> String {
        format!("v{}", self.number)
    }
}

impl ManagedPolicy {
    /// The version with this id.
    pub fn version(&self, id: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id() == id)
    }

    /// The version that is in force.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == self.default_version)
    }
}

impl Entity for ManagedPolicy {
    fn key(&self) -> String {
        name_key(&self.name)
    }
}

impl Resource for ManagedPolicy {
    const KIND: Kind = Kind::Policy;

    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn tags(&self) -> Option<&TagSet> {
        Some(&self.tags)
    }
}

impl Taggable for ManagedPolicy {
    fn tags_mut(&mut self) -> &mut TagSet {
        &mut self.tags
    }
}
