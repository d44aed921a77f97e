//! IAM groups.

pub(crate) mod group;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 1] = [group::OPERATIONS];
