//! The policies that give an entity its permissions, one by one: for reports of what grants what.

use crate::account::{Account, Compiled, Grantee, Group, Reference, Resource, Role, User, name_key};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ArnParts, Kind};
use iam_policy::{Source, SourceKind};

/// The entity that a report is about.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A user.
    User(&'a User),
    /// A group.
    Group(&'a Group),
    /// A role.
    Role(&'a Role),
    /// A managed policy, by ARN.
    Policy(&'a str),
}

/// A policy that an entity has, and the entity that carries it.
pub struct Granting<'a> {
    /// Name, kind and ARN.
    pub source: Source,
    /// The name of an inline policy.
    pub inline: Option<&'a str>,
    /// The kind and name of the entity that carries it.
    pub owner: (Kind, &'a str),
    /// What it says.
    pub policy: Compiled,
}

impl Subject<'_> {
    /// The ARN.
    pub fn arn(&self, account: AccountId) -> String {
        match self {
            Self::User(user) => user.arn(account),
            Self::Group(group) => group.arn(account),
            Self::Role(role) => role.arn(account),
            Self::Policy(arn) => (*arn).to_owned(),
        }
    }
}

impl Account {
    /// The user, group, role or managed policy with this ARN.
    ///
    /// # Errors
    /// `InvalidInput` for ARNs of other things, `NoSuchEntity`.
    pub fn subject<'a>(&'a self, arn: &'a str) -> Result<Subject<'a>> {
        let is_policy = ArnParts::parse(arn).is_some_and(|parts| parts.path_and_name(Kind::Policy).is_some());
        if !is_policy {
            return self.identity(arn);
        }
        self.find_managed_policy(arn, || Error::missing(Kind::Policy, arn))?;
        Ok(Subject::Policy(arn))
    }

    /// The user, group or role with this ARN.
    ///
    /// # Errors
    /// `InvalidInput` for ARNs of other things, `NoSuchEntity`.
    pub fn identity<'a>(&'a self, arn: &'a str) -> Result<Subject<'a>> {
        let (kind, name) = identity_name(arn)?;
        match kind {
            Kind::User => self.exact::<User>(name, arn).map(Subject::User),
            Kind::Group => self.exact::<Group>(name, arn).map(Subject::Group),
            _ => self.exact::<Role>(name, arn).map(Subject::Role),
        }
    }

    /// The user, group or role of that name. Its path does not matter: so the policy simulator finds them.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn identity_named(&self, kind: Kind, name: &str) -> Result<Subject<'_>> {
        let found = match kind {
            Kind::User => self.get::<User>(name).map(Subject::User),
            Kind::Group => self.get::<Group>(name).map(Subject::Group),
            _ => self.get::<Role>(name).map(Subject::Role),
        };
        found.ok_or_else(|| Error::missing(kind, name))
    }

    fn exact<R: Resource>(&self, name: &str, arn: &str) -> Result<&R> {
        self.get::<R>(name).filter(|found| found.arn(self.id) == arn).ok_or_else(|| Error::missing(R::KIND, name))
    }

    /// The policies that give a subject its permissions. A user has those of its groups, too.
    pub fn granting<'a>(&'a self, subject: Subject<'a>) -> Vec<Granting<'a>> {
        match subject {
            Subject::User(user) => {
                let groups = user.groups.iter().filter_map(|key| self.groups.get(key));
                let inherited = groups.flat_map(|group| self.granting(Subject::Group(group)));
                self.granting_of(user).into_iter().chain(inherited).collect()
            }
            Subject::Group(group) => self.granting_of(group),
            Subject::Role(role) => self.granting_of(role),
            Subject::Policy(arn) => {
                let (source, policy) = self.managed_member(arn);
                vec![Granting { source, inline: None, owner: (Kind::Policy, arn), policy }]
            }
        }
    }

    fn granting_of<'a, G: Grantee>(&'a self, entity: &'a G) -> Vec<Granting<'a>> {
        let owner = (G::KIND, entity.name());
        let permissions = entity.permissions();
        let inline = permissions.inline.iter().map(|(name, policy)| Granting {
            source: inline_source(G::KIND, entity.name(), name),
            inline: Some(name.as_str()),
            owner,
            policy: policy.compiled(),
        });
        let managed = permissions.attached.iter().map(|arn| {
            let (source, policy) = self.managed_member(arn);
            Granting { source, inline: None, owner, policy }
        });
        inline.chain(managed).collect()
    }

    /// The users and roles whose calls count for a subject: itself, a group's members, or those that have a policy.
    pub fn users_and_roles_of<'a>(&'a self, subject: Subject<'a>) -> (Vec<&'a User>, Vec<&'a Role>) {
        match subject {
            Subject::User(user) => (vec![user], Vec::new()),
            Subject::Role(role) => (Vec::new(), vec![role]),
            Subject::Group(group) => {
                (self.referrers::<User>(&Reference::Group(name_key(&group.name))).collect(), Vec::new())
            }
            Subject::Policy(arn) => {
                let attached = Reference::AttachedPolicy(arn.to_owned());
                let mut users: Vec<&User> = self.referrers::<User>(&attached).collect();
                for group in self.referrers::<Group>(&attached) {
                    users.extend(self.referrers::<User>(&Reference::Group(name_key(&group.name))));
                }
                users.sort_unstable_by_key(|user| &user.id);
                users.dedup_by_key(|user| &user.id);
                (users, self.referrers::<Role>(&attached).collect())
            }
        }
    }
}

/// The kind and name of the user, group or role that an ARN is of.
///
/// # Errors
/// `InvalidInput` for ARNs of other things.
pub fn identity_name(arn: &str) -> Result<(Kind, &str)> {
    let named = ArnParts::parse(arn).and_then(|parts| {
        let name = |kind| parts.path_and_name(kind).map(|(_, name)| (kind, name));
        [Kind::User, Kind::Group, Kind::Role].into_iter().find_map(name)
    });
    named.ok_or_else(|| {
        let message = format!("Invalid Entity Arn: {arn} does not clearly define entity type and name.");
        Error::new(Code::InvalidInput, message)
    })
}

/// An inline policy's source; its id has the policy simulator's form.
fn inline_source(owner: Kind, name: &str, policy: &str) -> Source {
    let kind = match owner {
        Kind::User => SourceKind::User,
        Kind::Group => SourceKind::Group,
        _ => SourceKind::Role,
    };
    Source { id: format!("{}_{name}_{policy}", owner.arn_type()).into(), kind, arn: None }
}
