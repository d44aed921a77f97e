//! The policies of a principal, compiled and gathered, for as long as the state of the account lasts.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Account, Compiled, Grantee, Managed, Role, StoredPolicy, Subject, User};
use crate::catalogue;
use crate::shapes::Kind;
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

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

impl Account {
    /// The policies of a user, those of its groups included.
    pub fn policies_of_user(&self, user: &User) -> PrincipalPolicies {
        self.gathered(Subject::User(user), user)
    }

    /// The policies of a role.
    pub fn policies_of_role(&self, role: &Role) -> PrincipalPolicies {
        self.gathered(Subject::Role(role), role)
    }

    fn gathered<G: Grantee>(&self, subject: Subject<'_>, grantee: &G) -> PrincipalPolicies {
        let mut sets = self.policy_sets.0.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = sets.entry((G::KIND, grantee.name().to_owned())).or_insert_with(|| {
            let granting = self.granting(subject).into_iter().map(|granting| (granting.source, granting.policy));
            let boundary = grantee.permissions().boundary.as_deref();
            let boundary = boundary.map(|arn| Arc::new(PolicySet::new([self.managed_member(arn)])));
            PrincipalPolicies { identity: Arc::new(PolicySet::new(granting)), boundary }
        });
        policies.clone()
    }

    /// A managed policy, of this account or AWS's, as a member of a set. One that is not there cannot be read.
    pub fn managed_member(&self, arn: &str) -> (Source, Compiled) {
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
