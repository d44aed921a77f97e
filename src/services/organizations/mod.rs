//! The operations of AWS Organizations: what the configuration says of the organization, in the words of its API.

mod account;
mod organization;
mod root;

use crate::call::{AccountRef, Context, Entry};
use crate::error::{Code, Error, Result};
use crate::organization::Organization;

/// The operations of Organizations.
pub(crate) const OPERATIONS: [&[&Entry]; 3] = [account::OPERATIONS, organization::OPERATIONS, root::OPERATIONS];

impl<A: AccountRef> Context<'_, A> {
    /// The organization that the account belongs to.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`.
    fn own_organization(&self) -> Result<&Organization> {
        let organization = self.environment.organization.as_ref();
        organization.filter(|organization| organization.contains(self.account.id)).ok_or_else(|| {
            Error::new(Code::AWSOrganizationsNotInUse, "Your account is not a member of an organization.")
        })
    }

    /// The organization, of which this account must be the management account or a delegated administrator.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`; `AccessDeniedException` for other accounts.
    fn overseen_organization(&self) -> Result<&Organization> {
        let organization = self.own_organization()?;
        if organization.is_administered_by(self.account.id) {
            return Ok(organization);
        }
        Err(Error::new(Code::AccessDenied, "You don't have permissions to access this resource."))
    }
}
