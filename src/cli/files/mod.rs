//! Files of accounts: `iamd apply`, `iamd import`, `iamd export`, and what the server applies when it starts.

mod apply;
mod import;
mod report;
mod secrets;
mod seed;
mod sources;

pub use apply::{ApplyOptions, apply};
pub use import::{ExportOptions, ImportOptions, export, import};
pub use seed::seed;

/// What goes wrong, as one sentence.
pub type Failure = Box<dyn std::error::Error>;
