//! What AWS's operations on an organization answer.

use serde::Deserialize;

use super::{AwsTag, moment};
use crate::account::AccountState;
use crate::description::{Document, TrustedService};
use crate::markup::Placed;
use crate::shapes::{FeatureSet, OrganizationPolicyType, Timestamp};

/// Of several operations, any of their members.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Answers {
    /// `describe-organization`.
    pub organization: Option<OrganizationShape>,
    /// `list-roots`.
    pub roots: Vec<RootShape>,
    /// `list-organizational-units-for-parent`.
    pub organizational_units: Vec<UnitShape>,
    /// `list-accounts`, `list-accounts-for-parent`.
    pub accounts: Vec<AccountShape>,
    /// `list-policies`.
    pub policies: Vec<SummaryShape>,
    /// `describe-policy`.
    pub policy: Option<PolicyShape>,
    /// `list-targets-for-policy`.
    pub targets: Option<Vec<TargetShape>>,
    /// `list-aws-service-access-for-organization`.
    pub enabled_service_principals: Option<Vec<ServiceShape>>,
    /// `list-delegated-services-for-account`.
    pub delegated_services: Option<Vec<DelegatedShape>>,
    /// `describe-resource-policy`.
    pub resource_policy: Option<ResourcePolicyShape>,
    /// What `iamd export` writes: `describe-policy` and `list-targets-for-policy`.
    pub organization_policies: Vec<PolicyShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OrganizationShape {
    pub arn: Placed<String>,
    pub feature_set: Option<FeatureSet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RootShape {
    pub id: Placed<String>,
    pub arn: Placed<String>,
    #[serde(default)]
    pub policy_types: Vec<PolicyTypeShape>,
    pub tags: Option<Vec<AwsTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyTypeShape {
    #[serde(rename = "Type")]
    pub kind: OrganizationPolicyType,
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UnitShape {
    pub id: Placed<String>,
    pub arn: Placed<String>,
    pub name: Placed<String>,
    pub path: Option<String>,
    pub tags: Option<Vec<AwsTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccountShape {
    pub id: Placed<String>,
    pub arn: Placed<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    /// AWS has given it up for the state.
    pub status: Option<Placed<String>>,
    pub state: Option<Placed<String>>,
    #[serde(default)]
    pub paths: Vec<String>,
    pub joined_method: Option<String>,
    #[serde(default, deserialize_with = "joined")]
    pub joined_timestamp: Option<Timestamp>,
    pub tags: Option<Vec<AwsTag>>,
    /// What `iamd export` adds.
    pub delegated_services: Option<Vec<DelegatedShape>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ServiceShape {
    service_principal: Placed<String>,
    #[serde(deserialize_with = "moment")]
    date_enabled: Timestamp,
}

impl ServiceShape {
    pub fn describe(self) -> TrustedService {
        TrustedService { principal: self.service_principal, since: Some(self.date_enabled) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DelegatedShape {
    service_principal: Placed<String>,
    #[serde(deserialize_with = "moment")]
    delegation_enabled_date: Timestamp,
}

impl DelegatedShape {
    pub fn describe(self) -> TrustedService {
        TrustedService { principal: self.service_principal, since: Some(self.delegation_enabled_date) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResourcePolicyShape {
    pub resource_policy_summary: ResourcePolicySummaryShape,
    pub content: Document,
    pub tags: Option<Vec<AwsTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResourcePolicySummaryShape {
    pub id: String,
    pub arn: Placed<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SummaryShape {
    pub id: Placed<String>,
    pub arn: Placed<String>,
    pub name: Placed<String>,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "Type")]
    pub kind: OrganizationPolicyType,
    #[serde(default)]
    pub aws_managed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyShape {
    pub policy_summary: SummaryShape,
    pub content: Option<Document>,
    pub targets: Option<Vec<TargetShape>>,
    pub tags: Option<Vec<AwsTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TargetShape {
    pub target_id: Placed<String>,
    pub arn: Placed<String>,
    /// What `iamd export` adds.
    pub attachment_order: Option<usize>,
}

/// The state that AWS calls so (`AccountState`); `None` for one that cannot be kept here. The principals of an account
/// that waits for its activation can do nothing on AWS, so it is not taken for an active one.
pub(super) fn state_called(name: &str) -> Option<AccountState> {
    let states = [AccountState::Active, AccountState::PendingClosure, AccountState::Suspended, AccountState::Gone];
    states.into_iter().find(|state| state.name() == name)
}

fn joined<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    moment(deserializer).map(Some)
}
