//! Finds the statements that can match a request without looking at the others.
//!
//! A statement is under each action it names, or under the service where it names a pattern, or under "any". Under
//! one such key the statements are sorted by the text their resources begin with, and each knows the nearest one before
//! it whose text begins its own. All texts that begin a resource's ARN then lie on one chain, whose end is the greatest
//! text not above the ARN: one binary search finds it.

use std::ops::Range;
use std::sync::Arc;

use super::action::Action;
use super::statement::Statement;

/// Where a statement is: which policy of the set, which statement of the policy.
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
    /// Sorted by key.
    groups: Box<[Group]>,
    /// Sorted by key and prefix.
    entries: Box<[Entry]>,
}

/// The entries under one key.
#[derive(Clone, Debug)]
struct Group {
    key: u64,
    entries: Range<usize>,
    /// How many bytes all their prefixes have in common.
    common: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    prefix: Arc<str>,
    /// The prefix's first bytes behind what its group has in common: most comparisons end there.
    head: u64,
    place: Place,
    /// The nearest entry before this one whose prefix begins this one's.
    enclosing: Option<u32>,
}

impl Index {
    pub(crate) fn new<'s>(statements: impl Iterator<Item = (Place, &'s Statement)>) -> Self {
        let entry =
            |key, prefix: &Arc<str>, place| Entry { key, prefix: Arc::clone(prefix), head: 0, place, enclosing: None };
        let mut entries: Vec<_> = statements
            .flat_map(|(place, statement)| {
                statement.index_keys.iter().map(move |key| entry(*key, &statement.resource_prefix, place))
            })
            .collect();
        entries.sort_unstable_by(|a, b| (a.key, &*a.prefix).cmp(&(b.key, &*b.prefix)));
        link(&mut entries);
        let mut start = 0;
        let groups = entries.chunk_by_mut(|a, b| a.key == b.key).map(|group| {
            let entries = start..start + group.len();
            start = entries.end;
            Group::new(entries, group)
        });
        Self { groups: groups.collect(), entries: entries.into() }
    }

    /// What the first statement gives that can match and for which `found` gives something; one may be asked twice.
    pub(crate) fn find<T>(
        &self,
        action: &Action,
        resource: &str,
        mut found: impl FnMut(Place) -> Option<T>,
    ) -> Option<T> {
        let [whole, service] = action.keys;
        for key in [whole, service, ANY] {
            let mut next = self.last(key, resource);
            while let Some(entry) = next {
                if resource.starts_with(&*entry.prefix)
                    && let Some(found) = found(entry.place)
                {
                    return Some(found);
                }
                next = entry.enclosing.and_then(|enclosing| self.entries.get(enclosing as usize));
            }
        }
        None
    }

    /// The last entry under a key whose prefix is not above the resource.
    fn last(&self, key: u64, resource: &str) -> Option<&Entry> {
        let group = self.groups.get(self.groups.binary_search_by_key(&key, |group| group.key).ok()?)?;
        let entries = self.entries.get(group.entries.clone())?;
        // A resource without what they have in common finds some entry, which does not begin it.
        let head = head(resource.as_bytes().get(group.common..)?);
        let above =
            entries.partition_point(|entry| entry.head < head || entry.head == head && *entry.prefix <= *resource);
        entries.get(above.checked_sub(1)?)
    }
}

impl Group {
    fn new(entries: Range<usize>, group: &mut [Entry]) -> Self {
        let common = match group {
            [] => 0,
            [first, .., last] => first.prefix.bytes().zip(last.prefix.bytes()).take_while(|(a, b)| a == b).count(),
            [only] => only.prefix.len(),
        };
        for entry in &mut *group {
            entry.head = entry.prefix.as_bytes().get(common..).map(head).unwrap_or_default();
        }
        Self { key: group.first().map_or(ANY, |entry| entry.key), entries, common }
    }
}

/// The first eight bytes as a number, which orders as they do.
fn head(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    for (byte, of) in head.iter_mut().zip(text) {
        *byte = *of;
    }
    u64::from_be_bytes(head)
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

#[cfg(test)]
mod tests {
    use super::super::{Grammar, Policy};
    use super::*;

    /// The numbers of the statements found for a resource; there is one for each of the texts.
    fn found(prefixes: &[&str], resource: &str) -> Vec<u32> {
        let statement = |prefix: &&str| {
            format!(r#"{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{prefix}*"}}"#)
        };
        let statements: Vec<_> = prefixes.iter().map(statement).collect();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
        let policy = Policy::parse(&text, Grammar::Identity).unwrap();
        let place = |statement| Place { policy: 0, statement };
        let index = Index::new((0..).map(place).zip(policy.statements()));
        let mut found = Vec::new();
        let action = Action::parse("s3:GetObject").unwrap();
        index.find(&action, &format!("arn:aws:s3:::{resource}"), |place| {
            found.push(place.statement);
            None::<()>
        });
        found.sort_unstable();
        found
    }

    #[test]
    fn all_and_only_what_begins_a_resource_is_found() {
        let words = ["", "a", "aa", "ab", "b", "team-1", "team-10", "team-100/private", "team-12", "team-2", "team-"];
        let sets: [&[&str]; 5] = [&["team-1"], &words, &words[5..], &words[..2], &["a", "a", "zz", "a"]];
        let long = ["team-1000/", "a much longer word, whose beginning", "a much longer word", "a much longer x"];
        for prefixes in sets.into_iter().chain([&long[..]]) {
            for resource in words.iter().chain(&long).copied().chain(["z", "zzz", "team-100/privates", "teal"]) {
                let begin = (0..).zip(prefixes).filter(|(_, prefix)| resource.starts_with(**prefix));
                let expected: Vec<u32> = begin.map(|(at, _)| at).collect();
                assert_eq!(found(prefixes, resource), expected, "{resource:?} among {prefixes:?}");
            }
        }
    }
}
