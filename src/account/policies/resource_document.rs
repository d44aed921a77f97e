//! Policies of other services' resources, which are kept for servers that do not keep them.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity};

/// A document that belongs to a resource of another service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// The ARN of the resource.
    pub resource: String,
    /// The document, as it was given.
    pub text: String,
}

/// What a document of a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// Its policy, in JSON.
    Policy,
    /// Block Public Access of a bucket, in XML.
    PublicAccessBlock,
    /// Object Ownership of a bucket, in XML.
    OwnershipControls,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Policy, Self::PublicAccessBlock, Self::OwnershipControls];

    /// The key of a resource's document of this kind.
    pub fn key(self, resource: &str) -> String {
        let name = match self {
            Self::Policy => "policy",
            Self::PublicAccessBlock => "public-access-block",
            Self::OwnershipControls => "ownership-controls",
        };
        format!("{name}/{resource}")
    }
}

impl Entity for ResourceDocument {
    fn key(&self) -> String {
        self.kind.key(&self.resource)
    }
}

impl Account {
    /// The text of a resource's document of this kind.
    pub fn resource_document(&self, kind: DocumentKind, resource: &str) -> Option<&str> {
        self.resource_documents.get(&kind.key(resource)).map(|document| document.text.as_str())
    }

    /// Forgets all documents of a resource.
    pub fn forget_resource(&mut self, resource: &str) {
        for kind in DocumentKind::ALL {
            self.remove::<ResourceDocument>(&kind.key(resource));
        }
    }
}
