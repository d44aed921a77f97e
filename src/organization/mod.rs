//! The organizations that accounts belong to (AWS Organizations): where each account is, and the policies that bind it
//! there. An organization is kept in its management account; this is what follows from it for requests.

mod attachments;
mod directory;
mod effective;
mod entity;
mod error;
mod management;
mod place;
mod planned;
mod policies;
mod settings;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub use directory::{Directory, Organizations};
pub use effective::merge;
pub use entity::{Entity, ServiceControlPolicy};
pub use error::OrganizationError;
pub use management::is_management_policy;
pub use place::{Place, Places};
pub use planned::PlannedOrganization;
pub use policies::{FULL_ACCESS, FULL_ACCESS_ID, RESOURCE_FULL_ACCESS, RESOURCE_FULL_ACCESS_ID};
pub use settings::{ControlPolicyType, OrganizationSettings, PolicySettings, UnitSettings};

use crate::account::{Account, MemberAccount, OrganizationNode, OrganizationRecord};
use crate::shapes::{AccountId, OrganizationPolicyType};
use iam_policy::PolicySet;

/// The service whose delegated administrators act on the root users of members.
pub const ROOT_ACCESS_SERVICE: &str = "iam.amazonaws.com";

/// An organization as it is at one moment.
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The account that the organization was made from.
    pub management_account: AccountId,
    /// The state of the management account.
    account: Account,
    /// The newest revision of the management account that has the organization as it is here.
    latest_revision: AtomicU64,
    /// The places of accounts that were asked for.
    places: RwLock<HashMap<AccountId, Arc<Place>>>,
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organization").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The organization of a state of its management account, once it was asked for. Clones share it.
#[derive(Clone, Default)]
pub struct OrganizationView(Arc<OnceLock<Option<Arc<Organization>>>>);

impl Account {
    /// The organization that the account manages, with its policies compiled.
    pub fn organization(&self) -> Option<&Arc<Organization>> {
        let view = || {
            let id = self.managed_organization()?.id.clone();
            // A view of its own: the organization must not keep itself alive.
            let mut account = self.clone();
            account.organization_view = OrganizationView::default();
            let latest_revision = AtomicU64::new(self.revision);
            let places = RwLock::default();
            Some(Arc::new(Organization { id, management_account: self.id, account, latest_revision, places }))
        };
        self.organization_view.0.get_or_init(view).as_ref()
    }
}

impl Organization {
    /// The revision of the management account.
    fn revision(&self) -> u64 {
        self.account.revision
    }

    /// The newest revision of the management account that has the organization as it is here.
    fn latest_revision(&self) -> u64 {
        self.latest_revision.load(Ordering::Acquire)
    }

    /// Takes note that a revision of the management account has not changed the organization.
    fn stays(&self, revision: u64) {
        self.latest_revision.fetch_max(revision, Ordering::AcqRel);
    }

    /// The state of the management account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether an account belongs to the organization.
    pub fn contains(&self, account: AccountId) -> bool {
        self.member(account).is_some()
    }

    /// An account of the organization.
    pub fn member(&self, account: AccountId) -> Option<&Arc<MemberAccount>> {
        let member = self.account.member(&account.to_string());
        member.filter(|member| member.id == account)
    }

    /// Where an account of the organization is.
    pub fn place(&self, account: AccountId) -> Option<Arc<Place>> {
        if let Some(place) = self.places.read().unwrap_or_else(PoisonError::into_inner).get(&account) {
            return Some(place.clone());
        }
        let place = Arc::new(self.find_place(self.member(account)?));
        self.places.write().unwrap_or_else(PoisonError::into_inner).insert(account, place.clone());
        Some(place)
    }

    fn find_place(&self, member: &MemberAccount) -> Place {
        let levels = |kind| {
            // AWS: the management account is bound by neither.
            let binds = member.id != self.management_account && self.is_enabled(kind);
            let account = member.id.to_string();
            binds.then(|| self.levels(kind, &member.parent, Some((&account, &member.node))))
        };
        Place {
            path: self.account.organization_path(&member.parent),
            service_control: levels(OrganizationPolicyType::ServiceControl),
            resource_control: levels(OrganizationPolicyType::ResourceControl),
        }
    }

    /// The policies of a type from the root down to a root or unit, and those of an account in it.
    fn levels(
        &self,
        kind: OrganizationPolicyType,
        parent: &str,
        account: Option<(&str, &OrganizationNode)>,
    ) -> Arc<[PolicySet]> {
        let line = self.account.organization_line(parent);
        let above = line.iter().filter_map(|id| Some((id.as_str(), self.account.organization_node(id)?)));
        above.chain(account).map(|(_, node)| policies::set(&self.account, kind, node)).collect()
    }

    fn record(&self) -> Option<&OrganizationRecord> {
        self.account.managed_organization().map(|record| &**record)
    }

    /// The accounts, in the order of their numbers.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.account.organization_accounts.iter().map(|member| member.id)
    }

    /// Whether a type of policies is enabled.
    pub fn is_enabled(&self, kind: OrganizationPolicyType) -> bool {
        self.record().is_some_and(|record| record.enabled.contains(&kind))
    }

    /// Whether a service has trusted access.
    pub fn trusts(&self, service: &str) -> bool {
        self.record().is_some_and(|record| record.services.contains_key(service))
    }

    /// The ARNs of the root, the units and an account, from the root down; none for an account elsewhere.
    pub fn arns_above(&self, account: AccountId) -> Vec<String> {
        let Some(place) = self.place(account) else { return Vec::new() };
        let above = place.path().trim_end_matches('/').split('/').skip(1);
        let arn = |kind, id: &str| self.account.organization_arn(kind, Some(id));
        let above = above.map(|id| arn(if id.starts_with("r-") { "root" } else { "ou" }, id));
        above.chain([arn("account", &account.to_string())]).collect()
    }

    /// Whether the organization has all features.
    pub fn has_all_features(&self) -> bool {
        self.record().is_some_and(|record| record.all_features)
    }

    /// Whether an account was closed: its principals can do nothing.
    pub fn has_closed(&self, account: AccountId) -> bool {
        self.member(account).is_some_and(|member| member.closed.is_some())
    }

    /// Whether an account may act on the root users of member accounts.
    pub fn administers_root_access(&self, account: AccountId) -> bool {
        self.management_account == account
            || self.member(account).is_some_and(|member| member.delegated.contains_key(ROOT_ACCESS_SERVICE))
    }

    /// Whether an account is the management account or a delegated administrator.
    pub fn is_administered_by(&self, account: AccountId) -> bool {
        let member = self.member(account);
        self.management_account == account || member.is_some_and(|member| !member.delegated.is_empty())
    }

    /// Whether the root user of an account has this e-mail address.
    pub fn has_email(&self, email: &str) -> bool {
        self.account.has_account_email(email)
    }
}
