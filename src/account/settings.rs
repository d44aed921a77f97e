//! What belongs to the account itself: alias, password policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::error::Result;
use crate::shapes::OrganizationFeature;

/// The account's own settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The account's alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What the organization has enabled, if this is its management account.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub organization_features: BTreeSet<OrganizationFeature>,
    /// Settings of services, by `{Namespace}/{PropertyName}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// The rules for passwords; AWS's own rules hold while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_policy: Option<PasswordPolicy>,
}

/// The account's rules for passwords.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "they are AWS's")]
pub struct PasswordPolicy {
    /// 6 to 128.
    pub minimum_length: i32,
    /// One of `` ! @ # $ % ^ & * ( ) _ + - = [ ] { } | ' ``.
    pub require_symbols: bool,
    /// One digit.
    pub require_numbers: bool,
    /// One of A to Z.
    pub require_uppercase: bool,
    /// One of a to z.
    pub require_lowercase: bool,
    /// Users need no permission to change their own password.
    pub allow_users_to_change_password: bool,
    /// Days after which a password expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
    /// How many former passwords may not be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse_prevention: Option<i32>,
    /// A user whose password has expired cannot set a new one.
    pub hard_expiry: bool,
}

impl Entity for Settings {
    fn key(&self) -> String {
        String::new()
    }
}

impl Account {
    /// The settings, or those of an account where nothing was set.
    pub fn settings(&self) -> Settings {
        self.settings.get("").map(|settings| (**settings).clone()).unwrap_or_default()
    }

    /// Changes the settings.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn update_settings(&mut self, change: impl FnOnce(&mut Settings) -> Result<()>) -> Result<()> {
        let mut settings = self.settings();
        change(&mut settings)?;
        self.put(settings)
    }
}
