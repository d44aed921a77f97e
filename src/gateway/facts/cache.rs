//! What upstreams have said, for as long as it is believed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most entries. Beyond, everything is asked for again.
const MAX_ENTRIES: usize = 10_000;

/// Values by name that are believed for a time, unless a call changes them earlier.
pub(in crate::gateway) struct Cache<V> {
    ttl: Duration,
    entries: Mutex<HashMap<String, (Instant, Arc<V>)>>,
    changes: AtomicU64,
}

/// The state of a cache when a question to an upstream began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Since(u64);

impl<V> Cache<V> {
    /// An empty cache whose values are believed for so long.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, entries: Mutex::default(), changes: AtomicU64::new(0) }
    }

    /// The value of that name, if it is still believed.
    pub fn get(&self, name: &str) -> Option<Arc<V>> {
        let entries = self.lock();
        let (kept, value) = entries.get(name)?;
        (kept.elapsed() < self.ttl).then(|| Arc::clone(value))
    }

    /// To be called before the upstream is asked.
    pub fn now(&self) -> Since {
        Since(self.changes.load(Ordering::Acquire))
    }

    /// Keeps what the upstream said, unless something has changed in the meantime.
    pub fn keep(&self, name: String, value: &Arc<V>, since: Since) {
        let mut entries = self.lock();
        if self.now() == since {
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
            entries.insert(name, (Instant::now(), Arc::clone(value)));
        }
    }

    /// Forgets the values whose names this is true for.
    pub fn forget(&self, is_changed: impl Fn(&str) -> bool) {
        let mut entries = self.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        entries.retain(|name, _| !is_changed(name));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, Arc<V>)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_before_a_change_is_not_kept_after_it() {
        let cache = Cache::new(Duration::from_secs(60));
        let since = cache.now();
        cache.keep("a".to_owned(), &Arc::new(1), since);
        cache.keep("b".to_owned(), &Arc::new(2), since);
        cache.forget(|name| name == "a");
        assert_eq!((cache.get("a"), cache.get("b").as_deref()), (None, Some(&2)));
        cache.keep("a".to_owned(), &Arc::new(1), since);
        assert_eq!(cache.get("a"), None);
        cache.keep("a".to_owned(), &Arc::new(3), cache.now());
        assert_eq!(cache.get("a").as_deref(), Some(&3));
    }

    #[test]
    fn without_time_nothing_is_believed() {
        let cache = Cache::new(Duration::ZERO);
        cache.keep("a".to_owned(), &Arc::new(1), cache.now());
        assert_eq!(cache.get("a"), None);
    }
}
