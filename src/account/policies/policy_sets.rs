//! The policies of a principal, compiled and gathered, for as long as the state of the account lasts.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use crate::account::{Account, Compiled, Grantee, Managed, Permissions, Role, StoredPolicy, Subject, User};
use crate::catalogue;
use crate::shapes::Partition;
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

/// What bears on a user or role: its own policies and its boundary.
#[derive(Clone, Debug, Default)]
pub struct PrincipalPolicies {
    /// The identity-based policies: inline, attached, and those of groups.
    pub identity: Arc<PolicySet>,
    /// The permissions boundary.
    pub boundary: Option<Arc<PolicySet>>,
}

/// The gathered policies of principals by their unique ids. All clones of an account share them until one changes.
#[derive(Clone, Default)]
pub struct PolicySets(Arc<RwLock<HashMap<String, PrincipalPolicies>>>);

/// The bytes of policies that are gathered without ado: compiling them takes less than a millisecond or two.
const QUICKLY_GATHERED: usize = 64 * 1024;

/// The most characters of a managed policy (AWS: IAM and STS quotas).
const MANAGED_POLICY_SIZE: usize = 6144;

impl PolicySets {
    fn get(&self, id: &str) -> Option<PrincipalPolicies> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn insert(&self, id: &str, policies: PrincipalPolicies) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), policies);
    }
}

impl Account {
    /// The policies of a user, those of its groups included.
    pub fn policies_of_user(&self, user: &User) -> PrincipalPolicies {
        self.gathered(Subject::User(user), &user.id, user)
    }

    /// The policies of a role.
    pub fn policies_of_role(&self, role: &Role) -> PrincipalPolicies {
        self.gathered(Subject::Role(role), &role.id, role)
    }

    /// Whether the policies of a user are gathered already, or soon will be.
    pub fn quickly_gathers_user(&self, user: &User) -> bool {
        let groups = user.groups.iter().filter_map(|key| self.groups.get(key));
        let permissions = groups.map(|group| &group.permissions).chain([&user.permissions]);
        self.policy_sets.get(&user.id).is_some() || size(permissions) <= QUICKLY_GATHERED
    }

    /// Whether the policies of a role are gathered already, or soon will be.
    pub fn quickly_gathers_role(&self, role: &Role) -> bool {
        self.policy_sets.get(&role.id).is_some() || size([&role.permissions]) <= QUICKLY_GATHERED
    }

    /// What is gathered is built without the lock: two callers may build the same, and neither waits.
    fn gathered<G: Grantee>(&self, subject: Subject<'_>, id: &str, grantee: &G) -> PrincipalPolicies {
        if let Some(known) = self.policy_sets.get(id) {
            return known;
        }
        let granting = self.granting(subject).into_iter().map(|granting| (granting.source, granting.policy));
        let boundary = grantee.permissions().boundary.as_deref();
        let boundary = boundary.map(|arn| Arc::new(PolicySet::new([self.managed_member(arn)])));
        let policies = PrincipalPolicies { identity: Arc::new(PolicySet::new(granting)), boundary };
        self.policy_sets.insert(id, policies.clone());
        policies
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
    static COMPILED: LazyLock<Mutex<HashMap<(Partition, &str), Compiled>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let made = compiled
        .entry((policy.partition, policy.name))
        .or_insert_with(|| StoredPolicy::from(policy.document()).compiled());
    made.clone()
}

/// The bytes of policies at most, without a look at the managed ones.
fn size<'p>(permissions: impl IntoIterator<Item = &'p Permissions>) -> usize {
    let sizes = permissions.into_iter().map(|permissions| {
        let inline = permissions.inline.values().map(|policy| policy.text().len());
        inline.sum::<usize>() + permissions.attached.len() * MANAGED_POLICY_SIZE
    });
    sizes.sum()
}

/// What stands for a policy that is not there: the engine lets it deny everything.
fn unreadable() -> Compiled {
    Policy::parse("", Grammar::Identity).map(Arc::new).map_err(Arc::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shapes::{AccountId, Timestamp};

    const STATEMENT: &str = r#"{"Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}}"#;

    fn user(policies: usize) -> User {
        let inline: HashMap<String, &str> = (0..policies).map(|number| (number.to_string(), STATEMENT)).collect();
        let user =
            json!({"name": "ann", "path": "/", "id": "AIDAANN", "created": 0, "permissions": {"inline": inline}});
        serde_json::from_value(user).unwrap()
    }

    fn account() -> Account {
        Account::new(AccountId::parse("111122223333").unwrap(), Timestamp::from_seconds(0))
    }

    #[test]
    fn clones_share_what_is_gathered_until_something_changes() {
        let mut account = account();
        account.put(user(1)).unwrap();
        let gathered = |account: &Account| account.policies_of_user(account.users.get("ann").unwrap()).identity;
        let (mut writer, first) = (account.clone(), gathered(&account.clone()));
        assert!(Arc::ptr_eq(&first, &gathered(&account)) && Arc::ptr_eq(&first, &gathered(&writer)));
        writer.put(user(2)).unwrap();
        assert_eq!(gathered(&writer).policies().count(), 2);
        assert!(Arc::ptr_eq(&first, &gathered(&account)), "the committed state keeps what it gathered");
    }

    #[test]
    fn what_bears_on_no_permission_leaves_them() {
        let mut account = account();
        account.put(user(1)).unwrap();
        let first = account.policies_of_user(&user(1)).identity;
        account.put(crate::account::Settings::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &account.policies_of_user(&user(1)).identity));
    }

    #[test]
    fn many_policies_are_gathered_quickly_only_once_they_are_known() {
        let (account, many) = (account(), user(1_000));
        assert!(account.quickly_gathers_user(&user(1)) && !account.quickly_gathers_user(&many));
        account.policies_of_user(&many);
        assert!(account.quickly_gathers_user(&many));
    }
}
