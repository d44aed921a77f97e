//! What a user, or the root user, signs in and signs requests with.

use serde::{Deserialize, Serialize};

use super::{LoginProfile, Reference};
use crate::error::{Error, Result};
use crate::shapes::{Secret, Status, Timestamp};

/// The credentials of a user or of the root user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credentials {
    /// Access keys in the order of their creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_keys: Vec<AccessKey>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_profile: Option<LoginProfile>,
}

impl Credentials {
    /// Refuses the deletion of a user that still has credentials.
    ///
    /// # Errors
    /// `DeleteConflict`.
    pub fn must_be_gone(&self) -> Result<()> {
        if self.login_profile.is_some() {
            return Err(Error::delete_first("delete login profile"));
        }
        if !self.access_keys.is_empty() {
            return Err(Error::delete_first("delete access keys"));
        }
        Ok(())
    }

    /// What can be looked up by its id.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        self.access_keys.iter().map(|key| Reference::AccessKey(key.id.clone()))
    }
}

/// A long-term access key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// What requests are signed with.
    pub secret: Secret,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl AccessKey {
    /// The status as answers show it.
    pub fn status(&self) -> Status {
        if self.active { Status::Active } else { Status::Inactive }
    }
}
