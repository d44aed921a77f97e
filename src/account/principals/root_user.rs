//! The root user of an account.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, Entity, Reference};

/// The root user's credentials. The root user itself is always there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RootUser {
    /// Access keys and password.
    #[serde(default)]
    pub credentials: Credentials,
}

impl Entity for RootUser {
    fn key(&self) -> String {
        String::new()
    }

    fn references(&self) -> Vec<Reference> {
        self.credentials.references().collect()
    }
}
