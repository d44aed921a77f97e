//! The request of the evaluate endpoint, as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::policy::Values;

/// A request with every policy that bears on it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EvaluateRequest<'a> {
    /// An ARN, an account's number, a service's name, or `*` for an anonymous caller.
    pub principal: String,
    pub action: String,
    /// An ARN, or `*`, which it is if left out.
    #[serde(default = "no_resource")]
    pub resource: String,
    pub resource_account: Option<String>,
    #[serde(default)]
    pub context: BTreeMap<String, ContextValues>,
    #[serde(borrow)]
    pub identity_policies: Option<Vec<NamedDocument<'a>>>,
    #[serde(borrow)]
    pub permissions_boundaries: Option<Vec<NamedDocument<'a>>>,
    #[serde(borrow)]
    pub session_policies: Option<Vec<NamedDocument<'a>>>,
    #[serde(borrow)]
    pub resource_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    pub service_control_policies: Option<Vec<Level<'a>>>,
    #[serde(borrow)]
    pub resource_control_policies: Option<Vec<Level<'a>>>,
    #[serde(borrow)]
    pub vpc_endpoint_policies: Option<Vec<NamedDocument<'a>>>,
    pub organization_management_account: Option<String>,
}

fn no_resource() -> String {
    "*".to_owned()
}

/// A policy document and what to call it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedDocument<'a> {
    pub name: Option<String>,
    #[serde(borrow)]
    pub document: &'a RawValue,
}

/// The policies of one level of an organization; or one policy, and all such together are a level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Level<'a> {
    pub target: Option<String>,
    #[serde(borrow)]
    pub policies: Option<Vec<NamedDocument<'a>>>,
    pub name: Option<String>,
    #[serde(borrow)]
    pub document: Option<&'a RawValue>,
}

/// The values of a context key: one, or a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ContextValues {
    One(Scalar),
    Many(Vec<Scalar>),
}

/// A value, which always stands for its text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Bool(bool),
}

impl ContextValues {
    pub(super) fn values(&self) -> Values<'_> {
        match self {
            Self::One(value) => Values::One(value.text()),
            Self::Many(values) => Values::Many(values.iter().map(Scalar::text).collect()),
        }
    }
}

impl Scalar {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
        }
    }
}
