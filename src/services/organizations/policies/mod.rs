//! Policies: what they are, what they are attached to, and which types are in force.

mod attachment;
mod effective;
mod policy;
mod policy_type;
mod resource_policy;

use crate::call::Entry;

/// The operations of this folder.
pub(super) const OPERATIONS: [&[&Entry]; 5] = [
    attachment::OPERATIONS,
    effective::OPERATIONS,
    policy::OPERATIONS,
    policy_type::OPERATIONS,
    resource_policy::OPERATIONS,
];
