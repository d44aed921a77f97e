//! The policies of an organization.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::{AccountState, Compiled, MemberAccount, OrganizationPolicy, Quota, Reference};
use crate::call::{Access, Command, Named, Need, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::organization::{FULL_ACCESS_ID, RESOURCE_FULL_ACCESS_ID, is_management_policy};
use crate::services::organizations::shape::{PolicySummary, aws_managed};
use crate::services::organizations::tree::is_full;
use crate::services::organizations::{add_tags, organizations_operation, refusal};
use crate::shapes::{
    OrganizationPolicyContent, OrganizationPolicyDescription, OrganizationPolicyId, OrganizationPolicyName,
    OrganizationPolicyType, OrganizationsNextToken, OrganizationsPageSize, OrganizationsTags, TagSet,
};
use iam_policy::Policy;

/// The letters and digits of policies' ids.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What operations on one policy answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyResult {
    policy: Value,
}

impl PolicyResult {
    fn of(summary: &PolicySummary, content: &str) -> Self {
        Self { policy: json!({"PolicySummary": summary, "Content": content}) }
    }
}

/// Creates a policy, which binds nobody until it is attached.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicy {
    content: OrganizationPolicyContent,
    description: OrganizationPolicyDescription,
    name: OrganizationPolicyName,
    #[serde(rename = "Type")]
    kind: OrganizationPolicyType,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(CreatePolicy -> PolicyResult, Administrator, |this| {
    Access::to(Target::Organization)
        .key("organizations:PolicyType", Some(this.kind.name()))
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
});

impl Command for CreatePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<PolicyResult> {
        if !cx.record()?.all_features {
            return Err(unavailable());
        }
        let compiled = accepted(self.kind, &self.content, cx.account.id.partition().name())?;
        must_be_free(cx, &self.name, self.kind, None)?;
        let count = cx.account.count_referrers(&Reference::OrganizationPolicyType(self.kind.name()));
        let quota = match self.kind {
            OrganizationPolicyType::ServiceControl => Quota::ServiceControlPoliciesPerOrganization,
            _ => Quota::PoliciesOfTypePerOrganization,
        };
        if is_full(cx, quota, count) {
            let message = "You have exceeded the number of policies allowed in your organization.";
            return Err(refusal::constraint("POLICY_NUMBER_LIMIT_EXCEEDED", message));
        }
        let mut tags = TagSet::default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        let policy = OrganizationPolicy {
            id: format!("p-{}", cx.ids.text(ALPHABET, 8)),
            name: self.name.into(),
            description: self.description.into(),
            kind: self.kind,
            content: String::from(self.content).into(),
            updated: cx.now,
            tags,
            compiled: compiled.map(OnceLock::from).unwrap_or_default(),
        };
        // The ARN has the type, which the account knows of policies that it has.
        cx.account.put(policy.clone())?;
        Ok(PolicyResult::of(&PolicySummary::own(cx.account, &policy), &policy.content))
    }
}

/// The refusal of an organization for consolidated billing alone.
pub(super) fn unavailable() -> Error {
    let message =
        "You can't use the specified policy type with the feature set currently enabled for this organization.";
    Error::new(Code::PolicyTypeNotAvailableForOrganization, message)
}

/// How long a document of a type may be (Organizations User Guide, "Quotas and service limits").
pub(super) fn max_characters(kind: OrganizationPolicyType) -> usize {
    match kind {
        OrganizationPolicyType::ServiceControl => 10_240,
        OrganizationPolicyType::ResourceControl => 5_120,
        OrganizationPolicyType::AiServicesOptOut => 2_500,
        _ => 10_000,
    }
}

/// Checks a document against the size and the grammar of its type; compiled for those that decide about requests.
fn accepted(kind: OrganizationPolicyType, content: &str, partition: &str) -> Result<Option<Compiled>> {
    if content.chars().count() > max_characters(kind) {
        return Err(refusal::constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size."));
    }
    let malformed = || {
        let message = "The provided policy document does not meet the requirements of the specified policy type.";
        Error::new(Code::MalformedOrganizationPolicy, message)
    };
    match OrganizationPolicy::grammar(kind) {
        Some(grammar) => {
            let policy = Policy::accept(content, grammar, partition).map_err(|_| malformed())?;
            Ok(Some(Ok(Arc::new(policy))))
        }
        None => {
            let document: Value = serde_json::from_str(content).map_err(|_| malformed())?;
            if is_management_policy(kind, &document) { Ok(None) } else { Err(malformed()) }
        }
    }
}

/// Refuses a name that another policy of the type has.
fn must_be_free(cx: &Transaction<'_>, name: &str, kind: OrganizationPolicyType, own: Option<&str>) -> Result<()> {
    let same = Reference::NameWithin(kind.name().to_owned(), name.to_owned());
    let mut same = cx.account.referrers::<OrganizationPolicy>(&same);
    let managed = [FULL_ACCESS_ID, RESOURCE_FULL_ACCESS_ID];
    let is_managed = managed
        .iter()
        .any(|id| id.strip_prefix("p-") == Some(name) && aws_managed(id).is_some_and(|(managed, _)| managed == kind));
    if is_managed || same.any(|policy| own != Some(&policy.id)) {
        let message = "A policy with the specified name and type already exists.";
        return Err(Error::new(Code::DuplicatePolicy, message));
    }
    Ok(())
}

fn missing() -> Error {
    refusal::missing(Code::PolicyNotFound)
}

/// A policy of the customer, to be changed.
fn own_policy(cx: &Transaction<'_>, id: &str) -> Result<OrganizationPolicy> {
    if aws_managed(id).is_some() {
        return Err(refusal::input(
            "IMMUTABLE_POLICY",
            "You specified a policy that is managed by AWS and can't be modified.",
        ));
    }
    cx.account.organization_policies.get(id).map(|policy| (**policy).clone()).ok_or_else(missing)
}

/// Changes a policy. What it is attached to is bound by the new document at once.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdatePolicy {
    policy_id: OrganizationPolicyId,
    name: Option<OrganizationPolicyName>,
    description: Option<OrganizationPolicyDescription>,
    content: Option<OrganizationPolicyContent>,
}

organizations_operation!(UpdatePolicy -> PolicyResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id)).organization_policy(&this.policy_id)
});

impl Command for UpdatePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<PolicyResult> {
        cx.record_with_all_features()?;
        let mut policy = own_policy(cx, &self.policy_id)?;
        if let Some(name) = self.name {
            must_be_free(cx, &name, policy.kind, Some(&policy.id))?;
            policy.name = name.into();
        }
        if let Some(content) = self.content {
            let compiled = accepted(policy.kind, &content, cx.account.id.partition().name())?;
            policy.compiled = compiled.map(OnceLock::from).unwrap_or_default();
            policy.content = String::from(content).into();
        }
        if let Some(description) = self.description {
            policy.description = description.into();
        }
        policy.updated = cx.now;
        let result = PolicyResult::of(&PolicySummary::own(cx.account, &policy), &policy.content);
        cx.account.put(policy)?;
        Ok(result)
    }
}

/// Deletes a policy that is attached to nothing.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePolicy {
    policy_id: OrganizationPolicyId,
}

organizations_operation!(DeletePolicy -> (), Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id)).organization_policy(&this.policy_id)
});

impl Command for DeletePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.record()?;
        let policy = own_policy(cx, &self.policy_id)?;
        let attached = Reference::OrganizationPolicy(policy.id.clone());
        let closed: Vec<_> = cx.account.referrers::<MemberAccount>(&attached).cloned().collect();
        let gone: Vec<_> = closed.into_iter().filter(|member| member.state(cx.now) == AccountState::Gone).collect();
        if cx.account.count_referrers(&attached) > gone.len() {
            let message = "The policy is attached to one or more entities. You must detach it from all roots, \
                           organizational units, and accounts before performing this operation.";
            return Err(Error::new(Code::PolicyInUse, message));
        }
        for mut member in gone {
            member.node.attached.retain(|id| *id != policy.id);
            cx.account.put(member)?;
        }
        cx.account.remove::<OrganizationPolicy>(&policy.id);
        Ok(())
    }
}

/// Shows a policy with its document.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribePolicy {
    policy_id: OrganizationPolicyId,
}

organizations_operation!(DescribePolicy -> PolicyResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id)).organization_policy(&this.policy_id)
});

impl Query for DescribePolicy {
    fn answer(self, cx: &View<'_>) -> Result<PolicyResult> {
        cx.record()?;
        let summary = PolicySummary::of(cx.account, &self.policy_id).ok_or_else(missing)?;
        let own = cx.account.organization_policies.get(&self.policy_id).map(|policy| &*policy.content);
        let content = own.or_else(|| aws_managed(&self.policy_id).map(|(_, content)| content)).unwrap_or_default();
        Ok(PolicyResult::of(&summary, content))
    }
}

/// Lists the policies of a type, AWS's included.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicies {
    filter: OrganizationPolicyType,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What listings of policies answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesResult {
    pub(super) policies: Vec<PolicySummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
}

organizations_operation!(ListPolicies -> ListPoliciesResult, Administrator, |this| {
    Access::to(Target::Organization).key("organizations:PolicyType", Some(this.filter.name()))
});

impl Query for ListPolicies {
    fn answer(self, cx: &View<'_>) -> Result<ListPoliciesResult> {
        let has_policies = cx.record()?.all_features;
        let kind = Reference::OrganizationPolicyType(self.filter.name());
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let managed = [FULL_ACCESS_ID, RESOURCE_FULL_ACCESS_ID].into_iter();
            let start = after.unwrap_or_default().to_owned();
            let managed = managed.filter(move |id| has_policies && *id > start.as_str());
            let managed = managed.filter_map(|id| PolicySummary::of(cx.account, id));
            let managed = managed.filter(|policy| policy.kind == self.filter);
            let own = cx.account.referrers_after::<OrganizationPolicy>(&kind, after);
            let own = own.map(|policy| PolicySummary::own(cx.account, policy));
            // Capital letters come before small ones: AWS's own are the first.
            managed.chain(own).map(|policy| (policy.id.clone(), policy))
        })?;
        Ok(ListPoliciesResult { policies: page.members, next_token: page.next_token })
    }
}

operations!(
    ORGANIZATIONS:
    query DescribePolicy, ListPolicies;
    command CreatePolicy, DeletePolicy, UpdatePolicy
);
