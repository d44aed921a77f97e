//! The root user of an account.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, Entity, Reference};
use crate::shapes::Timestamp;

/// The root user's credentials. The root user itself is always there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RootUser {
    /// Access keys and password.
    #[serde(default)]
    pub credentials: Credentials,
    /// When somebody last signed in to the console with the password, which the settings have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_last_used: Option<Timestamp>,
}

impl Entity for RootUser {
    fn key(&self) -> String {
        String::new()
    }

    fn references(&self) -> Vec<Reference> {
        self.credentials.references().collect()
    }
}
