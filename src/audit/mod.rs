//! What is known of calls after they were made.

mod usage;

pub use usage::{LastUse, Usage, Use};
