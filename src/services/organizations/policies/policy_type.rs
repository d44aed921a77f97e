//! Which types of policies are in force.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy::unavailable;
use crate::account::{OrganizationNode, OrganizationRecord};
use crate::call::{Access, Command, Named, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::services::organizations::{organizations_operation, refusal, shape};
use crate::shapes::{OrganizationPolicyType, RootId};

/// What the operations here answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootResult {
    root: Value,
}

/// Enables a type of policies. AWS attaches its own policy of the type to everything.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnablePolicyType {
    root_id: RootId,
    policy_type: OrganizationPolicyType,
}

organizations_operation!(EnablePolicyType -> RootResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.root_id)).key("organizations:PolicyType", Some(this.policy_type.name()))
});

impl Command for EnablePolicyType {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RootResult> {
        let mut record = record(cx, &self.root_id)?;
        if !record.all_features {
            return Err(unavailable());
        }
        if !record.enabled.insert(self.policy_type) {
            let message = "The specified policy type is already enabled.";
            return Err(Error::new(Code::PolicyTypeAlreadyEnabled, message));
        }
        cx.account.put(record.clone())?;
        Ok(RootResult { root: shape::root(cx.account, &record) })
    }
}

/// The organization with this root, to be changed.
fn record(cx: &Transaction<'_>, root: &str) -> Result<OrganizationRecord> {
    let record = cx.record()?;
    if record.root != root {
        return Err(refusal::missing(Code::RootNotFound));
    }
    Ok((*record).clone())
}

/// Disables a type of policies: all of them are detached everywhere.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisablePolicyType {
    root_id: RootId,
    policy_type: OrganizationPolicyType,
}

organizations_operation!(DisablePolicyType -> RootResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.root_id)).key("organizations:PolicyType", Some(this.policy_type.name()))
});

impl Command for DisablePolicyType {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RootResult> {
        let mut record = record(cx, &self.root_id)?;
        let kind = self.policy_type;
        if !record.enabled.remove(&kind) {
            let message = "This operation can be performed only for enabled policy types.";
            return Err(Error::new(Code::PolicyTypeNotEnabled, message));
        }
        cx.account.put(record)?;
        let policies = cx.account.organization_policies.clone();
        let is_gone = |id: &String| policies.get(id).is_some_and(|policy| policy.kind == kind);
        let is_changed = |node: &OrganizationNode| {
            (kind == OrganizationPolicyType::ServiceControl && node.without_full_access)
                || node.attached.iter().any(is_gone)
        };
        let root = cx.record()?.root.clone();
        let units = cx.account.organization_units.iter().filter(|unit| is_changed(&unit.node));
        let members = cx.account.organization_accounts.iter().filter(|member| is_changed(&member.node));
        let mut changed: Vec<_> =
            units.map(|unit| unit.id.clone()).chain(members.map(|member| member.id.to_string())).collect();
        changed.push(root);
        for id in changed {
            cx.account.update_organization_node(&id, |node| {
                node.attached.retain(|id| !is_gone(id));
                // Enabling the type again leaves FullAWSAccess everywhere.
                node.without_full_access &= kind != OrganizationPolicyType::ServiceControl;
                Ok(())
            })?;
        }
        let record = cx.record()?;
        Ok(RootResult { root: shape::root(cx.account, &record) })
    }
}

operations!(ORGANIZATIONS: command DisablePolicyType, EnablePolicyType);
