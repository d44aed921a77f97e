//! Where accounts are in the organization, and what that means for a request.

use std::borrow::Cow;

use iam_policy::{PolicySet, Values};

/// Where an account is in the organization.
#[derive(Debug)]
pub struct Place {
    /// The path to the account, without it: `o-…/r-…/ou-…/`.
    pub(super) path: String,
    pub(super) service_control: Option<Box<[PolicySet]>>,
    pub(super) resource_control: Option<Box<[PolicySet]>>,
}

impl Place {
    /// The service control policies that bind the account's principals, level by level from the root. `None` if the
    /// organization has none, and for the management account.
    pub fn service_control(&self) -> Option<&[PolicySet]> {
        self.service_control.as_deref()
    }

    /// The resource control policies that bind the account's resources, likewise.
    pub fn resource_control(&self) -> Option<&[PolicySet]> {
        self.resource_control.as_deref()
    }

    /// The path to the account, without it: `o-…/r-…/ou-…/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Two keys for the place: one has the organization's id, the other the path.
    fn keys_of_place<'o>(&'o self, id: &'static str, paths: &'static str) -> [(Cow<'o, str>, Values<'o>); 2] {
        let organization = self.path.split('/').next().unwrap_or_default();
        [(id.into(), organization.into()), (paths.into(), vec![self.path.as_str()].into())]
    }
}

/// Where the two sides of a request are.
#[derive(Clone, Copy, Debug)]
pub struct Places<'o> {
    /// The principal's account, if it has one and that is in the organization.
    pub principal: Option<&'o Place>,
    /// The account of the resource, if it is in the organization.
    pub resource: Option<&'o Place>,
}

impl<'o> Places<'o> {
    /// The condition keys for the places (IAM User Guide, "AWS global condition context keys"). Requests on no
    /// resource in particular have those of the principal only.
    pub fn keys(&self, on_resource: bool) -> impl Iterator<Item = (Cow<'o, str>, Values<'o>)> {
        let principal = self.principal.map(|place| place.keys_of_place("aws:PrincipalOrgID", "aws:PrincipalOrgPaths"));
        let resource = self.resource.filter(|_| on_resource);
        let resource = resource.map(|place| place.keys_of_place("aws:ResourceOrgID", "aws:ResourceOrgPaths"));
        principal.into_iter().chain(resource).flatten()
    }
}
