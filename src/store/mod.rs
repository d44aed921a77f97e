//! Where accounts live: loading, durable commits, and the turn-taking of writers.

mod accounts;
mod committer;
mod sqlite;

pub use accounts::{Accounts, Cell, Turn};
pub use sqlite::{Sqlite, StoreError};
