//! Requests for delegated permissions.

pub(crate) mod delegation_decision;
pub(crate) mod delegation_notice;
pub(crate) mod delegation_permission;
pub(crate) mod delegation_request;
pub(crate) mod delegation_request_shape;
pub(crate) mod human_readable_summary;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 3] =
    [delegation_decision::OPERATIONS, delegation_request::OPERATIONS, human_readable_summary::OPERATIONS];
