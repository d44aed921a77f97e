//! Snapshots of an account that have a name: what it held, to be restored.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Entity;
use crate::shapes::Timestamp;

/// The rows of an account by table and key, as they are stored.
pub type Rows = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

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
    pub rows: Arc<Rows>,
}

/// The tables that a snapshot leaves as they are: snapshots themselves, and the codes of MFA devices that were used and the
/// sign-ins that were ended, which never become good again.
pub(super) const LEFT: &[&str] = &["snapshots", "sign_ins", "used_codes"];

impl Entity for NamedSnapshot {
    fn key(&self) -> String {
        self.name.clone()
    }
}
