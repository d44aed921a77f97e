//! What is stored beside accounts, and what is said of them.

use serde::Serialize;

use crate::shapes::AccountId;

/// An account and how much is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountCounts {
    /// The twelve digits.
    pub account: String,
    /// When something was written to it first, such as `2026-11-27T23:24:00Z`.
    pub created: String,
    /// Its users.
    pub users: u64,
    /// Its groups.
    pub groups: u64,
    /// Its roles.
    pub roles: u64,
    /// Its own managed policies.
    pub policies: u64,
}

/// What is known of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketRecord {
    /// Its name.
    pub name: String,
    /// The account that made it.
    pub owner: AccountId,
    /// Whether its Block Public Access was removed.
    pub without_block: bool,
    /// Whether its Object Ownership was removed.
    pub without_ownership: bool,
}
