//! The operations of IAM Access Analyzer.

mod forms;
mod generated_policy;
pub(crate) mod generation;
mod policy_generation;
mod validate_policy;

use crate::call::Entry;

/// The operations of Access Analyzer.
pub(crate) const OPERATIONS: [&[&Entry]; 3] =
    [generated_policy::OPERATIONS, policy_generation::OPERATIONS, validate_policy::OPERATIONS];
