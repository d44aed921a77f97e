//! Where accounts live: loading, durable commits, and the turn-taking of writers.

mod accounts;
mod batch;
mod buckets;
mod cells;
mod census;
mod committer;
mod connection;
mod error;
mod file;
mod seal;
mod sqlite;
#[cfg(test)]
mod tests;
mod trail;
mod usage;

pub use accounts::{Accounts, Turn};
pub use buckets::BucketRecord;
pub use cells::Cell;
pub use error::StoreError;
pub use seal::SealingKey;
pub use sqlite::Sqlite;
pub use trail::{EventPage, RETENTION_SECONDS, Trail};
