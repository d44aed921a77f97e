//! What resources are called: names and paths, unique ids, ARNs, and the partitions that they are in.

mod arn;
mod ids;
mod names;
mod partition;

pub use arn::*;
pub use ids::*;
pub use names::*;
pub use partition::*;

use super::Constraint;

/// The constraints of the shapes that are declared here.
pub(super) fn constraints() -> impl Iterator<Item = &'static (&'static str, Constraint)> {
    [arn::TEXTS, names::TEXTS, names::NUMBERS].into_iter().flatten()
}
