//! Who owns buckets: their names do not say it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::shapes::AccountId;
use crate::store::{BucketRecord, Store, StoreError};

/// The owners of buckets.
pub(in crate::gateway) struct Owners {
    default: AccountId,
    buckets: RwLock<HashMap<String, BucketRecord>>,
}

impl Owners {
    /// The owners that are known. The owner of other buckets is `default`.
    pub fn new(default: AccountId, known: Vec<BucketRecord>) -> Self {
        let buckets = known.into_iter().map(|bucket| (bucket.name.clone(), bucket)).collect();
        Self { default, buckets: RwLock::new(buckets) }
    }

    /// What is known of a bucket.
    pub fn of_bucket(&self, name: &str) -> BucketRecord {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.get(name).cloned().unwrap_or_else(|| BucketRecord {
            name: name.to_owned(),
            owner: self.default,
            without_block: false,
            without_ownership: false,
        })
    }

    /// Keeps what is known of a bucket.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn keep(&self, store: &Store, bucket: BucketRecord) -> Result<(), StoreError> {
        let known = self.buckets.read().unwrap_or_else(PoisonError::into_inner).get(&bucket.name) == Some(&bucket);
        if !known {
            store.save_bucket(&bucket).await?;
            self.buckets.write().unwrap_or_else(PoisonError::into_inner).insert(bucket.name.clone(), bucket);
        }
        Ok(())
    }

    /// Forgets a bucket that is gone.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn remove(&self, store: &Store, name: &str) -> Result<(), StoreError> {
        store.remove_bucket(name).await?;
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }

    /// Takes up what another server has learned of a bucket.
    pub fn follow(&self, name: &str, bucket: Option<BucketRecord>) {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        match bucket {
            Some(bucket) => drop(buckets.insert(name.to_owned(), bucket)),
            None => drop(buckets.remove(name)),
        }
    }

    /// Forgets the buckets of an account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|_, bucket| account.is_some_and(|account| bucket.owner != account));
    }
}
