//! What is at the paths of the organization, as reports of service access ask.

use std::collections::BTreeSet;

use super::{Organization, Place};
use crate::shapes::AccountId;
use iam_policy::PolicySet;

/// The root, a unit or an account of the organization.
#[derive(Clone, Debug)]
pub struct Entity<'o> {
    /// The accounts that it stands for: the members in the root or a unit, or the account itself.
    pub accounts: Vec<AccountId>,
    /// The service control policies from the root down to it, if any bind it.
    service_control: Option<&'o [PolicySet]>,
}

/// A service control policy.
#[derive(Debug)]
pub struct ServiceControlPolicy {
    /// The policy alone.
    pub(super) set: PolicySet,
    /// The accounts that it binds.
    pub(super) accounts: BTreeSet<AccountId>,
}

impl<'o> Entity<'o> {
    /// Whether its service control policies allow some action of a service, given by its prefix.
    pub fn may_access(&self, service: &str) -> bool {
        self.service_control.is_none_or(|levels| levels.iter().all(|set| set.opens(service)))
    }

    /// The same with one service control policy only, for the accounts that this binds.
    #[must_use]
    pub fn under(mut self, policy: &'o ServiceControlPolicy) -> Self {
        self.accounts.retain(|account| policy.accounts.contains(account));
        Self { service_control: Some(std::slice::from_ref(&policy.set)), ..self }
    }
}

impl Organization {
    /// The path of an account of the organization: `o-…/r-…/ou-…/123456789012`.
    pub fn path_of(&self, account: AccountId) -> Option<String> {
        self.place(account).map(|place| format!("{}{account}", place.path))
    }

    /// What is at a path of the form `o-…/r-…/ou-…/123456789012` or a beginning of it.
    pub fn entity_at(&self, path: &str) -> Option<Entity<'_>> {
        let path = path.trim_end_matches('/');
        let mut accounts = self.places.keys().copied();
        if let Some(account) = accounts.find(|account| self.path_of(*account).as_deref() == Some(path)) {
            let service_control = self.place(account).and_then(Place::service_control);
            return Some(Entity { accounts: vec![account], service_control });
        }
        let inside = format!("{path}/");
        let service_control = self.branches.get(&inside)?.as_deref();
        // No policy of the organization limits the management account.
        let members = self.places.iter().filter(|(account, _)| **account != self.management_account);
        let accounts = members.filter(|(_, place)| place.path.starts_with(&inside)).map(|(account, _)| *account);
        Some(Entity { accounts: accounts.collect(), service_control })
    }

    /// The service control policy with this id, `p-…`.
    pub fn service_control_policy(&self, id: &str) -> Option<&ServiceControlPolicy> {
        self.service_control_policies.get(id)
    }
}
