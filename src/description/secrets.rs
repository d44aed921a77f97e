//! The secrets that were made for users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::shapes::Secret;

/// What was made, by account and user: the content of the file of secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct GeneratedSecrets {
    /// Users by account, as `123456789012`, and name.
    pub accounts: BTreeMap<String, BTreeMap<String, UserSecrets>>,
}

/// What was made for a user.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UserSecrets {
    /// Access keys: the secret by the id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub access_keys: BTreeMap<String, Secret>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The seeds of MFA devices in base32, by their serial numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mfa_seeds: BTreeMap<String, Secret>,
}

impl GeneratedSecrets {
    /// Whether nothing was made.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The secrets of a user.
    pub fn of(&mut self, account: &str, user: &str) -> &mut UserSecrets {
        self.accounts.entry(account.to_owned()).or_default().entry(user.to_owned()).or_default()
    }

    /// Adds others; where both have one, theirs is kept.
    pub fn add(&mut self, other: Self) {
        for (account, users) in other.accounts {
            for (user, secrets) in users {
                let own = self.of(&account, &user);
                own.access_keys.extend(secrets.access_keys);
                own.mfa_seeds.extend(secrets.mfa_seeds);
                own.password = secrets.password.or(own.password.take());
            }
        }
    }
}
