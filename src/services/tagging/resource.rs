//! IAM's resources that carry tags, found by ARN.

use crate::account::{
    Account, Entity, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider, Resource, Role, SamlProvider,
    ServerCertificate, Subject, Taggable, User,
};
use crate::call::Target;
use crate::error::{Code, Error, Result};
use crate::shapes::{ArnParts, Kind, TagSet};

/// A resource that carries tags.
pub(super) struct Tagged<'a> {
    pub arn: String,
    pub kind: Kind,
    pub tags: &'a TagSet,
}

impl Tagged<'_> {
    /// Whether it is of this service or type: `iam`, `iam:policy`.
    pub fn is_of(&self, resource_type: &str) -> bool {
        match resource_type.split_once(':') {
            Some((service, kind)) => service == "iam" && kind == self.kind.arn_type(),
            None => resource_type == "iam",
        }
    }
}

/// All resources with tags that the API shows, sorted by ARN. It does not show users and roles, though it can tag them
/// (Resource Groups Tagging API reference, "Services that support the Resource Groups Tagging API").
pub(super) fn shown(account: &Account) -> Vec<Tagged<'_>> {
    let mut shown = Vec::new();
    add::<InstanceProfile>(account, &mut shown);
    add::<ManagedPolicy>(account, &mut shown);
    add::<MfaDevice>(account, &mut shown);
    add::<OidcProvider>(account, &mut shown);
    add::<SamlProvider>(account, &mut shown);
    add::<ServerCertificate>(account, &mut shown);
    shown.sort_by(|a, b| a.arn.cmp(&b.arn));
    shown
}

fn add<'a, R: Resource>(account: &'a Account, shown: &mut Vec<Tagged<'a>>) {
    let resources = R::table(account).iter().filter_map(|resource| {
        let tags = resource.tags().filter(|tags| !tags.is_empty())?;
        Some(Tagged { arn: resource.arn(account.id), kind: R::KIND, tags })
    });
    shown.extend(resources);
}

/// The kinds of IAM's resources that can be tagged.
const KINDS: [Kind; 8] = [
    Kind::User,
    Kind::Role,
    Kind::InstanceProfile,
    Kind::Policy,
    Kind::MfaDevice,
    Kind::OidcProvider,
    Kind::SamlProvider,
    Kind::ServerCertificate,
];

/// A place where tags can be: an ARN of a kind that carries them, whether or not the resource exists.
pub(super) struct Place<'a> {
    arn: &'a str,
    pub kind: Kind,
    name: &'a str,
}

impl<'a> Place<'a> {
    /// The place that an ARN means.
    ///
    /// # Errors
    /// `InternalServiceException` for ARNs of resources that cannot be tagged here (Resource Groups Tagging API reference,
    /// "FailureInfo").
    pub fn of(arn: &'a str) -> Result<Self> {
        let parts = ArnParts::parse(arn);
        let place = parts.and_then(|parts| {
            let kind = KINDS.into_iter().find(|kind| parts.path_and_name(*kind).is_some())?;
            let (_, name) = parts.path_and_name(kind)?;
            // The name of a provider of OpenID Connect is a URL with slashes of its own.
            let name = if kind == Kind::OidcProvider { parts.resource.split_once('/')?.1 } else { name };
            Some(Self { arn, kind, name })
        });
        place.ok_or_else(|| {
            Error::new(Code::InternalServiceException, "The resource type in the request is not supported.")
        })
    }

    /// What permission is needed on.
    pub fn target(&self, account: &Account) -> Target<'a> {
        match self.kind {
            // A policy is matched to the letter: what has another path does not exist.
            Kind::User | Kind::Role | Kind::InstanceProfile | Kind::ServerCertificate if self.find(account).is_ok() => {
                Target::Existing(self.kind, self.name)
            }
            Kind::Policy => Target::Policy(self.arn),
            _ => Target::Arn(self.arn.into()),
        }
    }

    /// Changes the tags that are there.
    ///
    /// # Errors
    /// `NoSuchEntity`, `InvalidInput` for AWS's own policies, and what `change` returns.
    pub fn change(&self, account: &mut Account, change: impl FnOnce(&mut TagSet) -> Result<()>) -> Result<()> {
        let name = &self.find(account)?;
        match self.kind {
            Kind::User => update::<User>(account, name, change),
            Kind::Role => update::<Role>(account, name, change),
            Kind::InstanceProfile => update::<InstanceProfile>(account, name, change),
            Kind::Policy => update::<ManagedPolicy>(account, name, change),
            Kind::MfaDevice => update::<MfaDevice>(account, name, change),
            Kind::OidcProvider => update::<OidcProvider>(account, name, change),
            Kind::SamlProvider => update::<SamlProvider>(account, name, change),
            Kind::ServerCertificate => update::<ServerCertificate>(account, name, change),
            Kind::Group | Kind::DelegationRequest => Err(Error::missing(self.kind, self.name)),
        }
    }

    /// The name by which the account finds the resource that has exactly this ARN.
    fn find(&self, account: &Account) -> Result<String> {
        let missing = || Error::missing(self.kind, self.name);
        match self.kind {
            Kind::User | Kind::Role => match account.identity(self.arn).map_err(|_| missing())? {
                Subject::User(user) => Ok(user.name.clone()),
                Subject::Role(role) => Ok(role.name.clone()),
                Subject::Group(_) | Subject::Policy(_) => Err(missing()),
            },
            Kind::Policy => {
                let missing = || Error::missing(Kind::Policy, self.arn);
                let refused = || Error::new(Code::InvalidInput, "Tags not supported for policies in this domain");
                account.find_own_policy(self.arn, missing, refused).map(|policy| policy.name.clone())
            }
            Kind::MfaDevice => account.find_virtual_mfa_device(self.arn).map(Entity::key),
            Kind::InstanceProfile => self.exact::<InstanceProfile>(account).ok_or_else(missing),
            Kind::ServerCertificate => self.exact::<ServerCertificate>(account).ok_or_else(missing),
            Kind::OidcProvider => account.find_by_arn::<OidcProvider>(self.arn).map(|found| found.name().to_owned()),
            Kind::SamlProvider => account.find_by_arn::<SamlProvider>(self.arn).map(|found| found.name().to_owned()),
            Kind::Group | Kind::DelegationRequest => Err(missing()),
        }
    }

    fn exact<R: Resource>(&self, account: &Account) -> Option<String> {
        let found = account.get::<R>(self.name).filter(|found| found.arn(account.id) == self.arn)?;
        Some(found.name().to_owned())
    }
}

fn update<R: Taggable>(
    account: &mut Account,
    name: &str,
    change: impl FnOnce(&mut TagSet) -> Result<()>,
) -> Result<()> {
    account.update::<R, _>(name, |tagged| change(tagged.tags_mut()))
}
