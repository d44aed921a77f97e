//! The policies of an organization.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::account::{Compiled, Entity, Reference};
use crate::shapes::{OrganizationPolicyType, TagSet, Timestamp};
use iam_policy::{Grammar, Policy};

/// A policy of the customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationPolicy {
    /// `p-…`.
    pub id: String,
    /// The name, unique among the policies of its type.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: OrganizationPolicyType,
    /// The document as it was given.
    pub content: Arc<str>,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Its tags.
    #[serde(default)]
    pub tags: TagSet,
    /// The compiled document of a policy that decides about requests.
    #[serde(skip)]
    pub compiled: OnceLock<Compiled>,
}

impl OrganizationPolicy {
    /// The grammar of the types that decide about requests.
    pub fn grammar(kind: OrganizationPolicyType) -> Option<Grammar> {
        match kind {
            OrganizationPolicyType::ServiceControl => Some(Grammar::ServiceControl),
            OrganizationPolicyType::ResourceControl => Some(Grammar::ResourceControl),
            _ => None,
        }
    }

    /// The compiled policy; `None` for types that decide about nothing. One that cannot be read denies everything.
    pub fn compiled(&self) -> Option<Compiled> {
        let grammar = Self::grammar(self.kind)?;
        let compile = || Policy::parse(&self.content, grammar).map(Arc::new).map_err(Arc::new);
        Some(self.compiled.get_or_init(compile).clone())
    }
}

impl Entity for OrganizationPolicy {
    fn key(&self) -> String {
        self.id.clone()
    }

    fn references(&self) -> Vec<Reference> {
        let name = Reference::NameWithin(self.kind.name().to_owned(), self.name.clone());
        vec![Reference::OrganizationPolicyType(self.kind.name()), name]
    }
}
