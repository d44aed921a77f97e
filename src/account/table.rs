//! An ordered map whose clones share structure.

use std::ops::Bound;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

/// Entities by key, in the order of their keys. Cloning costs nothing worth mentioning.
pub struct Table<E>(RedBlackTreeMapSync<String, Arc<E>>);

impl<E> Table<E> {
    /// The entity with this key.
    pub fn get(&self, key: &str) -> Option<&Arc<E>> {
        self.0.get(key)
    }

    /// The number of entities.
    pub fn len(&self) -> usize {
        self.0.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All entities in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<E>> {
        self.0.values()
    }

    /// The entities behind a key, with their keys: where a page begins.
    pub fn after<'t>(&'t self, key: Option<&str>) -> impl Iterator<Item = (&'t str, &'t Arc<E>)> + use<'t, E> {
        let start: Bound<String> = key.map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_owned()));
        self.0.range((start, Bound::Unbounded)).map(|(key, entity)| (key.as_str(), entity))
    }

    pub(super) fn insert(&mut self, key: String, entity: Arc<E>) {
        self.0.insert_mut(key, entity);
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.remove_mut(key);
    }
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl<E> Clone for Table<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
