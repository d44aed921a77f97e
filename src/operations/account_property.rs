//! Account properties: settings of services that live in the account, a namespace per service.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Access, Context, Operation, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountPropertyKey, AccountPropertyValue};

/// The part of a key before the slash.
fn namespace(key: &str) -> &str {
    key.split_once('/').map_or(key, |(namespace, _)| namespace)
}

/// Sets properties of one namespace; other properties stay.
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
}

impl Operation for PutAccountProperties {
    type Output = PutAccountPropertiesResult;

    const ERRORS: &'static [Code] = &[Code::ConcurrentModification, Code::InvalidInput, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        let namespaces: Vec<&str> = self.namespaces().into_iter().collect();
        Access::any().key("iam:AccountPropertyNamespaces", Some(namespaces))
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<PutAccountPropertiesResult> {
        if self.properties.keys().any(|key| !key.contains('/')) {
            let message = "Property keys must have the form {Namespace}/{PropertyName}.";
            return Err(Error::new(Code::InvalidInput, message));
        }
        if self.namespaces().len() != 1 {
            let message = "The properties of one request must belong to one namespace.";
            return Err(Error::new(Code::InvalidInput, message));
        }
        cx.account.update_settings(|settings| {
            settings.properties.extend(self.properties.into_iter().map(|(key, value)| (key.into(), value.into())));
            Ok(())
        })?;
        Ok(PutAccountPropertiesResult {})
    }
}

/// Tells all properties of the account.
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
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<GetAccountPropertiesResult> {
        Ok(GetAccountPropertiesResult { properties: cx.account.settings().properties })
    }
}

operations!(Iam: GetAccountProperties, PutAccountProperties);
