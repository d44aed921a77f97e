//! What policies are attached to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::policy::ListPoliciesResult;
use crate::account::{Account, AccountState, MemberAccount, OrganizationNode, OrganizationUnit, Quota, Reference};
use crate::call::{Access, AccountRef, Command, Context, Named, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::organization::{FULL_ACCESS_ID, RESOURCE_FULL_ACCESS_ID};
use crate::services::organizations::shape::{PolicySummary, aws_managed};
use crate::services::organizations::{organizations_operation, refusal};
use crate::shapes::{
    OrganizationPolicyId, OrganizationPolicyType, OrganizationsNextToken, OrganizationsPageSize, PolicyTargetId,
};

/// What is attached to a root, unit or account: the ids of one type's policies, AWS's first.
fn attached(account: &Account, node: &OrganizationNode, kind: OrganizationPolicyType) -> Vec<String> {
    let is_enabled = account.managed_organization().is_some_and(|record| record.enabled.contains(&kind));
    let managed = match kind {
        OrganizationPolicyType::ServiceControl if !node.without_full_access => Some(FULL_ACCESS_ID),
        OrganizationPolicyType::ResourceControl => Some(RESOURCE_FULL_ACCESS_ID),
        _ => None,
    };
    let is_of_kind = |id: &&String| account.organization_policies.get(id).is_some_and(|policy| policy.kind == kind);
    let own = node.attached.iter().filter(is_of_kind).cloned();
    managed.filter(|_| is_enabled).map(str::to_owned).into_iter().chain(own).collect()
}

impl<A: AccountRef> Context<'_, A> {
    /// The type of a policy, what it is to be attached to or detached from, and whether the type is enabled.
    fn attachment(&self, policy: &str, target: &str) -> Result<(OrganizationPolicyType, OrganizationNode, bool)> {
        let record = self.record_with_all_features()?;
        let summary = PolicySummary::of(&self.account, policy).ok_or_else(|| refusal::missing(Code::PolicyNotFound))?;
        let node = self.target(target)?;
        Ok((summary.kind, node.clone(), record.enabled.contains(&summary.kind)))
    }
}

/// Attaches a policy to the root, a unit or an account. It is in force with the answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachPolicy {
    policy_id: OrganizationPolicyId,
    target_id: PolicyTargetId,
}

organizations_operation!(AttachPolicy -> (), Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id))
        .organization_policy(&this.policy_id)
        .also("organizations:AttachPolicy", Target::InOrganization(&this.target_id))
        .organization_policy(&this.policy_id)
});

impl Command for AttachPolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let (kind, node, is_enabled) = cx.attachment(&self.policy_id, &self.target_id)?;
        if !is_enabled {
            let message = "This operation can be performed only for enabled policy types.";
            return Err(Error::new(Code::PolicyTypeNotEnabled, message));
        }
        let present = attached(cx.account, &node, kind);
        if present.iter().any(|id| *id == *self.policy_id) {
            let message = "The selected policy is already attached to the specified target.";
            return Err(Error::new(Code::DuplicatePolicyAttachment, message));
        }
        let quota = match kind {
            OrganizationPolicyType::ServiceControl => Quota::ServiceControlPoliciesPerTarget,
            // RCPFullAWSAccess counts, and five is the limit of the policies to opt out, too.
            OrganizationPolicyType::ResourceControl | OrganizationPolicyType::AiServicesOptOut => {
                Quota::ResourceControlPoliciesPerTarget
            }
            _ => Quota::PoliciesOfTypePerTarget,
        };
        if cx.check_quota(quota, present.len()).is_err() {
            let message = "You have attached the maximum number of policies to the specified target.";
            return Err(refusal::constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message));
        }
        let id = String::from(self.policy_id);
        cx.account.update_organization_node(&self.target_id, |node| {
            match id == FULL_ACCESS_ID {
                true => node.without_full_access = false,
                false => node.attached.push(id),
            }
            Ok(())
        })
    }
}

/// Detaches a policy. What it denied is allowed again with the answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachPolicy {
    policy_id: OrganizationPolicyId,
    target_id: PolicyTargetId,
}

organizations_operation!(DetachPolicy -> (), Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id))
        .organization_policy(&this.policy_id)
        .also("organizations:DetachPolicy", Target::InOrganization(&this.target_id))
        .organization_policy(&this.policy_id)
});

impl Command for DetachPolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        if *self.policy_id == *RESOURCE_FULL_ACCESS_ID {
            let message = "You specified a policy that can't be detached.";
            return Err(refusal::input("NON_DETACHABLE_POLICY", message));
        }
        // What is of a type that is not enabled is attached to nothing.
        let (kind, node, _) = cx.attachment(&self.policy_id, &self.target_id)?;
        let present = attached(cx.account, &node, kind);
        if !present.iter().any(|id| *id == *self.policy_id) {
            let message = "The policy isn't attached to the specified target in the specified root.";
            return Err(Error::new(Code::PolicyNotAttached, message));
        }
        if kind == OrganizationPolicyType::ServiceControl && present.len() == 1 {
            let message = "You cannot remove the last policy attached to the specified target. You must have at least one \
                           attached at all times.";
            return Err(refusal::constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message));
        }
        let id = String::from(self.policy_id);
        cx.account.update_organization_node(&self.target_id, |node| {
            match id == FULL_ACCESS_ID {
                true => node.without_full_access = true,
                false => node.attached.retain(|attached| *attached != id),
            }
            Ok(())
        })
    }
}

/// Lists the policies of a type that are attached to the root, a unit or an account itself.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesForTarget {
    target_id: PolicyTargetId,
    filter: OrganizationPolicyType,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

organizations_operation!(ListPoliciesForTarget -> ListPoliciesResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.target_id)).key("organizations:PolicyType", Some(this.filter.name()))
});

impl Query for ListPoliciesForTarget {
    fn answer(self, cx: &View<'_>) -> Result<ListPoliciesResult> {
        cx.record()?;
        let node = cx.target(&self.target_id)?;
        let ids = attached(cx.account, node, self.filter);
        let policies = ids
            .iter()
            .enumerate()
            .filter_map(|(place, id)| Some((format!("{place:06}"), PolicySummary::of(cx.account, id)?)));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, policies)?;
        Ok(ListPoliciesResult { policies: page.members, next_token: page.next_token })
    }
}

/// Lists all that a policy is attached to.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTargetsForPolicy {
    policy_id: OrganizationPolicyId,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListTargetsForPolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTargetsForPolicyResult {
    targets: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// What a policy is attached to.
enum AttachedTo<'a> {
    Root(&'a str),
    Unit(&'a OrganizationUnit),
    Account(&'a MemberAccount),
}

impl AttachedTo<'_> {
    /// Its place in the listing.
    fn key(&self) -> String {
        match self {
            Self::Root(id) => format!("1 {id}"),
            Self::Unit(unit) => format!("2 {}", unit.id),
            Self::Account(member) => format!("3 {}", member.id),
        }
    }

    fn shape(&self, account: &Account) -> Value {
        let (id, name, arn, kind) = match self {
            Self::Root(id) => ((*id).to_owned(), "Root", "root", "ROOT"),
            Self::Unit(unit) => (unit.id.clone(), unit.name.as_str(), "ou", "ORGANIZATIONAL_UNIT"),
            Self::Account(member) => (member.id.to_string(), member.name.as_str(), "account", "ACCOUNT"),
        };
        json!({"TargetId": id, "Arn": account.organization_arn(arn, Some(&id)), "Name": name, "Type": kind})
    }
}

organizations_operation!(ListTargetsForPolicy -> ListTargetsForPolicyResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.policy_id)).organization_policy(&this.policy_id)
});

impl Query for ListTargetsForPolicy {
    fn answer(self, cx: &View<'_>) -> Result<ListTargetsForPolicyResult> {
        let record = cx.record()?;
        let account = cx.account;
        let policy = PolicySummary::of(account, &self.policy_id);
        let policy = policy.ok_or_else(|| refusal::missing(Code::PolicyNotFound))?;
        let is_enabled = record.enabled.contains(&policy.kind);
        let has = |node: &OrganizationNode| match aws_managed(&policy.id) {
            Some((OrganizationPolicyType::ServiceControl, _)) => is_enabled && !node.without_full_access,
            Some(_) => is_enabled,
            None => node.attached.contains(&policy.id),
        };
        let root = has(&record.node).then_some(AttachedTo::Root(&record.root));
        // The index knows who has one of the customer's; AWS's own are nearly everywhere.
        let (units, members): (Vec<&OrganizationUnit>, Vec<&MemberAccount>) = match aws_managed(&policy.id) {
            None => {
                let reference = Reference::OrganizationPolicy(policy.id.clone());
                (account.referrers(&reference).collect(), account.referrers(&reference).collect())
            }
            Some(_) => (
                account.organization_units.iter().map(|unit| &**unit).collect(),
                account.organization_accounts.iter().map(|member| &**member).collect(),
            ),
        };
        let units = units.into_iter().filter(|unit| has(&unit.node));
        let units = units.map(AttachedTo::Unit);
        let is_shown = |member: &&MemberAccount| member.state(cx.now) != AccountState::Gone;
        let members = members.into_iter().filter(is_shown).filter(|member| has(&member.node));
        let members = members.map(AttachedTo::Account);
        let targets = root.into_iter().chain(units).chain(members).map(|target| (target.key(), target));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, targets)?;
        let targets = page.members.into_iter().map(|target| target.shape(account)).collect();
        Ok(ListTargetsForPolicyResult { targets, next_token: page.next_token })
    }
}

operations!(
    ORGANIZATIONS:
    query ListPoliciesForTarget, ListTargetsForPolicy;
    command AttachPolicy, DetachPolicy
);
