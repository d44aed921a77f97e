//! The organization itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::OrganizationNode;
use crate::account::{Compiled, Entity, Reference};
use crate::shapes::{OrganizationPolicyType, TagSet, Timestamp};
use iam_policy::{Grammar, Policy};

/// The organization that an account manages, and its root.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationRecord {
    /// `o-…`.
    pub id: String,
    /// The id of the root: `r-…`.
    pub root: String,
    /// Whether it has all features, and not consolidated billing alone.
    pub all_features: bool,
    /// When it was made.
    pub created: Timestamp,
    /// The types of policies that are enabled.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub enabled: BTreeSet<OrganizationPolicyType>,
    /// The service principals with trusted access, and since when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Timestamp>,
    /// The policy that lets members act for the management account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<DelegationPolicy>,
    /// The root's tags and policies.
    #[serde(flatten)]
    pub node: OrganizationNode,
}

/// The resource policy of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DelegationPolicy {
    /// `rp-…`.
    pub id: String,
    /// The document as it was given.
    pub content: Arc<str>,
    /// Its tags.
    #[serde(default)]
    pub tags: TagSet,
    /// The unique id of each user and role that it names, by the ARN written: one that is deleted and created again is
    /// another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// The compiled document.
    #[serde(skip)]
    pub compiled: OnceLock<Compiled>,
}

impl DelegationPolicy {
    /// A policy of this id and document; `unique_id_of` gives the unique ids of users and roles by their ARNs.
    pub fn new(
        id: String,
        content: &str,
        tags: TagSet,
        policy: &Policy,
        unique_id_of: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let named = policy.principals().map(|name| &*name.written);
        let ids = named.filter_map(|written| Some((written.to_owned(), unique_id_of(written)?))).collect();
        Self { id, content: content.into(), tags, ids, compiled: OnceLock::new() }
    }

    /// The compiled document. One that cannot be read denies everything.
    pub fn compiled(&self) -> Compiled {
        let compile = || {
            let policy = Policy::parse(&self.content, Grammar::Resource).map_err(Arc::new)?;
            Ok(Arc::new(policy.with_resolved_principals(|written| self.ids.get(written).cloned())))
        };
        self.compiled.get_or_init(compile).clone()
    }
}

impl Entity for OrganizationRecord {
    fn key(&self) -> String {
        String::new()
    }

    fn references(&self) -> Vec<Reference> {
        self.node.references(None)
    }
}
