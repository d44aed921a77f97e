//! The policies of a principal, compiled and gathered, for as long as the state of the account lasts.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Account, Compiled, Grantee, ManagedPolicy, Resource, Role, StoredPolicy, Subject, User};
use crate::catalogue;
use crate::error::{Code, Error, Result};
use crate::policy::{Grammar, Policy, PolicySet, Source, SourceKind};
use crate::shapes::{AccountId, ArnParts, Kind};

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
        let arn_text: Arc<str> = arn.into();
        let id = arn.rsplit('/').next().unwrap_or(arn).into();
        if let Some(policy) = self.managed_policy(arn) {
            let compiled = match policy.default() {
                Some(version) => version.document.compiled(),
                None => unreadable(),
            };
            return (Source { id, kind: SourceKind::UserManaged, arn: Some(arn_text) }, compiled);
        }
        (Source { id, kind: SourceKind::AwsManaged, arn: Some(arn_text) }, aws_managed(arn))
    }

    /// The customer-managed policy with this ARN.
    pub fn managed_policy(&self, arn: &str) -> Option<&ManagedPolicy> {
        let parts = ArnParts::parse(arn)?;
        let (_, name) = parts.path_and_name(Kind::Policy)?;
        self.get::<ManagedPolicy>(name).filter(|policy| policy.arn(self.id) == arn)
    }
}

impl Account {
    /// Checks that a parameter is the ARN of a managed policy, of this account or AWS's, that exists.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such ARN, `missing` for a policy that does not exist.
    pub fn managed_policy_exists(&self, arn: &str, missing: impl FnOnce() -> Error) -> Result<()> {
        let invalid = || Error::new(Code::InvalidInput, format!("ARN {arn} is not valid."));
        let parts = ArnParts::parse(arn).filter(|parts| parts.partition == "aws").ok_or_else(invalid)?;
        parts.path_and_name(Kind::Policy).ok_or_else(invalid)?;
        let exists = match parts.account {
            "aws" => catalogue::managed_policies::get(arn).is_some(),
            account => {
                AccountId::parse(account).ok_or_else(invalid)?;
                self.managed_policy(arn).is_some()
            }
        };
        if exists { Ok(()) } else { Err(missing()) }
    }
}

/// An AWS-managed policy, compiled at its first use and kept.
fn aws_managed(arn: &str) -> Compiled {
    static COMPILED: LazyLock<Mutex<HashMap<String, Compiled>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(policy) = compiled.get(arn) {
        return policy.clone();
    }
    let Some(policy) = catalogue::managed_policies::get(arn) else { return unreadable() };
    let policy = StoredPolicy::from(policy.document()).compiled();
    compiled.insert(arn.to_owned(), policy.clone());
    policy
}

/// What stands for a policy that is not there: the engine lets it deny everything.
fn unreadable() -> Compiled {
    Policy::parse("", Grammar::Identity).map(Arc::new).map_err(Arc::new)
}
