//! What belongs to the account itself: alias, password policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Account, Entity, PasswordPolicy};
use crate::error;
use crate::shapes::{AccountId, GlobalEndpointTokenVersion, OrganizationFeature, Timestamp};

/// What an account is called, and how its root user is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name of the account.
    pub name: String,
    /// The e-mail address of its root user.
    pub email: String,
}

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
    /// What files of accounts have made, by the names of the files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seeds: BTreeMap<String, MadeByFile>,
    /// Whether the organization of the configuration was put into the account. That happens once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organization_was_planned: bool,
    /// When the account was closed. It stays closed, also outside of the organization that has closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// Name and address of an account that an organization has created. It keeps them when it leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// What a file of accounts has made, as `kind/name`, with the unique ids of what it made under that name. Older
/// databases have names alone: then there are no ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MadeByFile(pub BTreeMap<String, BTreeSet<String>>);

impl<'de> Deserialize<'de> for MadeByFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Names(BTreeSet<String>),
            Ids(BTreeMap<String, BTreeSet<String>>),
        }
        Ok(Self(match Stored::deserialize(deserializer)? {
            Stored::Names(names) => names.into_iter().map(|name| (name, BTreeSet::new())).collect(),
            Stored::Ids(ids) => ids,
        }))
    }
}

impl Entity for Settings {
    fn key(&self) -> String {
        String::new()
    }
}

impl Contact {
    /// What is made up for an account that no organization has created.
    pub fn unknown(account: AccountId) -> Self {
        Self { name: account.to_string(), email: format!("{account}@example.com") }
    }
}

impl Account {
    /// The settings, or those of an account where nothing was set.
    pub fn settings(&self) -> Settings {
        self.settings.get("").map(|settings| (**settings).clone()).unwrap_or_default()
    }

    /// Whether the account is closed by its own record. Its organization may know more.
    pub fn is_closed(&self) -> bool {
        self.settings.get("").is_some_and(|settings| settings.closed.is_some())
    }

    /// Name and address of the account; made up for an account that no organization has created.
    pub fn contact(&self) -> Contact {
        let known = self.settings.get("").and_then(|settings| settings.contact.clone());
        known.unwrap_or_else(|| Contact::unknown(self.id))
    }

    /// Changes the settings.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn update_settings(&mut self, change: impl FnOnce(&mut Settings) -> error::Result<()>) -> error::Result<()> {
        let mut settings = self.settings();
        change(&mut settings)?;
        self.put(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_made_is_read_as_it_was_stored_before() {
        let read = |text: &str| serde_json::from_str::<MadeByFile>(text).unwrap();
        assert_eq!(read(r#"["user/ann"]"#).0, BTreeMap::from([("user/ann".to_owned(), BTreeSet::new())]));
        let known = r#"{"user/ann":["AIDA1"]}"#;
        assert_eq!(serde_json::to_string(&read(known)).unwrap(), known);
    }
}
