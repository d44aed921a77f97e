//! The operations of IAM Access Analyzer.

mod validate_policy;

use crate::call::Entry;

/// The operations of Access Analyzer.
pub(crate) const OPERATIONS: [&[&Entry]; 1] = [validate_policy::OPERATIONS];
