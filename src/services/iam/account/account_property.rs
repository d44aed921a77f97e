//! Account properties: settings of services that live in the account, a namespace per service.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::call::{Access, Command, Operation, Query, Target, Transaction, View, operations};
use crate::catalogue::service_linked_roles;
use crate::error::{Code, Error, Result};
use crate::services::iam::roles::service_linked_role::linked_role;
use crate::shapes::{AccountPropertyKey, AccountPropertyValue, Kind};

/// The one property that there is: whether IAM may manage the account's roles.
const ENABLED: &str = "RoleManager/Enabled";
/// The service that does so.
const ROLE_MANAGER: &str = "role-manager.iam.amazonaws.com";

/// The part of a key before the slash.
fn namespace(key: &str) -> &str {
    key.split_once('/').map_or(key, |(namespace, _)| namespace)
}

/// Sets properties of one namespace.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutAccountProperties {
    properties: BTreeMap<AccountPropertyKey, AccountPropertyValue>,
}

/// What `PutAccountProperties` answers: an empty result element.
#[derive(Serialize)]
pub struct PutAccountPropertiesResult {}

impl PutAccountProperties {
    fn namespaces(&self) -> BTreeSet<&str> {
        self.properties.keys().map(|key| namespace(key)).collect()
    }

    fn value(&self) -> Option<&str> {
        self.properties.iter().find(|(key, _)| ***key == *ENABLED).map(|(_, value)| &**value)
    }

    fn enables(&self) -> bool {
        self.value() == Some("true")
    }

    /// What the one property that AWS knows is to be; others of its namespace are ignored.
    fn enabled(&self) -> Result<bool> {
        let invalid = |message: String| Err(Error::new(Code::InvalidInput, message));
        if let Some(key) = self.properties.keys().find(|key| !key.contains('/')) {
            return invalid(format!("Property key must be in format Namespace/PropertyName: {key}"));
        }
        let namespaces = self.namespaces();
        if namespaces.len() > 1 {
            return invalid("All properties must belong to the same namespace".to_owned());
        }
        if let Some(unknown) = namespaces.into_iter().find(|namespace| *namespace != "RoleManager") {
            return invalid(format!("Unsupported namespace: {unknown}"));
        }
        match self.value() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => invalid("Enabled must be 'true' or 'false'".to_owned()),
            None => invalid("RoleManager namespace requires Enabled property".to_owned()),
        }
    }
}

impl Operation for PutAccountProperties {
    type Output = PutAccountPropertiesResult;

    const ERRORS: &'static [Code] = &[Code::ConcurrentModification, Code::InvalidInput, Code::ServiceFailure];

    /// Who lets IAM manage roles makes the role that it does so with.
    fn access(&self) -> Access<'_> {
        let namespaces: Vec<&str> = self.namespaces().into_iter().collect();
        let access = Access::any().key("iam:AccountPropertyNamespaces", Some(namespaces));
        match service_linked_roles::get(ROLE_MANAGER) {
            Some(linked) if self.enables() => access
                .also(
                    "iam:CreateServiceLinkedRole",
                    Target::New(Kind::Role, linked.path().into(), linked.role_name.into()),
                )
                .key("iam:AWSServiceName", Some(ROLE_MANAGER)),
            _ => access,
        }
    }
}

impl Command for PutAccountProperties {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<PutAccountPropertiesResult> {
        let enabled = self.enabled()?;
        if let Some(linked) = service_linked_roles::get(ROLE_MANAGER).filter(|_| enabled)
            && cx.account.get::<Role>(linked.role_name).is_none()
        {
            let role = linked_role(cx, linked, linked.role_name.to_owned())?;
            cx.account.add(role)?;
        }
        cx.account.update_settings(|settings| {
            settings.properties.insert(ENABLED.to_owned(), enabled.to_string());
            Ok(())
        })?;
        Ok(PutAccountPropertiesResult {})
    }
}

/// Returns all properties of the account.
#[derive(Deserialize)]
pub struct GetAccountProperties {}

/// What `GetAccountProperties` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountPropertiesResult {
    properties: BTreeMap<String, String>,
}

impl Operation for GetAccountProperties {
    type Output = GetAccountPropertiesResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any().key("iam:AccountPropertyNamespaces", Some(vec![namespace(ENABLED)]))
    }
}

impl Query for GetAccountProperties {
    fn answer(self, cx: &View<'_>) -> Result<GetAccountPropertiesResult> {
        let mut properties = cx.account.settings().properties;
        properties.entry(ENABLED.to_owned()).or_insert_with(|| false.to_string());
        Ok(GetAccountPropertiesResult { properties })
    }
}

operations!(IAM: query GetAccountProperties; command PutAccountProperties);
