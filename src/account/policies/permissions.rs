//! The policies of a user, group or role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::{Reference, StoredPolicy};
use crate::error::{Error, Result};

/// Inline policies, attached managed policies and the boundary of one user, group or role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Permissions {
    /// Inline policies by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, StoredPolicy>,
    /// The ARNs of the attached managed policies, in the order of attachment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
    /// The ARN of the permissions boundary. Groups have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
}

impl Permissions {
    /// Refuses the deletion of what still has policies; a boundary does not matter.
    ///
    /// # Errors
    /// `DeleteConflict`.
    pub fn must_be_empty(&self) -> Result<()> {
        if !self.attached.is_empty() {
            return Err(Error::delete_first("detach all policies"));
        }
        if !self.inline.is_empty() {
            return Err(Error::delete_first("delete policies"));
        }
        Ok(())
    }

    /// The managed policies that these permissions refer to.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        let attached = self.attached.iter().cloned().map(Reference::AttachedPolicy);
        attached.chain(self.boundary.iter().cloned().map(Reference::PermissionsBoundary))
    }
}
