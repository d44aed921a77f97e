//! What was seen lately, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;

use crate::shapes::Timestamp;

/// The most subjects that are remembered.
const MAX_SUBJECTS: usize = 10_000;

/// What is remembered of subjects, for some time after it was last changed. If there are too many, those whose time has
/// passed are forgotten, and if there are none of these, all are.
pub(super) struct Recent<K, V> {
    known: HashMap<K, (Timestamp, V)>,
    /// How long, in seconds.
    period: i64,
}

impl<K: Eq + Hash, V: Default> Recent<K, V> {
    pub fn new(period: i64) -> Self {
        Self { known: HashMap::new(), period }
    }

    /// What is known of a subject, to be changed. It is new if it was last begun longer ago, or in the future: the clock
    /// can be moved.
    pub fn of(&mut self, key: K, now: Timestamp) -> &mut V {
        if self.known.len() >= MAX_SUBJECTS && !self.known.contains_key(&key) {
            let period = self.period;
            self.known.retain(|_, (since, _)| is_within(*since, now, period));
            if self.known.len() >= MAX_SUBJECTS {
                self.known.clear();
            }
        }
        let entry = self.known.entry(key).or_insert_with(|| (now, V::default()));
        if !is_within(entry.0, now, self.period) {
            *entry = (now, V::default());
        }
        &mut entry.1
    }

    /// What is known of a subject, if its time has not passed.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        self.known.get(key).filter(|(since, _)| is_within(*since, now, self.period)).map(|(_, value)| value)
    }

    /// Forgets subjects.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&K) -> bool) {
        self.known.retain(|key, _| is_kept(key));
    }
}

fn is_within(since: Timestamp, now: Timestamp, period: i64) -> bool {
    since <= now && now < since.plus(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_or_too_much_is_forgotten() {
        let mut recent: Recent<usize, u64> = Recent::new(60);
        let at = Timestamp::from_seconds;
        *recent.of(1, at(100)) += 1;
        *recent.of(1, at(159)) += 1;
        assert_eq!((recent.get(&1, at(159)), recent.get(&1, at(160)), recent.get(&1, at(99))), (Some(&2), None, None));
        *recent.of(1, at(160)) += 1;
        assert_eq!(recent.get(&1, at(160)), Some(&1));
        for subject in 0..3 * MAX_SUBJECTS {
            recent.of(subject, at(200));
        }
        assert!(recent.known.len() <= MAX_SUBJECTS);
        recent.retain(|_| false);
        assert!(recent.known.is_empty());
    }
}
