//! The policies of a principal, compiled and gathered, for as long as the state of the account lasts.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Account, Compiled, Group, Managed, Permissions, Resource, Role, StoredPolicy, User};
use crate::catalogue;
use crate::policy::{Grammar, Policy, PolicySet, Source, SourceKind};
use crate::shapes::Kind;

/// What bears on a user or role: its own policies and its boundary.
#[derive(Clone, Debug, Default)]
pub struct PrincipalPolicies {
    /// The identity-based policies: inline, attached, and those of groups.
    pub identity: Arc<PolicySet>,
    /// The permissions boundary.
    pub boundary: Option<Arc<PolicySet>>,
}

/// The gathered policies of principals. A clone of the account starts without any, since its clone will change.
#[derive(Default)]
pub struct PolicySets(Mutex<HashMap<(Kind, String), PrincipalPolicies>>);

impl Clone for PolicySets {
    fn clone(&self) -> Self {
        Self::default()
    }
}

type Member = (Source, Compiled);

impl Account {
    /// The policies of a user, those of its groups included.
    pub fn policies_of_user(&self, user: &User) -> PrincipalPolicies {
        self.gathered(Kind::User, user.name(), || {
            let mut members = self.members(user.name(), SourceKind::User, &user.permissions);
            for group in user.groups.iter().filter_map(|key| self.groups.get(key)) {
                let group: &Group = group;
                members.extend(self.members(group.name(), SourceKind::Group, &group.permissions));
            }
            (members, user.permissions.boundary.as_deref())
        })
    }

    /// The policies of a role.
    pub fn policies_of_role(&self, role: &Role) -> PrincipalPolicies {
        self.gathered(Kind::Role, role.name(), || {
            let members = self.members(role.name(), SourceKind::Role, &role.permissions);
            (members, role.permissions.boundary.as_deref())
        })
    }

    fn gathered<'a>(
        &'a self,
        kind: Kind,
        name: &str,
        gather: impl FnOnce() -> (Vec<Member>, Option<&'a str>),
    ) -> PrincipalPolicies {
        let key = (kind, name.to_owned());
        let mut sets = self.policy_sets.0.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = sets.entry(key).or_insert_with(|| {
            let (members, boundary) = gather();
            let boundary = boundary.map(|arn| Arc::new(PolicySet::new([self.managed_member(arn)])));
            PrincipalPolicies { identity: Arc::new(PolicySet::new(members)), boundary }
        });
        policies.clone()
    }

    fn members(&self, owner: &str, kind: SourceKind, permissions: &Permissions) -> Vec<Member> {
        let part = match kind {
            SourceKind::User => "user",
            SourceKind::Group => "group",
            _ => "role",
        };
        let inline = permissions.inline.iter().map(|(name, policy): (&String, &StoredPolicy)| {
            // The simulator's form of an inline policy's id.
            let source = Source { id: format!("{part}_{owner}_{name}").into(), kind, arn: None };
            (source, policy.compiled())
        });
        inline.chain(permissions.attached.iter().map(|arn| self.managed_member(arn))).collect()
    }

    /// A managed policy, of this account or AWS's, as a member of a set. One that is not there cannot be read.
    pub fn managed_member(&self, arn: &str) -> Member {
        let (kind, compiled) = match self.managed_policy(arn) {
            Some(Managed::Customer(policy)) => {
                let version = policy.default();
                (SourceKind::UserManaged, version.map_or_else(unreadable, |version| version.document.compiled()))
            }
            Some(Managed::Aws(policy)) => (SourceKind::AwsManaged, aws_managed(policy)),
            None => (SourceKind::UserManaged, unreadable()),
        };
        let id = arn.rsplit('/').next().unwrap_or(arn).into();
        (Source { id, kind, arn: Some(arn.into()) }, compiled)
    }
}

/// An AWS-managed policy, compiled at its first use and kept.
fn aws_managed(policy: catalogue::managed_policies::ManagedPolicy) -> Compiled {
    static COMPILED: LazyLock<Mutex<HashMap<&str, Compiled>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let made = compiled.entry(policy.name).or_insert_with(|| StoredPolicy::from(policy.document()).compiled());
    made.clone()
}

/// What stands for a policy that is not there: the engine lets it deny everything.
fn unreadable() -> Compiled {
    Policy::parse("", Grammar::Identity).map(Arc::new).map_err(Arc::new)
}
