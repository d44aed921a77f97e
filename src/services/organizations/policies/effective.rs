//! What the management policies of an account mean together.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::{Account, OrganizationPolicy};
use crate::call::{Access, Named, Query, Target, View, operations};
use crate::error::{Code, Error, Result};
use crate::organization::merge;
use crate::services::organizations::{organizations_operation, refusal};
use crate::shapes::{EffectivePolicyType, OrganizationPolicyType, PolicyTargetId, Timestamp};

/// Shows what the management policies of a type mean for an account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEffectivePolicy {
    policy_type: EffectivePolicyType,
    target_id: Option<PolicyTargetId>,
}

/// What `DescribeEffectivePolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEffectivePolicyResult {
    effective_policy: Value,
}

organizations_operation!(DescribeEffectivePolicy -> DescribeEffectivePolicyResult, Member, |this| {
    let target = this.target_id.as_deref().map_or(Target::Organization, Target::InOrganization);
    Access::to(target).key("organizations:PolicyType", Some(this.policy_type.kind().name()))
});

impl Query for DescribeEffectivePolicy {
    fn answer(self, cx: &View<'_>) -> Result<DescribeEffectivePolicyResult> {
        let record = cx.record_with_all_features()?;
        let kind = self.policy_type.kind();
        let own = cx.caller.account.to_string();
        let target = self.target_id.as_deref().unwrap_or(&own);
        let is_management = cx.caller.account == cx.account.id;
        let is_delegate = cx.account.member(&own).is_some_and(|member| !member.delegated.is_empty());
        if target != own && !is_management && !is_delegate {
            return Err(Error::new(Code::AccessDenied, "You don't have permissions to access this resource."));
        }
        if cx.account.member(target).is_none() {
            return Err(refusal::missing(Code::TargetNotFound));
        }
        let found = record.enabled.contains(&kind).then(|| effective(cx.account, target, kind)).flatten();
        let (content, updated) = found.ok_or_else(|| {
            Error::new(
                Code::EffectivePolicyNotFound,
                "There is no effective policy of the specified type for the target.",
            )
        })?;
        Ok(DescribeEffectivePolicyResult {
            effective_policy: json!({
                "PolicyContent": content.to_string(),
                "LastUpdatedTimestamp": updated,
                "TargetId": target,
                "PolicyType": kind,
            }),
        })
    }
}

/// The effective policy of an account, and when one of its parts was last changed.
fn effective(account: &Account, target: &str, kind: OrganizationPolicyType) -> Option<(Value, Timestamp)> {
    let mut line = account.organization_line(&account.member(target)?.parent);
    line.push(target.to_owned());
    let attached = |id: &String| -> Vec<&OrganizationPolicy> {
        let node = account.organization_node(id);
        let ids = node.into_iter().flat_map(|node| &node.attached);
        ids.filter_map(|id| account.organization_policies.get(id))
            .filter(|policy| policy.kind == kind)
            .map(|policy| &**policy)
            .collect()
    };
    let levels: Vec<Vec<&OrganizationPolicy>> = line.iter().map(attached).collect();
    let updated = levels.iter().flatten().map(|policy| policy.updated).max()?;
    let read = |policy: &&OrganizationPolicy| serde_json::from_str::<Value>(&policy.content).ok();
    let documents: Vec<Vec<Value>> = levels.iter().map(|level| level.iter().filter_map(read).collect()).collect();
    let merged = merge(documents.iter().map(|level| level.iter().collect()))?;
    Some((merged, updated))
}

operations!(ORGANIZATIONS: query DescribeEffectivePolicy);
