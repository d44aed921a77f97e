//! What is at the paths of the organization, as reports of service access ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{FULL_ACCESS_ID, Organization, policies};
use crate::account::{MemberAccount, OrganizationNode};
use crate::shapes::{AccountId, OrganizationPolicyType};
use iam_policy::PolicySet;

/// The root, a unit or an account of the organization.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The accounts that it stands for: the members in the root or a unit, or the account itself.
    pub accounts: Vec<AccountId>,
    /// The service control policies from the root down to it, if any bind it.
    service_control: Option<Arc<[PolicySet]>>,
}

/// A service control policy.
#[derive(Debug)]
pub struct ServiceControlPolicy {
    /// The policy alone.
    set: Arc<[PolicySet]>,
    /// The accounts that it binds.
    accounts: BTreeSet<AccountId>,
}

impl Entity {
    /// Whether its service control policies allow some action of a service, given by its prefix.
    pub fn may_access(&self, service: &str) -> bool {
        self.service_control.as_ref().is_none_or(|levels| levels.iter().all(|set| set.opens(service)))
    }

    /// The same with one service control policy only, for the accounts that this binds.
    #[must_use]
    pub fn under(mut self, policy: &ServiceControlPolicy) -> Self {
        self.accounts.retain(|account| policy.accounts.contains(account));
        Self { service_control: Some(policy.set.clone()), ..self }
    }
}

impl Organization {
    /// The path of an account of the organization: `o-…/r-…/ou-…/123456789012`.
    pub fn path_of(&self, account: AccountId) -> Option<String> {
        self.place(account).map(|place| format!("{}{account}", place.path))
    }

    /// What is at a path of the form `o-…/r-…/ou-…/123456789012` or a beginning of it.
    pub fn entity_at(&self, path: &str) -> Option<Entity> {
        let path = path.trim_end_matches('/');
        let (_, last) = path.rsplit_once('/')?;
        if let Some(member) =
            self.account.member(last).filter(|member| self.path_of(member.id).as_deref() == Some(path))
        {
            let service_control = self.place(member.id)?.service_control.clone();
            return Some(Entity { accounts: vec![member.id], service_control });
        }
        let inside = format!("{path}/");
        if !self.account.has_organization_parent(last) || self.account.organization_path(last) != inside {
            return None;
        }
        let kind = OrganizationPolicyType::ServiceControl;
        let service_control = self.is_enabled(kind).then(|| self.levels(kind, last, None));
        let accounts =
            self.members().filter(|member| self.account.organization_path(&member.parent).starts_with(&inside));
        Some(Entity { accounts: accounts.map(|member| member.id).collect(), service_control })
    }

    /// The service control policy with this id, `p-…`.
    pub fn service_control_policy(&self, id: &str) -> Option<ServiceControlPolicy> {
        let policy = match id {
            FULL_ACCESS_ID => policies::full_access(),
            id => {
                let policy = self.account.organization_policies.get(id)?;
                policies::member(&self.account, policy)
                    .filter(|_| policy.kind == OrganizationPolicyType::ServiceControl)?
            }
        };
        let is_attached = |node: &OrganizationNode| match id {
            FULL_ACCESS_ID => !node.without_full_access,
            id => node.attached.iter().any(|attached| attached == id),
        };
        let is_bound = |member: &&Arc<MemberAccount>| {
            let line = self.account.organization_line(&member.parent);
            let mut above = line.iter().filter_map(|id| self.account.organization_node(id));
            is_attached(&member.node) || above.any(is_attached)
        };
        let accounts = self.members().filter(is_bound).map(|member| member.id).collect();
        Some(ServiceControlPolicy { set: [PolicySet::new([policy])].into(), accounts })
    }

    /// The accounts that policies bind: all but the management account.
    fn members(&self) -> impl Iterator<Item = &Arc<MemberAccount>> {
        self.account.organization_accounts.iter().filter(|member| member.id != self.management_account)
    }
}
