//! What a batch of commits writes.

use std::collections::BTreeMap;

use crate::account::{Account, Changes, OrganizationRecord, Stored as _};
use crate::error::Result;
use crate::shapes::{AccountId, Timestamp};

/// All that a batch of commits writes: per table, account and key the new body, or `None` for a row that is gone.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: BTreeMap<&'static str, BTreeMap<(AccountId, String), Option<String>>>,
    pub accounts: BTreeMap<AccountId, Head>,
    /// The subjects whose last uses are forgotten.
    pub subjects: Vec<(AccountId, String)>,
    /// Whether nothing is written where another server has written to one of the accounts.
    pub whole: bool,
}

/// What a batch makes of an account.
pub(super) struct Head {
    /// When it came into being.
    pub created: Timestamp,
    /// Its revision after the batch.
    pub revision: u64,
    /// Its revision before.
    pub previous: u64,
}

impl Batch {
    /// All of an account, for a database that has nothing of it.
    pub fn copy_of(account: &Account) -> Result<Self> {
        let mut batch = Self::default();
        batch.add(account, &account.everything()?);
        batch.accounts.values_mut().for_each(|head| head.previous = 0);
        Ok(batch)
    }

    pub fn add(&mut self, account: &Account, changes: &Changes) {
        let head = self.accounts.entry(account.id).or_insert_with(|| Head {
            created: account.created,
            revision: account.revision,
            previous: account.revision.saturating_sub(1),
        });
        head.revision = account.revision;
        for ((table, key), body) in &changes.rows {
            self.rows.entry(table).or_default().insert((account.id, key.clone()), body.clone());
        }
        self.subjects.extend(changes.gone.iter().map(|subject| (account.id, subject.clone())));
    }

    /// The accounts whose organization the batch makes, changes or deletes.
    pub fn organizations(&self) -> impl Iterator<Item = AccountId> {
        let rows = self.rows.get(OrganizationRecord::TABLE).into_iter().flat_map(BTreeMap::keys);
        rows.map(|(account, _)| *account)
    }
}
