//! The organization's root features: central management of root credentials, and sessions of member accounts' root users.
//!
//! The organization itself comes from the configuration. What it has enabled is kept in its management account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Access, Context, Operation, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, OrganizationFeature};

/// An organization of AWS Organizations, with all features.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The account that the organization was made from.
    #[serde(deserialize_with = "account")]
    pub management_account: AccountId,
    /// All other accounts.
    #[serde(default, deserialize_with = "accounts")]
    pub member_accounts: BTreeSet<AccountId>,
    /// Those of them that centralise root access for the management account.
    #[serde(default, deserialize_with = "accounts")]
    pub delegated_administrators: BTreeSet<AccountId>,
    /// The root, `r-…`.
    #[serde(default = "default_root")]
    pub root: String,
    /// The accounts of organizational units, by the units from the root down: `ou-…` or `ou-…/ou-…`. Accounts in no unit
    /// are under the root.
    #[serde(default, deserialize_with = "units")]
    pub units: BTreeMap<String, BTreeSet<AccountId>>,
}

fn default_root() -> String {
    "r-0000".to_owned()
}

impl Organization {
    /// Whether an account belongs to the organization.
    pub fn contains(&self, account: AccountId) -> bool {
        self.management_account == account || self.members().any(|member| member == account)
    }

    /// All accounts but the management account; an account in a unit need not be listed twice.
    fn members(&self) -> impl Iterator<Item = AccountId> {
        let unlisted = self.units.values().flatten().filter(|account| !self.member_accounts.contains(account));
        self.member_accounts.iter().chain(unlisted).copied().filter(|account| *account != self.management_account)
    }

    /// The path of an account of the organization: `o-…/r-…/ou-…/123456789012`.
    pub fn path_of(&self, account: AccountId) -> String {
        let unit = self.units.iter().find(|(_, accounts)| accounts.contains(&account));
        let unit = unit.map(|(unit, _)| format!("{unit}/")).unwrap_or_default();
        format!("{}/{}/{unit}{account}", self.id, self.root)
    }

    /// The accounts that a path stands for: those under a root or unit without the management account, which no policy of
    /// the organization limits, or the account that it ends with. `None` if there is nothing at the path.
    pub fn accounts_at(&self, path: &str) -> Option<Vec<AccountId>> {
        let path = path.trim_end_matches('/');
        if self.path_of(self.management_account) == path {
            return Some(vec![self.management_account]);
        }
        if let Some(account) = self.members().find(|account| self.path_of(*account) == path) {
            return Some(vec![account]);
        }
        let inside = format!("{path}/");
        let root = format!("{}/{}/", self.id, self.root);
        let is_unit = |unit: &String| format!("{root}{unit}/").starts_with(&inside);
        let exists = inside.starts_with(&root) && (inside == root || self.units.keys().any(is_unit));
        exists.then(|| self.members().filter(|account| self.path_of(*account).starts_with(&inside)).collect())
    }

    /// Whether an account may act on the root users of member accounts.
    pub fn administers_root_access(&self, account: AccountId) -> bool {
        let is_delegated = self.delegated_administrators.contains(&account) && self.contains(account);
        self.management_account == account || is_delegated
    }
}

fn account<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    let text = String::deserialize(deserializer)?;
    AccountId::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text} is not twelve digits")))
}

fn accounts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<AccountId>, D::Error> {
    read_accounts(Vec::<String>::deserialize(deserializer)?)
}

fn units<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, BTreeSet<AccountId>>, D::Error> {
    let units = BTreeMap::<String, Vec<String>>::deserialize(deserializer)?;
    units.into_iter().map(|(unit, accounts)| Ok((unit, read_accounts(accounts)?))).collect()
}

fn read_accounts<E: serde::de::Error>(texts: Vec<String>) -> Result<BTreeSet<AccountId>, E> {
    let read = |text: String| AccountId::parse(&text).ok_or_else(|| E::custom(format!("{text} is not twelve digits")));
    texts.into_iter().map(read).collect()
}

/// What all operations here answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationFeatures {
    organization_id: String,
    enabled_features: BTreeSet<OrganizationFeature>,
}

impl Context<'_> {
    /// The organization whose management account, or delegated administrator, calls.
    ///
    /// # Errors
    /// `OrganizationNotFoundException` for accounts in no organization, and the one for other member accounts.
    fn administered_organization(&self) -> Result<&Organization> {
        let organization = self.environment.organization.as_ref();
        let organization = organization.filter(|organization| organization.contains(self.account.id));
        let organization = organization.ok_or_else(|| {
            let message = "The request was rejected because your organization does not exist.";
            Error::new(Code::OrganizationNotFound, message)
        })?;
        if !organization.administers_root_access(self.account.id) {
            return Err(not_administrator());
        }
        Ok(organization)
    }

    /// What the organization has enabled, which its management account keeps.
    pub fn organization_features(&self, organization: &Organization) -> BTreeSet<OrganizationFeature> {
        let account = self.account_of(organization.management_account);
        account.map(|account| account.settings().organization_features).unwrap_or_default()
    }

    /// Turns a feature on or off; nothing happens if it is so already.
    fn set_feature(&mut self, feature: OrganizationFeature, on: bool) -> Result<OrganizationFeatures> {
        let organization = self.administered_organization()?;
        if organization.management_account != self.account.id {
            // Only the management account keeps the features.
            return Err(not_administrator());
        }
        let organization_id = organization.id.clone();
        self.account.update_settings(|settings| {
            if on {
                settings.organization_features.insert(feature);
            } else {
                settings.organization_features.remove(&feature);
            }
            Ok(())
        })?;
        Ok(OrganizationFeatures { organization_id, enabled_features: self.account.settings().organization_features })
    }
}

fn not_administrator() -> Error {
    let message = "The request was rejected because the account making the request is not the management account or \
                   delegated administrator account for centralized root access.";
    Error::new(Code::AccountNotManagementOrDelegatedAdministrator, message)
}

/// The errors that all operations here declare.
const COMMON: [Code; 4] = [
    Code::AccountNotManagementOrDelegatedAdministrator,
    Code::OrganizationNotFound,
    Code::OrganizationNotInAllFeaturesMode,
    Code::ServiceAccessNotEnabled,
];

/// Declares an operation that turns a feature on or off.
macro_rules! switch {
    ($($(#[$doc:meta])* $operation:ident: $feature:ident, $on:literal, $errors:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Deserialize)]
            pub struct $operation {}

            impl Operation for $operation {
                type Output = OrganizationFeatures;

                const ERRORS: &'static [Code] = $errors;

                fn access(&self) -> Access<'_> {
                    Access::any()
                }

                fn execute(self, cx: &mut Context<'_>) -> Result<OrganizationFeatures> {
                    cx.set_feature(OrganizationFeature::$feature, $on)
                }
            }
        )+
    };
}

const ENABLING: &[Code] = &[COMMON[0], COMMON[1], COMMON[2], COMMON[3], Code::CallerIsNotManagementAccount];

switch! {
    /// Lets the management account manage the root credentials of member accounts.
    EnableOrganizationsRootCredentialsManagement: RootCredentialsManagement, true, ENABLING;
    /// Ends the central management of root credentials.
    DisableOrganizationsRootCredentialsManagement: RootCredentialsManagement, false, &COMMON;
    /// Lets the management account call `AssumeRoot` for member accounts.
    EnableOrganizationsRootSessions: RootSessions, true, ENABLING;
    /// Ends sessions of member accounts' root users.
    DisableOrganizationsRootSessions: RootSessions, false, &COMMON;
}

/// Lists the enabled features.
#[derive(Deserialize)]
pub struct ListOrganizationsFeatures {}

impl Operation for ListOrganizationsFeatures {
    type Output = OrganizationFeatures;

    const ERRORS: &'static [Code] = &COMMON;
    const READ_ONLY: bool = true;
    const ASKS_ORGANIZATION: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<OrganizationFeatures> {
        let organization = cx.administered_organization()?;
        let enabled_features = cx.organization_features(organization);
        Ok(OrganizationFeatures { organization_id: organization.id.clone(), enabled_features })
    }
}

operations!(
    Iam: DisableOrganizationsRootCredentialsManagement, DisableOrganizationsRootSessions,
    EnableOrganizationsRootCredentialsManagement, EnableOrganizationsRootSessions, ListOrganizationsFeatures,
);
