//! What is known of calls after they were made.

pub mod rules;
mod usage;

pub use usage::{LastUse, Usage, Use};
