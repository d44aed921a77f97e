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

/// What another server on the same database has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It wrote to an account, which has this revision now.
    Account(AccountId, u64),
    /// It made, changed or deleted the organization of an account.
    Organization(AccountId),
    /// It emptied an account, or all of them.
    Reset(Option<AccountId>),
    /// It changed a value of the servers' own.
    Value(String),
    /// It learned something of a bucket.
    Bucket(String),
    /// It has passed on a call that changes policies, tags or grants of an upstream.
    Documents,
    /// It wants to know when this server has taken note of all news, and has written what it had recorded.
    Question(u64),
    /// The same is done there: the question, and the sequence number up to which all events are written.
    Answer(u64, u64),
    /// It has seen something that this server must know to detect what it would: a sighting, as JSON.
    Sighting(String),
    /// What came of its delivery of events to a trail, as JSON; and which server it is.
    Delivery(u64, String),
    /// Something may have been missed.
    Missed,
}
