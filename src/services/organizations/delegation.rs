//! Members that administer services for the organization.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::service_access::must_be_service;
use super::{organizations_operation, refusal, shape};
use crate::account::{AccountState, MemberAccount, Reference};
use crate::call::{Access, Command, Named, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    OrganizationsAccountId, OrganizationsNextToken, OrganizationsPageSize, OrganizationsServicePrincipal,
};

/// Makes a member the delegated administrator of a service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegisterDelegatedAdministrator {
    account_id: OrganizationsAccountId,
    service_principal: OrganizationsServicePrincipal,
}

organizations_operation!(RegisterDelegatedAdministrator -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
        .key("organizations:ServicePrincipal", Some(&*this.service_principal))
});

impl Command for RegisterDelegatedAdministrator {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let record = cx.record_with_all_features()?;
        must_be_service(&self.service_principal)?;
        let mut member = (*cx.member(&self.account_id)?).clone();
        if member.id == cx.account.id {
            let message =
                "You cannot register management account/yourself as delegated administrator for your organization.";
            return Err(refusal::constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", message));
        }
        if member.closed.is_some() {
            let message = "You cannot register a suspended account as delegated administrator for your organization.";
            return Err(refusal::constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", message));
        }
        if !record.services.contains_key(&*self.service_principal) {
            let message =
                "You must enable trusted access of the service before you register a delegated administrator.";
            return Err(refusal::constraint("SERVICE_ACCESS_NOT_ENABLED", message));
        }
        if member.delegated.insert(self.service_principal.into(), cx.now).is_some() {
            let message = "The provided account is already a delegated administrator for your organization.";
            return Err(Error::new(Code::AccountAlreadyRegistered, message));
        }
        cx.account.put(member)
    }
}

fn not_registered() -> Error {
    let message = "The provided account is not a registered delegated administrator for your organization.";
    Error::new(Code::AccountNotRegistered, message)
}

/// Ends a member's administration of a service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeregisterDelegatedAdministrator {
    account_id: OrganizationsAccountId,
    service_principal: OrganizationsServicePrincipal,
}

organizations_operation!(DeregisterDelegatedAdministrator -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.account_id))
        .key("organizations:ServicePrincipal", Some(&*this.service_principal))
});

impl Command for DeregisterDelegatedAdministrator {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.record_with_all_features()?;
        let mut member = (*cx.member(&self.account_id)?).clone();
        member.delegated.remove(&*self.service_principal).ok_or_else(not_registered)?;
        cx.account.put(member)
    }
}

/// Lists the delegated administrators of one service, or of any.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegatedAdministrators {
    service_principal: Option<OrganizationsServicePrincipal>,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListDelegatedAdministrators` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegatedAdministratorsResult {
    delegated_administrators: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListDelegatedAdministrators -> ListDelegatedAdministratorsResult, Administrator, |this| {
    Access::to(Target::Organization).key("organizations:ServicePrincipal", this.service_principal.as_deref())
});

impl Query for ListDelegatedAdministrators {
    fn answer(self, cx: &View<'_>) -> Result<ListDelegatedAdministratorsResult> {
        cx.record_with_all_features()?;
        let since = |member: &MemberAccount| match &self.service_principal {
            Some(service) => member.delegated.get(&**service).copied(),
            None => member.delegated.values().min().copied(),
        };
        let service =
            self.service_principal.as_ref().map(|service| Reference::AdministeredService(service.to_string()));
        let members: Box<dyn Iterator<Item = &MemberAccount>> = match &service {
            Some(service) => Box::new(cx.account.referrers::<MemberAccount>(service)),
            None => Box::new(cx.account.organization_accounts.iter().map(|member| &**member)),
        };
        let members = members.filter(|member| member.state(cx.now) != AccountState::Gone);
        let members = members.filter_map(|member| {
            let since = since(member)?;
            let mut shown = shape::member(cx.account, member, cx.now);
            if let Some(members) = shown.as_object_mut() {
                members.insert("DelegationEnabledDate".to_owned(), json!(since));
                members.remove("Paths");
                members.remove("State");
            }
            Some((member.id.to_string(), shown))
        });
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, members)?;
        Ok(ListDelegatedAdministratorsResult { delegated_administrators: page.members, next_token: page.next_token })
    }
}

/// Lists the services that a member administers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegatedServicesForAccount {
    account_id: OrganizationsAccountId,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListDelegatedServicesForAccount` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegatedServicesForAccountResult {
    delegated_services: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListDelegatedServicesForAccount -> ListDelegatedServicesForAccountResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.account_id))
});

impl Query for ListDelegatedServicesForAccount {
    fn answer(self, cx: &View<'_>) -> Result<ListDelegatedServicesForAccountResult> {
        cx.record_with_all_features()?;
        let member = cx.member(&self.account_id)?;
        if member.delegated.is_empty() {
            return Err(not_registered());
        }
        let services = member.delegated.iter();
        let services = services
            .map(|(name, since)| (name.clone(), json!({"ServicePrincipal": name, "DelegationEnabledDate": since})));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, services)?;
        Ok(ListDelegatedServicesForAccountResult { delegated_services: page.members, next_token: page.next_token })
    }
}

operations!(
    ORGANIZATIONS:
    query ListDelegatedAdministrators, ListDelegatedServicesForAccount;
    command DeregisterDelegatedAdministrator, RegisterDelegatedAdministrator
);
