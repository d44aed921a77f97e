//! What belongs to the account itself: alias, password policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Account, Entity, PasswordPolicy};
use crate::error::Result;
use crate::shapes::{GlobalEndpointTokenVersion, OrganizationFeature};

/// The account's own settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The account's alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Which tokens the global endpoint of STS issues; the first version's if it was never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_endpoint_token_version: Option<GlobalEndpointTokenVersion>,
    /// What the organization has enabled, if this is its management account.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub organization_features: BTreeSet<OrganizationFeature>,
    /// Settings of services, by `{Namespace}/{PropertyName}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// The rules for passwords; AWS's own rules hold while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_policy: Option<PasswordPolicy>,
    /// What files of accounts have made, as `kind/name`, by the names of the files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seeds: BTreeMap<String, BTreeSet<String>>,
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
