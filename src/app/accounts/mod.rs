//! Whole accounts: made what files describe, kept and restored by name, reset, and made into organizations.

mod apply;
mod organization;
mod reset;
mod snapshots;

pub use apply::{ApplyError, ApplyMode};
pub use snapshots::{ListedSnapshot, SnapshotError};
