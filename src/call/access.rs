//! What an operation needs permission for, as data.
//!
//! An operation names actions and resources; [`super::authorize`] finds the resources' ARNs, tags and boundaries in the
//! account.

use std::borrow::Cow;

use crate::catalogue::service_linked_roles::ServiceLinkedRole;
use crate::identity::Session;
use crate::shapes::{ArnParts, Kind, Tag};
use iam_policy::Values;

/// A resource that an operation needs permission on.
#[derive(Clone, Debug)]
pub enum Target<'a> {
    /// Actions without resources of their own: `*`.
    Any,
    /// An entity by name; it need not exist.
    Existing(Kind, &'a str),
    /// The same of an entity that AWS's denials name by ARN: one that is passed, or that the request gives by ARN.
    Identity(Kind, &'a str),
    /// The service-linked role that the call creates by the way in the caller's own account. Organizations has an error
    /// of its own for callers who may not.
    LinkedRole(ServiceLinkedRole),
    /// An entity that is to be created: path and name.
    New(Kind, Cow<'a, str>, Cow<'a, str>),
    /// Where an entity is moved to. What is not given stays.
    Moved {
        /// What kind it is.
        kind: Kind,
        /// Its name now.
        name: &'a str,
        /// Its new path.
        new_path: Option<&'a str>,
        /// Its new name.
        new_name: Option<&'a str>,
    },
    /// A user by name, or the caller itself when no name is given.
    UserOrCaller(Option<&'a str>),
    /// The calling user, of calls that look it up before they are authorised.
    Caller,
    /// The user that has this access key.
    OwnerOfKey(&'a str),
    /// The user that has enabled this MFA device.
    OwnerOfDevice(&'a str),
    /// A user, or the caller itself, and the id of a service-specific credential of its: the key
    /// `iam:ServiceSpecificCredentialServiceName` is the credential's service.
    ServiceCredential(Option<&'a str>, &'a str),
    /// A virtual MFA device by ARN, which need not be enabled. Sessions of `AssumeRoot` reach no resource but the root
    /// user, and for them it is that one.
    VirtualMfaDevice(&'a str),
    /// A managed policy by ARN.
    Policy(&'a str),
    /// A resource by ARN.
    Arn(Cow<'a, str>),
    /// All resources of a kind under a path prefix, as listings need them.
    Under(Kind, Option<&'a str>),
    /// A resource of this type in the account, such as `federated-user/Bob` of STS.
    Sts(String),
    /// The same of IAM, for resources that are not entities, such as `access-report/o-…`.
    Iam(String),
    /// A quota of a service, by their codes. Quotas of IAM are of no region.
    ServiceQuota(&'a str, &'a str),
    /// A trail of CloudTrail by ARN, or by name in the region of the call.
    Trail(&'a str),
    /// A delegation request by id, or those that the caller makes.
    DelegationRequest(Option<&'a str>),
    /// Something in the organization that the call is about, by id: the root, a unit, an account, a policy, a handshake.
    InOrganization(&'a str),
    /// The organization that the call is about, of actions without resources of their own: `*`.
    Organization,
    /// The role with this ARN, whose trust policy decides too. What the caller's session hands down counts as given
    /// with the request.
    Trust(&'a str),
}

impl Target<'_> {
    /// Whether it is no resource in particular.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Any | Self::Organization)
    }

    /// How AWS's denials name the resource that has this ARN: what exists by kind and name, as the request spells it,
    /// everything else by ARN. `None` for calls of STS and EC2 that are about no resource.
    pub fn words(&self, action: &str, arn: &str, caller: Option<&str>) -> Option<String> {
        let named = |kind: Kind, name: &str| kind.in_denials().map(|noun| format!("{noun} {name}"));
        let words = match self {
            Self::Any if ["sts:", "ec2:"].iter().any(|service| action.starts_with(service)) => return None,
            Self::Existing(kind, name) => named(*kind, name),
            Self::New(Kind::Policy, _, name) => named(Kind::Policy, name),
            Self::Policy(arn) => named(Kind::Policy, arn),
            Self::Under(Kind::Policy, prefix) => Some(format!("policy path {}", prefix.unwrap_or("/"))),
            Self::UserOrCaller(Some(name)) | Self::ServiceCredential(Some(name), _) => named(Kind::User, name),
            // AWS joins the name that is not given to that of the caller.
            Self::UserOrCaller(None) | Self::ServiceCredential(None, _) => {
                Some(format!("user null{}", caller.unwrap_or_default()))
            }
            Self::Caller => caller.and_then(|name| named(Kind::User, name)),
            Self::OwnerOfKey(_) | Self::OwnerOfDevice(_) => ArnParts::parse(arn)
                .and_then(|parts| Some(parts.path_and_name(Kind::User)?.1.to_owned()))
                .filter(|name| name != "*")
                .and_then(|name| named(Kind::User, &name)),
            _ => None,
        };
        Some(words.unwrap_or_else(|| arn.to_owned()))
    }
}

/// When a check is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// When there are tags.
    Tags,
    /// When there is a source identity.
    SourceIdentity,
}

/// One action on one resource.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// The action; `None` stands for the operation's own.
    pub action: Option<Cow<'static, str>>,
    /// The resource.
    pub target: Target<'a>,
    /// Condition keys that the request's parameters give.
    pub keys: Vec<(Cow<'static, str>, Values<'a>)>,
    /// The tags in the request: `aws:RequestTag/…` and `aws:TagKeys`.
    pub tags: Vec<(&'a str, &'a str)>,
    /// Whether the key `iam:PermissionsBoundary` is the boundary that the entity has now.
    pub current_boundary: bool,
    /// The policy of an organization, by id, whose type is the key `organizations:PolicyType`.
    pub organization_policy: Option<&'a str>,
    /// Whether users need no permission if the account's password policy says `AllowUsersToChangePassword`.
    pub by_password_policy: bool,
    /// The identity provider that vouches for the caller, if nothing else is known of him.
    pub provider: Option<&'a str>,
    /// When the check is made.
    pub need: Need,
}

impl Check<'_> {
    /// Whether the request is one that the check is made for.
    pub fn is_needed(&self) -> bool {
        match self.need {
            Need::Always => true,
            Need::Tags => !self.tags.is_empty(),
            Need::SourceIdentity => self.keys.iter().any(|(key, _)| key == "sts:SourceIdentity"),
        }
    }

    /// Whether the check's action has a condition key that the request gives a value. What a request to assume a role
    /// needs besides the role is decided with keys of its own (Service Authorization Reference, "Actions defined by AWS
    /// Security Token Service").
    pub fn has_key(&self, key: &str) -> bool {
        let others: &[&str] = match self.action.as_deref() {
            Some("sts:TagSession") => &["sts:SourceIdentity", "sts:RequestContextProviders"],
            Some("sts:SetSourceIdentity") => &["sts:TransitiveTagKeys", "sts:RequestContextProviders"],
            Some("sts:SetContext") => &["sts:TransitiveTagKeys", "sts:SourceIdentity"],
            _ => return true,
        };
        !others.contains(&key) && !["sts:ExternalId", "sts:RoleSessionName"].contains(&key)
    }
}

impl<'a> Check<'a> {
    /// The request's tags, as far as the check's action has the keys `aws:RequestTag/…` and `aws:TagKeys`.
    pub fn known_tags(&self) -> &[(&'a str, &'a str)] {
        match self.action.as_deref() {
            Some("sts:SetSourceIdentity" | "sts:SetContext") => &[],
            _ => &self.tags,
        }
    }

    /// The same check with what the caller's session hands down to the session of a role: transitive tags and the
    /// source identity (IAM User Guide, "Pass session tags in AWS STS", "Chaining roles with session tags").
    pub fn inheriting<'s: 'c, 'c>(&self, session: Option<&'s Session>) -> Cow<'_, Check<'c>>
    where
        'a: 'c,
    {
        let (Target::Trust(_), Some(session)) = (&self.target, session) else { return Cow::Borrowed(self) };
        let mut check: Check<'c> = self.clone();
        let inherited: Vec<&Tag> = session.transitive_tags().collect();
        if !inherited.is_empty() {
            check.tags.extend(inherited.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
            let given = self.keys.iter().find(|(key, _)| key == "sts:TransitiveTagKeys");
            let given = given.into_iter().flat_map(|(_, keys)| keys.as_slice().iter().cloned());
            let keys: Vec<Cow<'c, str>> = given.chain(inherited.iter().map(|tag| tag.key.as_str().into())).collect();
            check.keys.push(("sts:TransitiveTagKeys".into(), keys.into()));
        }
        if let Some(identity) = &session.source_identity {
            check.keys.push(("sts:SourceIdentity".into(), identity.as_str().into()));
        }
        Cow::Owned(check)
    }
}

/// All that an operation needs permission for. Nothing at all for the few that every caller may call.
#[derive(Clone, Debug, Default)]
pub struct Access<'a> {
    /// Each must be allowed.
    pub checks: Vec<Check<'a>>,
    /// Whether denials have no reason, as those of `AssumeRole` are.
    pub silent: bool,
}

impl<'a> Access<'a> {
    /// Every caller may.
    pub fn free() -> Self {
        Self::default()
    }

    /// The operation's own action on no resource in particular.
    pub fn any() -> Self {
        Self::to(Target::Any)
    }

    /// The operation's own action on a resource.
    pub fn to(target: Target<'a>) -> Self {
        Self::default().also_on(None, target)
    }

    /// The operation's own action on an entity, which need not exist.
    pub fn existing(kind: Kind, name: &'a str) -> Self {
        Self::to(Target::Existing(kind, name))
    }

    /// The operation's own action on an entity that is to be created.
    pub fn new(kind: Kind, path: Option<&'a str>, name: &'a str) -> Self {
        Self::to(Target::New(kind, path.unwrap_or("/").into(), name.into()))
    }

    /// The operation's own action on all entities of a kind under a path prefix.
    pub fn under(kind: Kind, prefix: Option<&'a str>) -> Self {
        Self::to(Target::Under(kind, prefix))
    }

    /// The operation's own action on a managed policy by ARN.
    pub fn policy(arn: &'a str) -> Self {
        Self::to(Target::Policy(arn))
    }

    /// The operation's own action on a resource by ARN.
    pub fn arn(arn: &'a str) -> Self {
        Self::to(Target::Arn(arn.into()))
    }

    /// The operation's own action on a quota of a service, by their codes.
    pub fn service_quota(service: &'a str, quota: &'a str) -> Self {
        Self::to(Target::ServiceQuota(service, quota)).key("servicequotas:service", Some(service))
    }

    /// The operation's own action on where an entity is moved to, too, if it is moved (IAM API Reference, `UpdateUser`,
    /// `UpdateGroup`, `UpdateServerCertificate`).
    pub fn moved(self, kind: Kind, name: &'a str, new_path: Option<&'a str>, new_name: Option<&'a str>) -> Self {
        match (new_path, new_name) {
            (None, None) => self,
            _ => self.also_on(None, Target::Moved { kind, name, new_path, new_name }),
        }
    }

    /// A further action on a resource.
    pub fn also(self, action: impl Into<Cow<'static, str>>, target: Target<'a>) -> Self {
        self.also_on(Some(action.into()), target)
    }

    fn also_on(mut self, action: Option<Cow<'static, str>>, target: Target<'a>) -> Self {
        self.checks.push(Check {
            action,
            target,
            keys: Vec::new(),
            tags: Vec::new(),
            current_boundary: false,
            organization_policy: None,
            by_password_policy: false,
            provider: None,
            need: Need::Always,
        });
        self
    }

    /// The latest check. What needs no permission has none, and so no keys or tags: an operation that gives it some is
    /// wrong.
    fn latest(&mut self) -> Option<&mut Check<'a>> {
        debug_assert!(!self.checks.is_empty(), "a condition key without a check");
        self.checks.last_mut()
    }

    /// Creating a service-linked role by the way in the caller's own account.
    pub fn linked_role(self, linked: ServiceLinkedRole) -> Self {
        self.also("iam:CreateServiceLinkedRole", Target::LinkedRole(linked))
            .key("iam:AWSServiceName", Some(linked.service))
    }

    /// The latest check's request needs this action on the same resource as well.
    pub fn again(mut self, action: impl Into<Cow<'static, str>>, need: Need) -> Self {
        if let Some(check) = self.checks.last().cloned() {
            self.checks.push(Check { action: Some(action.into()), need, ..check });
        }
        self
    }

    /// The caller of the latest check is whom an identity provider vouches for.
    pub fn by_provider(mut self, provider: &'a str) -> Self {
        if let Some(check) = self.latest() {
            check.provider = Some(provider);
        }
        self
    }

    /// The latest check has the condition key `organizations:PolicyType` for a policy, by id, as long as that exists.
    pub fn organization_policy(mut self, id: &'a str) -> Self {
        if let Some(check) = self.latest() {
            check.organization_policy = Some(id);
        }
        self
    }

    /// A condition key of the latest check, if the request gives it a value.
    pub fn key<V: Into<Values<'a>>>(mut self, name: impl Into<Cow<'static, str>>, value: Option<V>) -> Self {
        if let (Some(check), Some(value)) = (self.latest(), value) {
            check.keys.push((name.into(), value.into()));
        }
        self
    }

    /// The keys for what the latest check's request configures of trusted identity propagation.
    pub fn identity_propagation(
        self,
        context: Option<&'a crate::shapes::ContextProvider>,
        instance: Option<&'a crate::shapes::IdentityCenterInstanceArn>,
    ) -> Self {
        self.key("iam:EnableIdentityPropagation", Some(context.is_some()))
            .key("iam:EnableIdentityCenterAssociation", Some(instance.is_some()))
            .key("iam:RequestIdentityCenterInstanceArn", instance.map(|arn| arn.as_str()))
    }

    /// The tags of the latest check's request.
    pub fn request_tags(self, tags: Option<&'a [Tag]>) -> Self {
        let tags = tags.unwrap_or_default().iter();
        self.request_pairs(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())).collect())
    }

    /// The same, as keys and values.
    pub fn request_pairs(mut self, tags: Vec<(&'a str, &'a str)>) -> Self {
        if let Some(check) = self.latest() {
            check.tags = tags;
        }
        self
    }

    /// The keys of the tags that the latest check's request takes away: `aws:TagKeys` alone.
    pub fn tag_keys(self, keys: &'a [crate::shapes::TagKey]) -> Self {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        self.key("aws:TagKeys", (!keys.is_empty()).then_some(keys))
    }

    /// Creating with tags needs `iam:Tag…` on the new resource as well, with the same keys.
    pub fn tagged(self, kind: Kind, tags: Option<&'a [Tag]>) -> Self {
        let access = self.request_tags(tags);
        access.again(format!("iam:Tag{}", kind.action_part()), Need::Tags)
    }

    /// The latest check's key `iam:PermissionsBoundary` is the boundary that the entity has now.
    pub fn current_boundary(mut self) -> Self {
        if let Some(check) = self.latest() {
            check.current_boundary = true;
        }
        self
    }

    /// Users need no permission for the latest check if the account's password policy lets them change their own
    /// password (IAM User Guide, "Permit IAM users to change their own passwords").
    pub fn or_by_password_policy(mut self) -> Self {
        if let Some(check) = self.latest() {
            check.by_password_policy = true;
        }
        self
    }

    /// Denials have no reason.
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}
