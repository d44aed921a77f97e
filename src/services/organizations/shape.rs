//! What answers show of an organization.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::account::{
    Account, AccountCreation, AccountState, CreationState, DelegationPolicy, MemberAccount, OrganizationNode,
    OrganizationPolicy, OrganizationRecord, OrganizationUnit,
};
use crate::organization::{FULL_ACCESS, FULL_ACCESS_ID, RESOURCE_FULL_ACCESS, RESOURCE_FULL_ACCESS_ID};
use crate::shapes::{OrganizationPolicyType, TagSet, Timestamp};

/// An organization.
pub(super) fn organization(account: &Account, record: &OrganizationRecord) -> Value {
    let management = account.id.to_string();
    let email = account.member(&management).map(|member| member.email.clone()).unwrap_or_default();
    // AWS deprecated the member: it is the same for every organization with all features.
    let types = match record.all_features {
        true => json!([{"Type": OrganizationPolicyType::ServiceControl.name(), "Status": "ENABLED"}]),
        false => json!([]),
    };
    json!({
        "Id": record.id,
        "Arn": account.organization_arn("organization", None),
        "FeatureSet": if record.all_features { "ALL" } else { "CONSOLIDATED_BILLING" },
        "MasterAccountArn": account.organization_arn("account", Some(&management)),
        "MasterAccountId": management,
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": types,
    })
}

/// The root.
pub(super) fn root(account: &Account, record: &OrganizationRecord) -> Value {
    let types = record.enabled.iter().map(|kind| json!({"Type": kind.name(), "Status": "ENABLED"}));
    json!({
        "Id": record.root,
        "Arn": account.organization_arn("root", Some(&record.root)),
        "Name": "Root",
        "PolicyTypes": types.collect::<Vec<_>>(),
    })
}

/// A unit.
pub(super) fn unit(account: &Account, unit: &OrganizationUnit) -> Value {
    json!({
        "Id": unit.id,
        "Arn": account.organization_arn("ou", Some(&unit.id)),
        "Name": unit.name,
        "Path": account.organization_path(&unit.id),
    })
}

/// An account.
pub(super) fn member(account: &Account, member: &MemberAccount, now: Timestamp) -> Value {
    let id = member.id.to_string();
    let state = member.state(now);
    json!({
        "Id": id,
        "Arn": account.organization_arn("account", Some(&id)),
        "Email": member.email,
        "Name": member.name,
        "Status": state.name(),
        "State": state.name(),
        "Paths": [format!("{}{id}/", account.organization_path(&member.parent))],
        "JoinedMethod": if member.invited { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": member.joined,
    })
}

/// A request for an account.
pub(super) fn creation(creation: &AccountCreation) -> Value {
    let mut shape = Map::new();
    let mut add = |name: &str, value| shape.insert(name.to_owned(), value);
    add("Id", json!(creation.id));
    add("AccountName", json!(creation.name));
    add("State", json!(creation.state.name()));
    add("RequestedTimestamp", json!(creation.requested));
    match &creation.state {
        CreationState::InProgress => {}
        CreationState::Succeeded(completed) => {
            add("CompletedTimestamp", json!(completed));
            add("AccountId", json!(creation.account.to_string()));
        }
        CreationState::Failed(completed, reason) => {
            add("CompletedTimestamp", json!(completed));
            add("FailureReason", json!(reason));
        }
    }
    Value::Object(shape)
}

/// A policy of the customer or of AWS.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicySummary {
    pub id: String,
    arn: String,
    name: String,
    description: String,
    #[serde(rename = "Type")]
    pub kind: OrganizationPolicyType,
    aws_managed: bool,
}

impl PolicySummary {
    /// The policy with this id.
    pub fn of(account: &Account, id: &str) -> Option<Self> {
        if let Some((kind, _)) = aws_managed(id) {
            let name = id.trim_start_matches("p-").to_owned();
            let description = match kind {
                OrganizationPolicyType::ServiceControl => "Allows access to every operation",
                _ => "Allows access to every resource",
            };
            let arn = account.organization_policy_arn(id);
            return Some(Self {
                id: id.to_owned(),
                arn,
                name,
                description: description.to_owned(),
                kind,
                aws_managed: true,
            });
        }
        account.organization_policies.get(id).map(|policy| Self::own(account, policy))
    }

    /// A policy of the customer.
    pub fn own(account: &Account, policy: &OrganizationPolicy) -> Self {
        Self {
            id: policy.id.clone(),
            arn: account.organization_policy_arn(&policy.id),
            name: policy.name.clone(),
            description: policy.description.clone(),
            kind: policy.kind,
            aws_managed: false,
        }
    }
}

/// The organization that an account manages, as the operations that describe it do, with the tags of everything and what
/// policies are attached to.
pub(crate) fn exported(account: &Account, now: Timestamp) -> Option<Map<String, Value>> {
    let record = account.managed_organization()?;
    let tagged = |mut shape: Value, tags: &TagSet| {
        let tags: Vec<_> = tags.pairs().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        if let (false, Some(members)) = (tags.is_empty(), shape.as_object_mut()) {
            members.insert("Tags".to_owned(), tags.into());
        }
        shape
    };
    let units = account.organization_units.iter().map(|one| tagged(unit(account, one), &one.node.tags));
    let members = account.organization_accounts.iter().map(|one| {
        let mut shown = tagged(member(account, one, now), &one.node.tags);
        if let Some(members) = shown.as_object_mut() {
            members.insert("DelegatedServices".to_owned(), services(&one.delegated, "DelegationEnabledDate"));
        }
        shown
    });
    let nodes = nodes(account, record);
    let policies = account.organization_policies.iter().map(|policy| {
        let targets = nodes.iter().filter(|(_, node)| node.attached.contains(&policy.id));
        let shape = json!({
            "PolicySummary": PolicySummary::own(account, policy),
            "Content": &*policy.content,
            "Targets": targets.map(|(id, node)| ordered(target(account, id), node, &policy.id)).collect::<Vec<_>>(),
        });
        tagged(shape, &policy.tags)
    });
    let everywhere = nodes.iter().filter(|(_, node)| !node.without_full_access);
    let full_access = json!({
        "PolicySummary": PolicySummary::of(account, FULL_ACCESS_ID),
        "Content": FULL_ACCESS,
        "Targets": everywhere.map(|(id, _)| target(account, id)).collect::<Vec<_>>(),
    });
    let mut shown = Map::new();
    let mut add = |name: &str, value| shown.insert(name.to_owned(), value);
    add("Organization", organization(account, record));
    add("Roots", vec![tagged(root(account, record), &record.node.tags)].into());
    add("OrganizationalUnits", units.collect());
    add("Accounts", members.collect());
    add("OrganizationPolicies", policies.chain([full_access]).collect());
    add("EnabledServicePrincipals", services(&record.services, "DateEnabled"));
    if let Some(policy) = &record.delegation {
        add("ResourcePolicy", tagged(delegation(account, policy), &policy.tags));
    }
    Some(shown)
}

/// Services, and since when they may do something: the member of the answer has this name.
fn services(known: &BTreeMap<String, Timestamp>, since: &str) -> Value {
    known.iter().map(|(principal, time)| json!({"ServicePrincipal": principal, since: time})).collect()
}

/// The organization's resource policy.
pub(super) fn delegation(account: &Account, policy: &DelegationPolicy) -> Value {
    let arn = account.organization_arn("resourcepolicy", Some(&policy.id));
    json!({"ResourcePolicySummary": {"Id": policy.id, "Arn": arn}, "Content": &*policy.content})
}

/// The root, the units and the accounts, by their ids.
fn nodes<'a>(account: &'a Account, record: &'a OrganizationRecord) -> Vec<(String, &'a OrganizationNode)> {
    let root = [(record.root.clone(), &record.node)];
    let units = account.organization_units.iter().map(|unit| (unit.id.clone(), &unit.node));
    let members = account.organization_accounts.iter().map(|member| (member.id.to_string(), &member.node));
    root.into_iter().chain(units).chain(members).collect()
}

/// The root, a unit or an account that a policy is attached to.
fn target(account: &Account, id: &str) -> Value {
    let kind = match id.split('-').next() {
        Some("r") => "root",
        Some("ou") => "ou",
        _ => "account",
    };
    json!({"TargetId": id, "Arn": account.organization_arn(kind, Some(id))})
}

/// The same with the policy's place among those that are attached to it, which decides what they mean together. AWS does
/// not show it.
fn ordered(mut target: Value, node: &OrganizationNode, policy: &str) -> Value {
    let place = node.attached.iter().position(|attached| attached == policy);
    if let (Some(place), Some(members)) = (place, target.as_object_mut()) {
        members.insert("AttachmentOrder".to_owned(), json!(place));
    }
    target
}

/// Type and document of a policy that AWS manages.
pub(super) fn aws_managed(id: &str) -> Option<(OrganizationPolicyType, &'static str)> {
    match id {
        FULL_ACCESS_ID => Some((OrganizationPolicyType::ServiceControl, FULL_ACCESS)),
        RESOURCE_FULL_ACCESS_ID => Some((OrganizationPolicyType::ResourceControl, RESOURCE_FULL_ACCESS)),
        _ => None,
    }
}

/// Whether an account is being closed.
pub(super) fn is_closing(member: &MemberAccount, now: Timestamp) -> bool {
    member.state(now) == AccountState::PendingClosure
}
