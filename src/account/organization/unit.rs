//! Organizational units.

use serde::{Deserialize, Serialize};

use super::OrganizationNode;
use crate::account::{Entity, Reference};

/// An organizational unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationUnit {
    /// `ou-…`.
    pub id: String,
    /// The name, unique among the units of the same parent.
    pub name: String,
    /// The id of the root or unit that it is in.
    pub parent: String,
    /// Tags and policies.
    #[serde(flatten)]
    pub node: OrganizationNode,
}

impl Entity for OrganizationUnit {
    fn key(&self) -> String {
        self.id.clone()
    }

    fn references(&self) -> Vec<Reference> {
        let name = Reference::NameWithin(self.parent.clone(), self.name.clone());
        self.node.references(Some(&self.parent)).into_iter().chain([name]).collect()
    }
}
