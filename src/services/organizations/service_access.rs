//! Trusted access: which services of AWS may act in the organization.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{organizations_operation, refusal};
use crate::account::{OrganizationRecord, Reference};
use crate::call::{Access, Command, Named, Query, Target, Transaction, View, operations};
use crate::error::Result;
use crate::shapes::{OrganizationsNextToken, OrganizationsPageSize, OrganizationsServicePrincipal};

/// Refuses what is not the name of a service of AWS.
pub(super) fn must_be_service(principal: &str) -> Result<()> {
    let is_service = principal.strip_suffix(".amazonaws.com").is_some_and(|name| !name.is_empty());
    match is_service {
        true => Ok(()),
        false => {
            let message = "You specified an unrecognized service principal.";
            Err(refusal::input("UNRECOGNIZED_SERVICE_PRINCIPAL", message))
        }
    }
}

/// Lets a service act in the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableAWSServiceAccess {
    service_principal: OrganizationsServicePrincipal,
}

organizations_operation!(EnableAWSServiceAccess -> (), Management, |this| {
    Access::to(Target::Organization).key("organizations:ServicePrincipal", Some(&*this.service_principal))
});

impl Command for EnableAWSServiceAccess {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let record = cx.record_with_all_features()?;
        must_be_service(&self.service_principal)?;
        let mut services = record.services.clone();
        services.entry(self.service_principal.into()).or_insert(cx.now);
        cx.account.put(OrganizationRecord { services, ..(*record).clone() })
    }
}

/// Ends a service's access to the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisableAWSServiceAccess {
    service_principal: OrganizationsServicePrincipal,
}

organizations_operation!(DisableAWSServiceAccess -> (), Management, |this| {
    Access::to(Target::Organization).key("organizations:ServicePrincipal", Some(&*this.service_principal))
});

impl Command for DisableAWSServiceAccess {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut record = (*cx.record_with_all_features()?).clone();
        must_be_service(&self.service_principal)?;
        let administered = Reference::AdministeredService(self.service_principal.to_string());
        if cx.members_with(&administered).next().is_some() {
            let message = "You must deregister the delegated administrators of the service first.";
            return Err(refusal::constraint("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", message));
        }
        record.services.remove(&*self.service_principal);
        cx.account.put(record)
    }
}

/// Lists the services that may act in the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAWSServiceAccessForOrganization {
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListAWSServiceAccessForOrganization` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAWSServiceAccessForOrganizationResult {
    enabled_service_principals: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(
    ListAWSServiceAccessForOrganization -> ListAWSServiceAccessForOrganizationResult, Administrator,
    |_this| Access::to(Target::Organization)
);

impl Query for ListAWSServiceAccessForOrganization {
    fn answer(self, cx: &View<'_>) -> Result<ListAWSServiceAccessForOrganizationResult> {
        let record = cx.record_with_all_features()?;
        let services = record.services.iter();
        let services =
            services.map(|(name, since)| (name.clone(), json!({"ServicePrincipal": name, "DateEnabled": since})));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, services)?;
        Ok(ListAWSServiceAccessForOrganizationResult {
            enabled_service_principals: page.members,
            next_token: page.next_token,
        })
    }
}

operations!(
    ORGANIZATIONS:
    query ListAWSServiceAccessForOrganization;
    command DisableAWSServiceAccess, EnableAWSServiceAccess
);
