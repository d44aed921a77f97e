//! The account itself: alias, properties, password policy, root access management.

pub(crate) mod account_alias;
pub(crate) mod account_property;
pub(crate) mod account_summary;
pub(crate) mod organization;
pub(crate) mod password_policy;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 5] = [
    account_alias::OPERATIONS,
    account_property::OPERATIONS,
    account_summary::OPERATIONS,
    organization::OPERATIONS,
    password_policy::OPERATIONS,
];
