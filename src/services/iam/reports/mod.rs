//! Reports of an account and of what its policies grant.

pub(crate) mod account_authorization_details;
pub(crate) mod credential_report;
pub(crate) mod entity_details;
pub(crate) mod granting_policies;
pub(crate) mod organizations_access_report;
pub(crate) mod service_access;
pub(crate) mod service_grants;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 5] = [
    account_authorization_details::OPERATIONS,
    credential_report::OPERATIONS,
    granting_policies::OPERATIONS,
    organizations_access_report::OPERATIONS,
    service_access::OPERATIONS,
];
