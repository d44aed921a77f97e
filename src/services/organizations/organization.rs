//! The organization itself.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::email;
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::organization::{Organization, PolicyType};

/// Describes the organization of the caller's account.
#[derive(Deserialize)]
pub struct DescribeOrganization {}

/// What `DescribeOrganization` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeOrganizationResult {
    organization: OrganizationShape,
}

/// An organization in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationShape {
    id: String,
    arn: String,
    feature_set: &'static str,
    master_account_arn: String,
    master_account_id: String,
    master_account_email: String,
    available_policy_types: Vec<Value>,
}

impl From<&Organization> for OrganizationShape {
    fn from(organization: &Organization) -> Self {
        let management = organization.management_account;
        Self {
            id: organization.id.clone(),
            arn: organization.arn("organization", None),
            feature_set: "ALL",
            master_account_arn: organization.arn("account", Some(&management.to_string())),
            master_account_id: management.to_string(),
            master_account_email: email(management),
            // AWS deprecated the member: it is the same for every organization with all features.
            available_policy_types: vec![json!({"Type": PolicyType::ServiceControl.wire_name(), "Status": "ENABLED"})],
        }
    }
}

impl Operation for DescribeOrganization {
    type Output = DescribeOrganizationResult;

    const ERRORS: &'static [Code] = &[Code::AWSOrganizationsNotInUse];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for DescribeOrganization {
    fn answer(self, cx: &View<'_>) -> Result<DescribeOrganizationResult> {
        Ok(DescribeOrganizationResult { organization: cx.own_organization()?.into() })
    }
}

operations!(ORGANIZATIONS: query DescribeOrganization);
