//! Roles: their trust policies, the instance profiles that carry them, the roles of services and of templates.

pub(crate) mod acquire_role;
pub(crate) mod instance_profile;
pub(crate) mod role;
pub(crate) mod role_shape;
pub(crate) mod role_template;
pub(crate) mod service_linked_role;
pub(crate) mod trust;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 5] = [
    acquire_role::OPERATIONS,
    instance_profile::OPERATIONS,
    role::OPERATIONS,
    role_template::OPERATIONS,
    service_linked_role::OPERATIONS,
];
