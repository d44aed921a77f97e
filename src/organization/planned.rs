//! The organization that the configuration makes in a database that has none.

use std::collections::BTreeMap;
use std::path::Path;

use super::attachments::Attachments;
use super::tree::{Target, Tree};
use super::{OrganizationError, OrganizationSettings, ROOT_ACCESS_SERVICE};
use crate::account::{Account, MemberAccount, OrganizationPolicy, OrganizationRecord, OrganizationUnit};
use crate::error::Result as Answer;
use crate::shapes::{AccountId, Timestamp};

/// An organization that is to be written to its management account.
#[derive(Debug)]
pub struct PlannedOrganization {
    /// The management account.
    pub management_account: AccountId,
    record: OrganizationRecord,
    units: Vec<OrganizationUnit>,
    accounts: Vec<MemberAccount>,
    policies: Vec<OrganizationPolicy>,
}

impl PlannedOrganization {
    /// The organization as the settings want it; the files of its policies are in `folder` unless their paths are
    /// absolute.
    ///
    /// # Errors
    /// See [`OrganizationError`].
    pub fn new(settings: &OrganizationSettings, folder: &Path, now: Timestamp) -> Result<Self, OrganizationError> {
        let tree = Tree::new(settings)?;
        let attachments = Attachments::read(settings, &tree, folder, now)?;
        let delegated = settings.delegated_administrators.iter();
        let delegated: Vec<_> =
            delegated.map(|text| tree.account(text, "delegated-administrators")).collect::<Result<_, _>>()?;
        let account = |id: &AccountId| {
            let administers = delegated.contains(id).then(|| (ROOT_ACCESS_SERVICE.to_owned(), now));
            MemberAccount {
                id: *id,
                name: id.to_string(),
                email: format!("{id}@example.com"),
                parent: tree.parent_of(*id),
                joined: now,
                invited: *id == tree.management_account,
                closed: None,
                delegated: administers.into_iter().collect(),
                node: attachments.node(Target::Account(*id)),
            }
        };
        let unit = |(name, id, parent)| OrganizationUnit {
            id,
            name: str::to_owned(name),
            parent,
            node: attachments.node(Target::Unit(name)),
        };
        Ok(Self {
            management_account: tree.management_account,
            record: OrganizationRecord {
                id: settings.id.clone(),
                root: settings.root.clone(),
                all_features: true,
                created: now,
                enabled: attachments.types().map(|kind| kind.kind()).collect(),
                services: BTreeMap::from([(ROOT_ACCESS_SERVICE.to_owned(), now)]),
                delegation: None,
                node: attachments.node(Target::Root),
            },
            units: tree.units().map(unit).collect(),
            accounts: tree.accounts.iter().map(account).collect(),
            policies: attachments.into_policies(),
        })
    }

    /// Puts the organization into its management account.
    ///
    /// # Errors
    /// Only if an entity cannot be written as JSON, which is a fault of ours.
    pub fn write_to(&self, account: &mut Account) -> Answer<()> {
        account.put(self.record.clone())?;
        self.units.iter().try_for_each(|unit| account.put(unit.clone()))?;
        self.accounts.iter().try_for_each(|member| account.put(member.clone()))?;
        self.policies.iter().try_for_each(|policy| account.put(policy.clone()))
    }

    /// The id of the organization.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Its accounts.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().map(|member| member.id)
    }
}
