//! The organization's resource policy, which lets members act for the management account.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::{Account, DelegationPolicy, OrganizationRecord, Subject, accounts_named_in};
use crate::call::{Access, Command, Named, Need, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::organizations::{add_tags, organizations_operation, refusal, shape};
use crate::shapes::{AccountId, ArnParts, DelegationPolicyContent, OrganizationsTags};
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
        Self { resource_policy: shape::delegation(account, policy) }
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
}; others |account| {
    // Accounts elsewhere are refused without a look into them.
    let named = accounts_named_in(&this.content, Grammar::Resource).into_iter();
    named.filter(|id| account.member(&id.to_string()).is_some()).collect()
});

impl Command for PutResourcePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<ResourcePolicyResult> {
        let record = cx.record_with_all_features()?;
        let policy = accepted(cx, &self.content)?;
        let id = record.delegation.as_ref().map(|policy| policy.id.clone());
        let mut tags = record.delegation.as_ref().map(|policy| policy.tags.clone()).unwrap_or_default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        let id = id.unwrap_or_else(|| format!("rp-{}", cx.ids.text(ALPHABET, 8)));
        let delegation = DelegationPolicy::new(id, &self.content, tags, &policy, |arn| cx.unique_id_of(arn));
        let result = ResourcePolicyResult::of(cx.account, &delegation);
        cx.account.put(OrganizationRecord { delegation: Some(delegation), ..(*record).clone() })?;
        Ok(result)
    }
}

/// Checks a document: statements about actions of Organizations, for accounts, users and roles (Organizations User
/// Guide, "Delegated administrator for AWS Organizations").
fn accepted(cx: &Transaction<'_>, content: &str) -> Result<Policy> {
    let malformed = || {
        let message = "The provided policy document does not meet the requirements of a resource policy.";
        refusal::input("INVALID_RESOURCE_POLICY_JSON", message)
    };
    let document: Value = serde_json::from_str(content).map_err(|_| malformed())?;
    let statements = document.get("Statement").map_or(&[][..], one_or_more);
    let mut principals = statements.iter().filter_map(|statement| statement.get("Principal"));
    if !principals.all(|principal| names_principals(cx, principal)) {
        let message = "You specified an invalid principal element in the policy.";
        return Err(refusal::input("INVALID_PRINCIPAL", message));
    }
    let partition = cx.account.id.partition().name();
    let policy = Policy::accept(content, Grammar::Resource, partition).map_err(|_| malformed())?;
    for statement in statements {
        if statement.get("Principal").is_none() {
            return Err(malformed());
        }
        let mut actions = statement.get("Action").map_or(&[][..], one_or_more).iter().filter_map(Value::as_str);
        if statement.get("NotAction").is_some() || !actions.all(|action| action.starts_with("organizations:")) {
            let message = "You specified an action that is not supported in the resource policy.";
            return Err(refusal::input("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", message));
        }
    }
    Ok(policy)
}

/// Whether a `Principal` element names nothing but accounts of the organization, and users and roles in them.
fn names_principals(cx: &Transaction<'_>, principal: &Value) -> bool {
    let kinds = principal.as_object().filter(|kinds| kinds.len() == 1);
    let named = kinds.and_then(|kinds| kinds.get("AWS")).map(one_or_more);
    named.is_some_and(|named| named.iter().all(|name| name.as_str().is_some_and(|name| is_principal(cx, name))))
}

/// Whether a principal is an account of the organization, or a user or role in one that exists.
fn is_principal(cx: &Transaction<'_>, principal: &str) -> bool {
    let partition = cx.account.id.partition();
    let is_member = |id: AccountId| id.partition() == partition && cx.member(&id.to_string()).is_ok();
    if let Some(id) = AccountId::parse(principal) {
        return is_member(id.in_partition(partition));
    }
    let Some(id) = ArnParts::parse(principal).and_then(|arn| arn.account_id()) else { return false };
    let exists = || {
        let subject = cx.account_of(id)?.identity(principal).ok()?;
        matches!(subject, Subject::User(_) | Subject::Role(_)).then_some(())
    };
    is_member(id) && (id.root_arn() == principal || exists().is_some())
}

/// The members of an element that can be one of them or a list.
fn one_or_more(element: &Value) -> &[Value] {
    element.as_array().map_or(std::slice::from_ref(element), Vec::as_slice)
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
        let record = cx.record_with_all_features()?;
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
        let record = cx.record_with_all_features()?;
        let policy = record.delegation.as_ref().ok_or_else(missing)?;
        Ok(ResourcePolicyResult::of(cx.account, policy))
    }
}

operations!(ORGANIZATIONS: query DescribeResourcePolicy; command DeleteResourcePolicy, PutResourcePolicy);
