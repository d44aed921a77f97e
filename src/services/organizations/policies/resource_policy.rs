//! The organization's resource policy, which lets members act for the management account.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::{Account, DelegationPolicy, OrganizationRecord};
use crate::call::{Access, Command, Named, Need, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::organizations::{add_tags, organizations_operation};
use crate::shapes::{DelegationPolicyContent, OrganizationsTags};
use iam_policy::{Grammar, Policy};

/// The letters and digits of the policy's id.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What operations on the policy answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourcePolicyResult {
    resource_policy: Value,
}

impl ResourcePolicyResult {
    fn of(account: &Account, policy: &DelegationPolicy) -> Self {
        let arn = account.organization_arn("resourcepolicy", Some(&policy.id));
        let summary = json!({"Id": policy.id, "Arn": arn});
        Self { resource_policy: json!({"ResourcePolicySummary": summary, "Content": &*policy.content}) }
    }
}

/// Sets the policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutResourcePolicy {
    content: DelegationPolicyContent,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(PutResourcePolicy -> ResourcePolicyResult, Management, |this| {
    Access::to(Target::Organization)
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
});

impl Command for PutResourcePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<ResourcePolicyResult> {
        let record = cx.record()?;
        let partition = cx.account.id.partition().name();
        let policy = Policy::accept(&self.content, Grammar::Resource, partition).map_err(|_| {
            let message = "The provided policy document does not meet the requirements of the specified policy type.";
            Error::new(Code::MalformedOrganizationPolicy, message)
        })?;
        let id = record.delegation.as_ref().map(|policy| policy.id.clone());
        let mut tags = record.delegation.as_ref().map(|policy| policy.tags.clone()).unwrap_or_default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        let delegation = DelegationPolicy {
            id: id.unwrap_or_else(|| format!("rp-{}", cx.ids.text(ALPHABET, 8))),
            content: String::from(self.content).into(),
            tags,
            compiled: OnceLock::from(Ok(Arc::new(policy))),
        };
        let result = ResourcePolicyResult::of(cx.account, &delegation);
        cx.account.put(OrganizationRecord { delegation: Some(delegation), ..(*record).clone() })?;
        Ok(result)
    }
}

fn missing() -> Error {
    Error::new(
        Code::ResourcePolicyNotFound,
        "We can't find a resource policy request with the parameters you specified.",
    )
}

/// Deletes the policy.
#[derive(Deserialize)]
pub struct DeleteResourcePolicy {}

organizations_operation!(DeleteResourcePolicy -> (), Management, |_this| Access::to(Target::Organization));

impl Command for DeleteResourcePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let record = cx.record()?;
        record.delegation.as_ref().ok_or_else(missing)?;
        cx.account.put(OrganizationRecord { delegation: None, ..(*record).clone() })
    }
}

/// Shows the policy.
#[derive(Deserialize)]
pub struct DescribeResourcePolicy {}

organizations_operation!(DescribeResourcePolicy -> ResourcePolicyResult, Administrator, |_this| {
    Access::to(Target::Organization)
});

impl Query for DescribeResourcePolicy {
    fn answer(self, cx: &View<'_>) -> Result<ResourcePolicyResult> {
        let record = cx.record()?;
        let policy = record.delegation.as_ref().ok_or_else(missing)?;
        Ok(ResourcePolicyResult::of(cx.account, policy))
    }
}

operations!(ORGANIZATIONS: query DescribeResourcePolicy; command DeleteResourcePolicy, PutResourcePolicy);
