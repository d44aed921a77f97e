//! The organization's root features: central management of root credentials, and sessions of member accounts' root users.
//!
//! What the organization has enabled is kept in its management account, as the organization is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::call::{Access, AccountRef, Command, Context, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::organization::{Organization, ROOT_ACCESS_SERVICE};
use crate::shapes::OrganizationFeature;

/// What all operations here answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationFeatures {
    organization_id: String,
    enabled_features: BTreeSet<OrganizationFeature>,
}

impl<A: AccountRef> Context<'_, A> {
    /// The organization whose management account, or delegated administrator, calls.
    ///
    /// # Errors
    /// `OrganizationNotFoundException` for accounts in no organization, the one for other member accounts, and
    /// `ServiceAccessNotEnabledException` where the organization does not trust IAM.
    fn administered_organization(&self) -> Result<&Organization> {
        let organization = self.organization().ok_or_else(|| {
            let message = "The request was rejected because your organization does not exist.";
            Error::new(Code::OrganizationNotFound, message)
        })?;
        if !organization.administers_root_access(self.account.id) {
            return Err(not_administrator());
        }
        if !organization.trusts(ROOT_ACCESS_SERVICE) {
            let message = "Trusted access is not enabled for the service iam.amazonaws.com in your organization.";
            return Err(Error::new(Code::ServiceAccessNotEnabled, message));
        }
        Ok(organization)
    }

    /// What the organization has enabled, which its management account keeps.
    pub fn organization_features(&self, organization: &Organization) -> BTreeSet<OrganizationFeature> {
        let account = self.account_of(organization.management_account);
        account.map(|account| account.settings().organization_features).unwrap_or_default()
    }
}

impl Transaction<'_> {
    /// Turns a feature on or off; nothing happens if it is so already.
    fn set_feature(&mut self, feature: OrganizationFeature, on: bool) -> Result<OrganizationFeatures> {
        let organization = self.administered_organization()?;
        if organization.management_account != self.account.id {
            // Only the management account keeps the features.
            return Err(not_administrator());
        }
        if on && !organization.has_all_features() {
            let message = "Your organization must have all features enabled.";
            return Err(Error::new(Code::OrganizationNotInAllFeaturesMode, message));
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
            }

            impl Command for $operation {
                fn execute(self, cx: &mut Transaction<'_>) -> Result<OrganizationFeatures> {
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
    const ASKS_ORGANIZATION: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListOrganizationsFeatures {
    fn answer(self, cx: &View<'_>) -> Result<OrganizationFeatures> {
        let organization = cx.administered_organization()?;
        let enabled_features = cx.organization_features(organization);
        Ok(OrganizationFeatures { organization_id: organization.id.clone(), enabled_features })
    }
}

operations!(
    IAM:
    query ListOrganizationsFeatures;
    command DisableOrganizationsRootCredentialsManagement, DisableOrganizationsRootSessions,
        EnableOrganizationsRootCredentialsManagement, EnableOrganizationsRootSessions
);
