//! IAM users.

pub(crate) mod user;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 1] = [user::OPERATIONS];
