//! A small cache: what was read last is often read again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The `N` values used last, by name.
pub struct Recent<T: ?Sized, const N: usize>(Mutex<VecDeque<(&'static str, Arc<T>)>>);

impl<T: ?Sized, const N: usize> Default for Recent<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ?Sized, const N: usize> Recent<T, N> {
    /// An empty cache.
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The value of that name, made anew if it is not among those used last.
    pub fn get_or_make(&self, name: &'static str, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        if let Some(value) = self.get(name) {
            return value;
        }
        // The lock is not held while a value is made; if two threads make the same one, either serves.
        let value = make();
        let mut values = self.lock();
        values.push_front((name, Arc::clone(&value)));
        values.truncate(N);
        value
    }

    fn get(&self, name: &str) -> Option<Arc<T>> {
        let mut values = self.lock();
        let position = values.iter().position(|(other, _)| *other == name)?;
        let used = values.remove(position)?;
        let value = Arc::clone(&used.1);
        values.push_front(used);
        Some(value)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(&'static str, Arc<T>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_values_used_last() {
        let recent = Recent::<str, 2>::new();
        let made = |name: &'static str| {
            let mut made = false;
            let value = recent.get_or_make(name, || {
                made = true;
                Arc::from(name)
            });
            assert_eq!(&*value, name);
            made
        };
        assert!(made("one"));
        assert!(made("two"));
        assert!(!made("one"), "it was used last but one");
        assert!(made("three"), "which drops two, not one");
        assert!(!made("one"));
        assert!(made("two"));
    }
}
