//! What a piece of work has changed of an account.

use std::collections::{BTreeMap, BTreeSet};

use super::{MemberAccount, Reference, Settings, Stored};
use crate::shapes::{AccountId, Partition};

/// What a commit writes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Per table and key the new body, or `None` for a row that is gone.
    pub rows: BTreeMap<(&'static str, String), Option<String>>,
    /// The access keys, users and roles that are gone, by id: their last use can no longer be asked for.
    pub gone: BTreeSet<String>,
}

impl Changes {
    /// Whether the store may refuse the changes for what another account holds: an alias belongs to one account, and a
    /// member to one organization.
    pub fn may_conflict(&self) -> bool {
        self.rows.keys().any(|(table, _)| *table == Settings::TABLE || *table == MemberAccount::TABLE)
    }

    /// Whether the alias of the account may be a new one.
    pub fn may_name(&self) -> bool {
        self.rows.keys().any(|(table, _)| *table == Settings::TABLE)
    }

    /// The accounts of the organization that were changed, came or went.
    pub fn members(&self, partition: Partition) -> impl Iterator<Item = AccountId> {
        let rows = self.rows.keys().filter(|(table, _)| *table == MemberAccount::TABLE);
        rows.filter_map(move |(_, key)| Some(AccountId::parse(key)?.in_partition(partition)))
    }

    /// Notes what an entity referred to and what it refers to now.
    pub(super) fn note_references(&mut self, before: &[Reference], after: &[Reference]) {
        let subjects = |references: &[Reference]| -> BTreeSet<String> {
            references.iter().filter_map(Reference::subject).map(str::to_owned).collect()
        };
        let (before, after) = (subjects(before), subjects(after));
        // Who is renamed goes and comes back.
        self.gone.retain(|subject| !after.contains(subject));
        self.gone.extend(before.into_iter().filter(|subject| !after.contains(subject)));
    }
}
