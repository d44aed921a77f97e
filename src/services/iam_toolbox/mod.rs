//! The operations of Access Troubleshooter, the service `iam-toolbox`: why a request was denied.

mod authorization_details;
mod authorization_policy;

pub(crate) use self::authorization_details::GetRequestAuthorizationDetails;

use std::sync::Arc;

use crate::audit::{AuthorizationId, Details};
use crate::call::{Entry, Inquiry, View};
use crate::error::{Code, Error, Result};

/// The operations of Access Troubleshooter.
pub(crate) const OPERATIONS: [&[&Entry]; 2] = [authorization_details::OPERATIONS, authorization_policy::OPERATIONS];

/// The sides of a denied request that a caller may see.
#[derive(Clone, Copy)]
struct Sides {
    /// The principal's: its policies, and what the checks come to.
    principal: bool,
    /// The resource's: its policies.
    resource: bool,
}

impl Sides {
    /// Those of accounts that the caller's is, or that were in the organization with which it is (IAM User Guide,
    /// "Troubleshoot access denied errors with Access Troubleshooter").
    fn of(details: &Details, cx: &View<'_>) -> Self {
        let reader = cx.caller.account;
        let organization = cx.organizations.of(reader);
        let is_fellow = |account| organization.is_some_and(|found| found.contains(account));
        let sees = |account, was_member: bool| account == reader || (was_member && is_fellow(account));
        Self {
            principal: sees(details.account, details.in_organization),
            resource: sees(details.owner, details.owner_in_organization),
        }
    }

    fn any(self) -> bool {
        self.principal || self.resource
    }
}

/// What is asked of the audit trail.
fn inquiry(id: &str) -> Result<Option<Inquiry>> {
    let id = AuthorizationId::parse(id);
    id.map(|id| Some(Inquiry::Denial(id))).map_err(|error| Error::new(Code::ValidationException, error.to_string()))
}

/// The denial that was fetched, if the caller may see something of it.
fn fetched<'a>(cx: &'a View<'_>) -> Result<(&'a Arc<Details>, Sides)> {
    let details = cx.fetched.and_then(|fetched| fetched.denial());
    let seen = details.map(|details| (details, Sides::of(details, cx)));
    seen.filter(|(_, sides)| sides.any()).ok_or_else(|| {
        Error::new(Code::ResourceNotFound, "The authorization details for the specified id were not found.")
    })
}
