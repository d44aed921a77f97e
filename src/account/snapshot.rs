//! Snapshots of an account that have a name: what it held, to be restored. In memory they share with the account what has
//! not changed since; in the store they are whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Account, Entity};
use crate::shapes::Timestamp;

/// The rows of an account by table and key, as they are stored.
pub(super) type Rows = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

/// What an account held at a time, under a name.
#[derive(Clone, Serialize, Deserialize)]
pub struct NamedSnapshot {
    /// The name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it is part of a snapshot of all accounts.
    pub of_all: bool,
    /// What the account held.
    #[serde(rename = "rows")]
    pub held: Held,
}

/// What an account holds or held, but for what a snapshot leaves as it is.
#[derive(Clone)]
pub struct Held(pub(super) Arc<Account>);

/// The tables that a snapshot leaves as they are: snapshots themselves, and the codes of MFA devices that were used and the
/// sign-ins that were ended, which never become good again.
pub(super) const LEFT: &[&str] = &["snapshots", "sign_ins", "used_codes"];

impl Serialize for Held {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.rows().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut account = Account::empty();
        for (table, rows) in Rows::deserialize(deserializer)? {
            for body in rows.values() {
                account.load(&table, body.get()).map_err(serde::de::Error::custom)?;
            }
        }
        Ok(Self(Arc::new(account)))
    }
}

impl Held {
    /// What an account holds that nothing was written to.
    pub fn nothing() -> Self {
        Self(Arc::new(Account::empty()))
    }
}

impl Entity for NamedSnapshot {
    fn key(&self) -> String {
        self.name.clone()
    }
}
