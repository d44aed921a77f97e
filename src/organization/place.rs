//! Where accounts are in the organization, and what that means for a request.

use std::borrow::Cow;
use std::sync::Arc;

use iam_policy::{PolicySet, Values};

/// Where an account is in the organization.
#[derive(Debug)]
pub struct Place {
    /// The path to the account, without it: `o-…/r-…/ou-…/`.
    pub(super) path: String,
    pub(super) service_control: Option<Arc<[PolicySet]>>,
    pub(super) resource_control: Option<Arc<[PolicySet]>>,
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
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The principal's account, if it has one and that is in an organization.
    pub principal: Option<Arc<Place>>,
    /// The account of the resource, if it is in an organization.
    pub resource: Option<Arc<Place>>,
}

impl Places {
    /// The condition keys for the places (IAM User Guide, "AWS global condition context keys"). Requests on no
    /// resource in particular have those of the principal only.
    pub fn keys(&self, on_resource: bool) -> impl Iterator<Item = (Cow<'_, str>, Values<'_>)> {
        let principal = self.principal.as_ref();
        let principal = principal.map(|place| place.keys_of_place("aws:PrincipalOrgID", "aws:PrincipalOrgPaths"));
        let resource = self.resource.as_ref().filter(|_| on_resource);
        let resource = resource.map(|place| place.keys_of_place("aws:ResourceOrgID", "aws:ResourceOrgPaths"));
        principal.into_iter().chain(resource).flatten()
    }

    /// The keys of the resource's account, which outlive the place.
    pub fn owned_keys(&self) -> Vec<(Cow<'static, str>, Values<'static>)> {
        let Some(place) = &self.resource else { return Vec::new() };
        let organization = place.path.split('/').next().unwrap_or_default().to_owned();
        vec![
            ("aws:ResourceOrgID".into(), organization.into()),
            ("aws:ResourceOrgPaths".into(), vec![Cow::from(place.path.clone())].into()),
        ]
    }

    /// The service control policies that bind the principal, level by level.
    pub fn service_control(&self) -> Option<&[PolicySet]> {
        self.principal.as_deref().and_then(Place::service_control)
    }

    /// The resource control policies that bind the resource, level by level.
    pub fn resource_control(&self) -> Option<&[PolicySet]> {
        self.resource.as_deref().and_then(Place::resource_control)
    }
}
