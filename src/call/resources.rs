//! Finds what an operation needs permission on: a resource's ARN, tags, boundary and policies, in the account's state.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;

use super::{Question, Target};
use crate::account::{
    Account, Compiled, CredentialsOwner, DelegationOwner, Entity, Grantee, Group, IdentityPropagation, InstanceProfile,
    Managed, ManagedPolicy, OidcProvider, Reference, Resource, Role, SamlProvider, ServerCertificate, Subject, Trail,
    User, name_key,
};
use crate::error::Result;
use crate::identity::Principal;
use crate::shapes::{AccountId, Kind, TagSet};
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

/// A resource as the account knows it.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub arn: Cow<'a, str>,
    /// Path and name of an entity that exists.
    pub path_and_name: Option<(&'a str, &'a str)>,
    pub tags: Option<&'a TagSet>,
    pub boundary: Option<&'a str>,
    pub trust: Option<Option<&'a Role>>,
    pub credential_service: Option<&'a str>,
    /// The account that it belongs to, if that is not the one that the call works on.
    pub owner: Option<AccountId>,
    /// The policy that a resource other than a role carries.
    pub policy: Option<PolicySet>,
    pub delegation_owner: Option<&'a str>,
    /// The issuer of an identity provider, and what the provider propagates.
    pub provider: Option<(&'a str, &'a IdentityPropagation)>,
}

impl Question<'_> {
    pub(super) fn find<'f>(&'f self, target: &'f Target<'_>) -> Result<Found<'f>> {
        let account = self.account;
        Ok(match target {
            Target::Any => Found { arn: "*".into(), ..Found::default() },
            Target::Existing(kind, name) | Target::Identity(kind, name) => self.existing(*kind, name),
            Target::New(kind, path, name) => Found { arn: kind.arn(account.id, path, name).into(), ..Found::default() },
            Target::LinkedRole(linked) => {
                let own = self.caller.account;
                let arn = Kind::Role.arn(own, &linked.path(), linked.role_name);
                Found { arn: arn.into(), owner: Some(own), ..Found::default() }
            }
            Target::Moved { kind, name, new_path, new_name } => {
                let found = self.existing(*kind, name);
                // Not from the ARN of what was given: that need not be a name.
                let (path, name) = found.path_and_name.unwrap_or(("/", name));
                let moved = kind.arn(account.id, new_path.unwrap_or(path), new_name.unwrap_or(name));
                Found { arn: moved.into(), ..found }
            }
            Target::UserOrCaller(name) => self.user_or_caller(*name)?,
            Target::Caller => self.user_or_caller(None)?,
            Target::OwnerOfKey(id) => {
                // AWS's words for a key that it does not know.
                self.owner_of(&Reference::AccessKey((*id).to_owned()), || format!("access key {id}"))
            }
            Target::OwnerOfDevice(serial_number) => {
                let any = || Kind::User.arn(account.id, "/", "*");
                self.owner_of(&Reference::MfaDevice((*serial_number).to_owned()), any)
            }
            Target::ServiceCredential(name, id) => {
                let user =
                    name.map_or_else(|| self.caller.user(account), |name| Ok(account.users.get(&name_key(name))))?;
                let credentials = user.map(|user| user.credentials.service_specific_credentials.as_slice());
                let credential = credentials.unwrap_or_default().iter().find(|credential| credential.id == *id);
                let credential_service = credential.map(|credential| credential.service.as_str());
                Found { credential_service, ..self.user_or_caller(*name)? }
            }
            Target::VirtualMfaDevice(_) if self.caller.has_assumed_root() => self.root_user(),
            Target::VirtualMfaDevice(arn) => self.by_arn(arn),
            Target::Policy(arn) => self.by_arn(arn),
            Target::Arn(arn) => self.by_arn(arn),
            Target::Under(kind, prefix) => {
                Found { arn: kind.arn(account.id, prefix.unwrap_or("/"), "").into(), ..Found::default() }
            }
            Target::Sts(resource) => Found {
                arn: format!("arn:{}:sts::{}:{resource}", account.id.partition(), account.id).into(),
                ..Found::default()
            },
            Target::Iam(resource) => Found {
                arn: format!("arn:{}:iam::{}:{resource}", account.id.partition(), account.id).into(),
                ..Found::default()
            },
            Target::ServiceQuota(service, quota) => Found {
                arn: format!("arn:{}:servicequotas::{}:{service}/{quota}", account.id.partition(), account.id).into(),
                ..Found::default()
            },
            Target::Trail(arn) if arn.starts_with("arn:") => self.by_arn(arn),
            Target::Trail(name) => {
                let arn = Trail::arn_of(account.id, &self.facts.region, name);
                let tags = account.trail(&arn).map(|trail| &trail.tags);
                Found { arn: arn.into(), tags, ..Found::default() }
            }
            Target::DelegationRequest(id) => self.delegation_request(*id)?,
            Target::Organization => self.in_organization(None),
            Target::InOrganization(id) => self.in_organization(Some(id)),
            Target::Trust(arn) => {
                // Credentials of one partition mean nothing in another.
                let stateless = matches!(self.caller.principal, Principal::Anonymous | Principal::Service(_));
                let within = stateless || self.caller.account.partition() == account.id.partition();
                let role = account.role(arn).filter(|_| within);
                Found { arn: (*arn).into(), trust: Some(role), tags: role.map(|role| &role.tags), ..Found::default() }
            }
        })
    }

    /// Something in the organization, by id. All of it belongs to the management account. A member that may read it, or
    /// whom the organization's resource policy names, is let in by a policy of the resource, as across accounts.
    fn in_organization<'f>(&'f self, id: Option<&str>) -> Found<'f> {
        let account = self.account;
        let arn = id.map_or_else(|| "*".to_owned(), |id| organizations_arn(account, id));
        let tags = id.and_then(|id| account.organization_tags(id));
        let policy = (self.caller.account != account.id).then(|| self.let_in(account, id)).flatten();
        Found { arn: arn.into(), tags, policy, ..Found::default() }
    }

    /// What lets a member act on the organization that another account manages.
    fn let_in(&self, management: &Account, id: Option<&str>) -> Option<PolicySet> {
        if id.is_some_and(|id| management.organization_handshakes.get(id).is_some()) {
            // The operation has found that the caller is a party.
            return Some(PolicySet::new([member_policy(self.caller.account, self.action)]));
        }
        let record = management.managed_organization()?;
        let member = management.member(&self.caller.account.to_string())?;
        let reads = ["organizations:Describe", "organizations:List"].iter().any(|start| self.action.starts_with(start));
        let is_own = id.is_none_or(|id| id == self.caller.account.to_string());
        let by_place = match self.action {
            "organizations:DescribeOrganization" | "organizations:LeaveOrganization" => true,
            "organizations:DescribeEffectivePolicy" if is_own => true,
            _ => reads && !member.delegated.is_empty(),
        };
        let own = by_place.then(|| member_policy(self.caller.account, self.action));
        let delegated = record.delegation.as_ref().map(|delegation| {
            let source =
                Source { id: "resource policy of the organization".into(), kind: SourceKind::Resource, arn: None };
            (source, delegation.compiled())
        });
        Some(PolicySet::new(own.into_iter().chain(delegated)))
    }

    /// A delegation request belongs to the account that it is for; while that is not known, to the caller.
    fn delegation_request<'f>(&'f self, id: Option<&str>) -> Result<Found<'f>> {
        let request = id.and_then(|id| self.account.delegation_request(id, self.facts.now).ok());
        let account = request.map_or(self.caller.account, |request| request.account_seen_by(self.caller.account));
        let arn = Kind::DelegationRequest.arn(account, "/", id.unwrap_or("*"));
        let owner = request.and_then(|request| request.owner.as_ref());
        let caller = DelegationOwner { arn: self.caller.arn(self.own)?, user_id: self.caller.user_id() };
        let policy = owner.filter(|owner| **owner == caller).map(|owner| owner_policy(&owner.arn, &arn));
        let delegation_owner = owner.map(|owner| owner.arn.as_str());
        Ok(Found { arn: arn.into(), owner: Some(account), policy, delegation_owner, ..Found::default() })
    }

    fn user_or_caller<'f>(&'f self, name: Option<&str>) -> Result<Found<'f>> {
        if let Some(name) = name {
            return Ok(self.existing(Kind::User, name));
        }
        Ok(match self.caller.user(self.account)? {
            Some(user) => grantee(&**user, self.account),
            None => Found { arn: self.caller.arn(self.own)?.into(), ..Found::default() },
        })
    }

    fn owner_of<'f>(&'f self, credential: &Reference, unknown: impl FnOnce() -> String) -> Found<'f> {
        match self.account.owner_of(credential) {
            Some(CredentialsOwner::User(name)) => self.existing(Kind::User, &name),
            Some(CredentialsOwner::Root) => self.root_user(),
            None => Found { arn: unknown().into(), ..Found::default() },
        }
    }

    fn root_user(&self) -> Found<'_> {
        Found { arn: self.account.id.root_arn().into(), ..Found::default() }
    }

    fn existing<'f>(&'f self, kind: Kind, name: &str) -> Found<'f> {
        let account = self.account;
        let found = match kind {
            Kind::User => account.get::<User>(name).map(|user| grantee(user, account)),
            Kind::Group => account.get::<Group>(name).map(|group| grantee(group, account)),
            Kind::Role => account.get::<Role>(name).map(|role| grantee(role, account)),
            Kind::InstanceProfile => account.get::<InstanceProfile>(name).map(|profile| resource(profile, account)),
            Kind::Policy => account.get::<ManagedPolicy>(name).map(|policy| resource(policy, account)),
            Kind::ServerCertificate => account.get::<ServerCertificate>(name).map(|found| resource(found, account)),
            _ => None,
        };
        found.unwrap_or_else(|| Found { arn: kind.arn(account.id, "/", name).into(), ..Found::default() })
    }

    fn by_arn<'f>(&'f self, arn: &'f str) -> Found<'f> {
        let account = self.account;
        match account.identity(arn) {
            Ok(Subject::User(user)) => return grantee(user, account),
            Ok(Subject::Group(group)) => return grantee(group, account),
            Ok(Subject::Role(role)) => return grantee(role, account),
            Ok(Subject::Policy(_)) | Err(_) => {}
        }
        if let Ok(found) = account.find_by_arn::<OidcProvider>(arn) {
            return Found { provider: Some((found.name(), &found.propagation)), ..resource(found, account) };
        }
        if let Ok(found) = account.find_by_arn::<SamlProvider>(arn) {
            return Found { provider: Some((&found.issuer, &found.propagation)), ..resource(found, account) };
        }
        let tags = account
            .managed_policy(arn)
            .and_then(Managed::tags)
            .or_else(|| account.virtual_mfa_device(arn).map(|device| &device.tags))
            .or_else(|| account.trail(arn).map(|trail| &trail.tags));
        Found { arn: arn.into(), tags, ..Found::default() }
    }
}

fn resource<'f, R: Resource>(found: &'f R, account: &Account) -> Found<'f> {
    Found {
        arn: found.arn(account.id).into(),
        path_and_name: Some((found.path(), found.name())),
        tags: found.tags(),
        ..Found::default()
    }
}

fn grantee<'f, G: Grantee + Entity>(found: &'f G, account: &Account) -> Found<'f> {
    Found { boundary: found.permissions().boundary.as_deref(), ..resource(found, account) }
}

/// What the owner of a delegation request may do by default (IAM API Reference, GetDelegationRequest,
/// UpdateDelegationRequest and GetHumanReadableSummary).
fn owner_policy(owner: &str, arn: &str) -> PolicySet {
    let actions = ["iam:GetDelegationRequest", "iam:GetHumanReadableSummary", "iam:UpdateDelegationRequest"];
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": owner}, "Action": actions, "Resource": arn});
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let source = Source { id: "default permissions".into(), kind: SourceKind::Resource, arn: None };
    PolicySet::new([(source, Policy::parse(&document, Grammar::Resource).map(Arc::new).map_err(Arc::new))])
}

/// The ARN of something in the organization that an account manages, by its id.
fn organizations_arn(account: &Account, id: &str) -> String {
    let kind = match id.split('-').next() {
        Some("r") => "root",
        Some("ou") => "ou",
        Some("p") => return account.organization_policy_arn(id),
        Some("h") => {
            let action = account.organization_handshakes.get(id).map(|handshake| handshake.action.name());
            let action = action.map(|action| action.to_ascii_lowercase() + "/").unwrap_or_default();
            return account.organization_arn("handshake", Some(&format!("{action}{id}")));
        }
        Some("rp") => "resourcepolicy",
        _ => "account",
    };
    account.organization_arn(kind, Some(id))
}

/// What a member may do by its place in the organization, as long as its own policies allow it.
fn member_policy(member: AccountId, action: &str) -> (Source, Compiled) {
    let statement =
        json!({"Effect": "Allow", "Principal": {"AWS": member.root_arn()}, "Action": action, "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let source = Source { id: "place in the organization".into(), kind: SourceKind::Resource, arn: None };
    (source, Policy::parse(&document, Grammar::Resource).map(Arc::new).map_err(Arc::new))
}
