//! Finds the statements that can match a request without looking at the others.
//!
//! A statement stands under each action it names, or under the service where it names a pattern, or under "any". Under
//! one such key the statements are sorted by the text their resources begin with, and each knows the nearest one before
//! it whose text begins its own. All texts that begin a resource's ARN then lie on one chain, whose end is the greatest
//! text not above the ARN: one binary search finds it.

use std::sync::Arc;

use super::action::Action;
use super::statement::Statement;

/// Where a statement stands: which policy of the set, which statement of the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub policy: u32,
    pub statement: u32,
}

/// The key of statements about any service.
pub(crate) const ANY: u64 = 0;

/// Statements of one effect by action and resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Sorted by key and prefix.
    entries: Box<[Entry]>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    prefix: Arc<str>,
    place: Place,
    /// The nearest entry before this one whose prefix begins this one's.
    enclosing: Option<u32>,
}

impl Index {
    pub(crate) fn new<'s>(statements: impl Iterator<Item = (Place, &'s Statement)>) -> Self {
        let entry = |key, prefix: &Arc<str>, place| Entry { key, prefix: Arc::clone(prefix), place, enclosing: None };
        let mut entries: Vec<_> = statements
            .flat_map(|(place, statement)| {
                statement.index_keys.iter().map(move |key| entry(*key, &statement.resource_prefix, place))
            })
            .collect();
        entries.sort_unstable_by(|a, b| (a.key, &*a.prefix).cmp(&(b.key, &*b.prefix)));
        link(&mut entries);
        Self { entries: entries.into() }
    }

    /// The places of all statements that can match; one may come twice.
    pub(crate) fn candidates(&self, action: &Action, resource: &str) -> impl Iterator<Item = Place> {
        let [whole, service] = action.keys;
        [whole, service, ANY].into_iter().flat_map(move |key| self.under(key, resource))
    }

    fn under(&self, key: u64, resource: &str) -> impl Iterator<Item = Place> {
        let last = self.entries.partition_point(|entry| (entry.key, &*entry.prefix) <= (key, resource));
        let get = |index: usize| self.entries.get(index).filter(|entry| entry.key == key);
        let chain = std::iter::successors(last.checked_sub(1).and_then(get), move |entry| {
            self.entries.get(entry.enclosing? as usize)
        });
        chain.filter(move |entry| resource.starts_with(&*entry.prefix)).map(|entry| entry.place)
    }
}

fn link(entries: &mut [Entry]) {
    for index in 1..entries.len() {
        let (before, rest) = entries.split_at_mut(index);
        let Some(entry) = rest.first_mut() else { return };
        let mut candidate = index.checked_sub(1);
        while let Some(other) = candidate.and_then(|candidate| before.get(candidate)) {
            if other.key == entry.key && entry.prefix.starts_with(&*other.prefix) {
                break;
            }
            candidate = other.enclosing.map(|enclosing| enclosing as usize);
        }
        entry.enclosing = candidate.and_then(|candidate| u32::try_from(candidate).ok());
    }
}
