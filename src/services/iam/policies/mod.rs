//! Managed and inline policies, their versions, attachments and boundaries.

pub(crate) mod attachments;
pub(crate) mod boundaries;
pub(crate) mod inline_policies;
pub(crate) mod managed_policy;
pub(crate) mod policy_entities;
pub(crate) mod policy_version;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 6] = [
    attachments::OPERATIONS,
    boundaries::OPERATIONS,
    inline_policies::OPERATIONS,
    managed_policy::OPERATIONS,
    policy_entities::OPERATIONS,
    policy_version::OPERATIONS,
];
