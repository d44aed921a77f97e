//! What the management policies of an account mean together.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::policy::max_characters;
use crate::account::{Account, AccountState, OrganizationPolicy};
use crate::call::{Access, Named, Query, Target, View, operations};
use crate::error::{Code, Error, Result};
use crate::organization::merge;
use crate::services::organizations::{organizations_operation, refusal, shape};
use crate::shapes::{
    EffectivePolicyType, OrganizationPolicyType, OrganizationsAccountId, OrganizationsNextToken, OrganizationsPageSize,
    PolicyTargetId, Timestamp,
};

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
} => must_see_target);

/// Members see their own policy. Whether the resource policy lets them see that of others is for the engine to say.
fn must_see_target(operation: &DescribeEffectivePolicy, cx: &View<'_>) -> Result<()> {
    let own = cx.caller.account.to_string();
    let is_own = operation.target_id.as_ref().is_none_or(|target| **target == own);
    let is_delegate = cx.account.member(&own).is_some_and(|member| !member.delegated.is_empty());
    let has_resource_policy = cx.account.managed_organization().is_some_and(|record| record.delegation.is_some());
    let may = is_own || is_delegate || has_resource_policy || cx.caller.account == cx.account.id;
    if may { Ok(()) } else { Err(refusal::place()) }
}

impl Query for DescribeEffectivePolicy {
    fn answer(self, cx: &View<'_>) -> Result<DescribeEffectivePolicyResult> {
        let record = cx.record_with_all_features()?;
        let kind = self.policy_type.kind();
        let own = cx.caller.account.to_string();
        let target = self.target_id.as_deref().unwrap_or(&own);
        if cx.account.member(target).is_none() {
            return Err(refusal::missing(Code::TargetNotFound));
        }
        cx.target(target)?;
        let found = record.enabled.contains(&kind).then(|| Effective::of(cx.account, target, kind)).flatten();
        let found = found.ok_or_else(not_found)?;
        Ok(DescribeEffectivePolicyResult {
            effective_policy: json!({
                "PolicyContent": found.content.to_string(),
                "LastUpdatedTimestamp": found.updated,
                "TargetId": target,
                "PolicyType": kind,
            }),
        })
    }
}

/// What the policies of a type mean together for an account.
struct Effective<'a> {
    content: Value,
    /// When one of the policies was last changed.
    updated: Timestamp,
    /// The ids of the policies.
    policies: Vec<&'a str>,
}

impl<'a> Effective<'a> {
    fn of(account: &'a Account, target: &str, kind: OrganizationPolicyType) -> Option<Self> {
        let mut line = account.organization_line(&account.member(target)?.parent);
        line.push(target.to_owned());
        let levels: Vec<_> = line.iter().map(|id| attached(account, id, kind).collect::<Vec<_>>()).collect();
        let updated = levels.iter().flatten().map(|policy| policy.updated).max()?;
        let read = |policy: &&OrganizationPolicy| serde_json::from_str::<Value>(&policy.content).ok();
        let documents: Vec<Vec<Value>> = levels.iter().map(|level| level.iter().filter_map(read).collect()).collect();
        let content = merge(documents.iter().map(|level| level.iter().collect()))?;
        let policies = levels.iter().flatten().map(|policy| policy.id.as_str()).collect();
        Some(Self { content, updated, policies })
    }

    /// What AWS would not enforce. It does not publish its checks; each policy alone was checked when it was made, and
    /// what several say together may become too long.
    fn errors(&self, kind: OrganizationPolicyType) -> Vec<Value> {
        let max = max_characters(kind);
        let length = self.content.to_string().chars().count();
        let error = (length > max).then(|| {
            json!({
                "ErrorCode": "ELEMENTS_TOO_MANY",
                "ErrorMessage": format!("The effective policy has {length} characters. The maximum is {max}."),
                "PathToError": "$",
                "ContributingPolicies": self.policies,
            })
        });
        error.into_iter().collect()
    }
}

/// The policies of a type that are attached to a root, unit or account.
fn attached<'a>(
    account: &'a Account,
    id: &str,
    kind: OrganizationPolicyType,
) -> impl Iterator<Item = &'a OrganizationPolicy> {
    let ids = account.organization_node(id).into_iter().flat_map(|node| &node.attached);
    let policies = ids.filter_map(|id| account.organization_policies.get(id));
    policies.map(|policy| &**policy).filter(move |policy| policy.kind == kind)
}

fn not_found() -> Error {
    Error::new(Code::EffectivePolicyNotFound, "There is no effective policy of the specified type for the target.")
}

/// Lists the accounts for which the management policies of a type are invalid together.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountsWithInvalidEffectivePolicy {
    policy_type: EffectivePolicyType,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListAccountsWithInvalidEffectivePolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountsWithInvalidEffectivePolicyResult {
    accounts: Vec<Value>,
    policy_type: EffectivePolicyType,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(
    ListAccountsWithInvalidEffectivePolicy -> ListAccountsWithInvalidEffectivePolicyResult, Administrator, |this| {
        Access::to(Target::Organization).key("organizations:PolicyType", Some(this.policy_type.kind().name()))
    }
);

impl Query for ListAccountsWithInvalidEffectivePolicy {
    fn answer(self, cx: &View<'_>) -> Result<ListAccountsWithInvalidEffectivePolicyResult> {
        let record = cx.record_with_all_features()?;
        let kind = self.policy_type.kind();
        if !record.enabled.contains(&kind) {
            return Err(not_found());
        }
        let is_invalid =
            |id: &str| Effective::of(cx.account, id, kind).is_some_and(|found| !found.errors(kind).is_empty());
        // Accounts of one unit without policies of their own have the same.
        let mut of_parents: HashMap<&str, bool> = HashMap::new();
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let members = cx.account.organization_accounts.after(after);
            let members = members.filter(|(_, member)| member.state(cx.now) != AccountState::Gone);
            let members = members.filter(|(id, member)| match attached(cx.account, id, kind).next() {
                Some(_) => is_invalid(id),
                None => *of_parents.entry(member.parent.as_str()).or_insert_with(|| is_invalid(id)),
            });
            members.map(|(id, member)| (id.to_owned(), member))
        })?;
        let accounts = page.members.into_iter().map(|member| shape::member(cx.account, member, cx.now)).collect();
        Ok(ListAccountsWithInvalidEffectivePolicyResult {
            accounts,
            policy_type: self.policy_type,
            next_token: page.next_token,
        })
    }
}

/// Lists what is wrong with the management policies of a type for an account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEffectivePolicyValidationErrors {
    account_id: OrganizationsAccountId,
    policy_type: EffectivePolicyType,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListEffectivePolicyValidationErrors` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEffectivePolicyValidationErrorsResult {
    account_id: String,
    policy_type: EffectivePolicyType,
    path: String,
    evaluation_timestamp: Timestamp,
    effective_policy_validation_errors: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(
    ListEffectivePolicyValidationErrors -> ListEffectivePolicyValidationErrorsResult, Administrator, |this| {
        Access::to(Target::InOrganization(&this.account_id))
            .key("organizations:PolicyType", Some(this.policy_type.kind().name()))
    }
);

impl Query for ListEffectivePolicyValidationErrors {
    fn answer(self, cx: &View<'_>) -> Result<ListEffectivePolicyValidationErrorsResult> {
        let record = cx.record_with_all_features()?;
        let kind = self.policy_type.kind();
        let member = cx.member(&self.account_id)?;
        let id = member.id.to_string();
        let found = record.enabled.contains(&kind).then(|| Effective::of(cx.account, &id, kind)).flatten();
        let found = found.ok_or_else(not_found)?;
        let errors = found.errors(kind).into_iter().enumerate().map(|(number, error)| (number.to_string(), error));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, errors)?;
        Ok(ListEffectivePolicyValidationErrorsResult {
            path: format!("{}{id}/", cx.account.organization_path(&member.parent)),
            account_id: id,
            policy_type: self.policy_type,
            evaluation_timestamp: found.updated,
            effective_policy_validation_errors: page.members,
            next_token: page.next_token,
        })
    }
}

operations!(
    ORGANIZATIONS: query DescribeEffectivePolicy, ListAccountsWithInvalidEffectivePolicy,
    ListEffectivePolicyValidationErrors;
);
