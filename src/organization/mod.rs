//! The organization that accounts belong to (AWS Organizations): where each account is in it, and the policies that
//! bind it there. All of it comes from the configuration and is read once.

mod attachments;
mod entity;
mod error;
mod place;
mod policies;
mod settings;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use entity::{Entity, ServiceControlPolicy};
pub use error::OrganizationError;
pub use place::{Place, Places};
pub use policies::PolicyType;
pub use settings::{OrganizationSettings, PolicySettings, UnitSettings};

use crate::shapes::AccountId;
use attachments::Attachments;
use iam_policy::PolicySet;
use tree::Tree;

/// An organization with all features.
#[derive(Debug)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The account that the organization was made from.
    pub management_account: AccountId,
    delegated_administrators: BTreeSet<AccountId>,
    places: BTreeMap<AccountId, Place>,
    /// The service control policies down to the root and the units, by their paths.
    branches: BTreeMap<String, Option<Box<[PolicySet]>>>,
    /// By id.
    service_control_policies: BTreeMap<String, ServiceControlPolicy>,
}

impl Organization {
    /// The organization as the settings want it; the files of its policies are in `folder` unless their paths are
    /// absolute.
    ///
    /// # Errors
    /// See [`OrganizationError`].
    pub fn new(settings: &OrganizationSettings, folder: &Path) -> Result<Self, OrganizationError> {
        let tree = Tree::new(settings)?;
        let attachments = Attachments::read(settings, &tree, folder)?;
        let delegated = settings.delegated_administrators.iter();
        let delegated = delegated.map(|account| tree.account(account, "delegated-administrators"));
        let place = |account: &AccountId| {
            // AWS: the management account is bound by neither.
            let levels = (*account != tree.management_account).then(|| tree.levels(*account));
            let policies = |kind| attachments.at(kind, levels.as_deref()?);
            let place = Place {
                path: tree.path(*account),
                service_control: policies(PolicyType::ServiceControl),
                resource_control: policies(PolicyType::ResourceControl),
            };
            (*account, place)
        };
        Ok(Self {
            id: settings.id.clone(),
            management_account: tree.management_account,
            delegated_administrators: delegated.collect::<Result<_, _>>()?,
            places: tree.accounts.iter().map(place).collect(),
            branches: tree
                .branches()
                .map(|(path, levels)| (path, attachments.at(PolicyType::ServiceControl, &levels)))
                .collect(),
            service_control_policies: attachments.service_control_policies(&tree),
        })
    }

    /// Whether an account belongs to the organization.
    pub fn contains(&self, account: AccountId) -> bool {
        self.places.contains_key(&account)
    }

    /// Where an account of the organization is.
    pub fn place(&self, account: AccountId) -> Option<&Place> {
        self.places.get(&account)
    }

    /// The accounts, in the order of their numbers.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.places.keys().copied()
    }

    /// The id of the root: `r-…`.
    pub fn root_id(&self) -> &str {
        let path = self.places.get(&self.management_account).map(Place::path).unwrap_or_default();
        path.split('/').nth(1).unwrap_or_default()
    }

    /// The ARN of the organization (no id), or of something in it: `account`, `root`.
    pub fn arn(&self, kind: &str, id: Option<&str>) -> String {
        let (partition, management) = (self.management_account.partition(), self.management_account);
        let id = id.map(|id| format!("/{id}")).unwrap_or_default();
        format!("arn:{partition}:organizations::{management}:{kind}/{}{id}", self.id)
    }

    /// The ARNs of the root, the units and an account, from the root down; none for an account elsewhere.
    pub fn levels(&self, account: AccountId) -> Vec<String> {
        let Some(place) = self.place(account) else { return Vec::new() };
        let above = place.path().trim_end_matches('/').split('/').skip(1);
        let above = above.map(|id| self.arn(if id.starts_with("r-") { "root" } else { "ou" }, Some(id)));
        above.chain([self.arn("account", Some(&account.to_string()))]).collect()
    }

    /// The types of policies that bind anything.
    pub fn enabled_policy_types(&self) -> impl Iterator<Item = PolicyType> {
        let bound = |kind: &PolicyType| {
            self.places.values().any(|place| match kind {
                PolicyType::ServiceControl => place.service_control().is_some(),
                PolicyType::ResourceControl => place.resource_control().is_some(),
            })
        };
        [PolicyType::ServiceControl, PolicyType::ResourceControl].into_iter().filter(bound)
    }

    /// Whether an account is the management account or a delegated administrator.
    pub fn is_administered_by(&self, account: AccountId) -> bool {
        self.administers_root_access(account)
    }

    /// Whether an account may act on the root users of member accounts.
    pub fn administers_root_access(&self, account: AccountId) -> bool {
        self.management_account == account || self.delegated_administrators.contains(&account)
    }
}
