//! Where accounts live: loading, durable commits, and the turn-taking of writers.

mod accounts;
mod attempts;
mod batch;
mod cells;
mod committer;
mod delivery;
mod engine;
mod error;
mod fault;
mod postgres;
mod records;
mod room;
mod seal;
mod sharing;
mod sqlite;
#[cfg(test)]
mod tests;
mod trail;

pub use accounts::{Accounts, Reading, Turn};
pub use attempts::AttemptLimit;
pub use cells::Cell;
pub use delivery::{DEFAULT_INTERVAL, Delivery, DeliveryStatus};
pub use engine::{SESSION_KEY, Store};
pub use error::StoreError;
pub use postgres::{PostgresUrl, without_password};
pub use records::{AccountCounts, BucketRecord, News};
pub use seal::SealingKey;
pub use trail::{EventPage, MAX_ACTIVITY, RETENTION_SECONDS, Trail};
