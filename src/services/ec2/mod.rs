//! The one operation of Amazon EC2 that tools for identities begin with.

mod catalogue;
mod regions;

use crate::call::Entry;

/// The operations of EC2.
pub(crate) const OPERATIONS: [&[&Entry]; 1] = [regions::OPERATIONS];
