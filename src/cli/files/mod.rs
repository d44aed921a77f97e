//! Files of accounts: `iamd apply`, `iamd import`, `iamd export`, `iamd diff`, and what the server applies when it starts.

mod apply;
mod diff;
mod import;
mod organization;
mod rehearse;
mod report;
mod secrets;
mod seed;
mod sources;

pub use apply::{ApplyOptions, apply};
pub use diff::{DiffOptions, diff};
pub use import::{ExportOptions, ImportOptions, export, import};
pub(super) use rehearse::Rehearsal;
pub use seed::seed;

/// What goes wrong, as one sentence.
pub type Failure = Box<dyn std::error::Error>;
