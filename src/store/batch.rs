//! What a batch of commits writes.

use std::collections::BTreeMap;

use crate::account::{Account, Changes};
use crate::shapes::{AccountId, Timestamp};

/// All that a batch of commits writes: per table, account and key the new body, or `None` for a row that is gone.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: BTreeMap<&'static str, BTreeMap<(AccountId, String), Option<String>>>,
    /// Per account when it came into being and its new revision.
    pub accounts: BTreeMap<AccountId, (Timestamp, u64)>,
    /// The subjects whose last uses are forgotten.
    pub subjects: Vec<(AccountId, String)>,
}

impl Batch {
    pub fn add(&mut self, account: &Account, changes: &Changes) {
        self.accounts.insert(account.id, (account.created, account.revision));
        for ((table, key), body) in &changes.rows {
            self.rows.entry(table).or_default().insert((account.id, key.clone()), body.clone());
        }
        self.subjects.extend(changes.gone.iter().map(|subject| (account.id, subject.clone())));
    }
}
