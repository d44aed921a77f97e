//! An organization (AWS Organizations), which its management account keeps: root, units, accounts, policies, and the
//! requests for accounts.

mod creation;
mod handshake;
mod member;
mod policy;
mod record;
mod unit;

use std::sync::Arc;

pub use creation::{AccountCreation, CreationState, MAX_CREATIONS};
pub use handshake::{Handshake, Recipient};
pub use member::{AccountState, MemberAccount};
pub use policy::OrganizationPolicy;
pub use record::{DelegationPolicy, OrganizationRecord};
pub use unit::OrganizationUnit;

use serde::{Deserialize, Serialize};

use super::{Account, Reference, Stored};
use crate::error::Result;
use crate::organization::{FULL_ACCESS_ID, RESOURCE_FULL_ACCESS_ID};
use crate::shapes::{AccountId, OrganizationPolicyType, TagSet};

/// The tables of an organization: a change of one of them changes what its policies mean for the accounts.
pub(super) const ORGANIZATION_TABLES: [&str; 5] = [
    OrganizationRecord::TABLE,
    OrganizationUnit::TABLE,
    MemberAccount::TABLE,
    OrganizationPolicy::TABLE,
    Handshake::TABLE,
];

/// What the root, units and accounts have in common: they carry tags, and policies are attached to them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OrganizationNode {
    /// The tags.
    #[serde(default, skip_serializing_if = "has_no_tags")]
    pub tags: TagSet,
    /// The ids of the customer's policies, in the order in which they were attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
    /// Whether the service control policy `FullAWSAccess`, which AWS attaches to everything, was detached.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_full_access: bool,
}

fn has_no_tags(tags: &TagSet) -> bool {
    tags.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl OrganizationNode {
    /// What it refers to, together with what it is in.
    fn references(&self, parent: Option<&str>) -> Vec<Reference> {
        let parent = parent.map(|parent| Reference::OrganizationParent(parent.to_owned()));
        let attached = self.attached.iter().map(|policy| Reference::OrganizationPolicy(policy.clone()));
        parent.into_iter().chain(attached).collect()
    }
}

impl Account {
    /// The organization that the account manages, if it manages one.
    pub fn managed_organization(&self) -> Option<&Arc<OrganizationRecord>> {
        self.organizations.get("")
    }

    /// An account of the organization, by its digits.
    pub fn member(&self, id: &str) -> Option<&Arc<MemberAccount>> {
        self.organization_accounts.get(id)
    }

    /// What can have tags and policies in the organization, by id: the root, a unit, or an account.
    pub fn organization_node(&self, id: &str) -> Option<&OrganizationNode> {
        let record = self.managed_organization()?;
        if record.root == id {
            return Some(&record.node);
        }
        let unit = || self.organization_units.get(id).map(|unit| &unit.node);
        unit().or_else(|| self.member(id).map(|member| &member.node))
    }

    /// Whether an account of the organization, or one that is being made, has this e-mail address.
    pub fn has_account_email(&self, email: &str) -> bool {
        self.count_referrers(&Reference::AccountEmail(email.to_ascii_lowercase())) > 0
    }

    /// The tags of something in the organization, by id.
    pub fn organization_tags(&self, id: &str) -> Option<&TagSet> {
        let node = self.organization_node(id).map(|node| &node.tags);
        let policy = || self.organization_policies.get(id).map(|policy| &policy.tags);
        let delegation = || self.managed_organization()?.delegation.as_ref().filter(|policy| policy.id == id);
        node.or_else(policy).or_else(|| delegation().map(|policy| &policy.tags))
    }

    /// The type of a policy of the organization, or of one of AWS's own.
    pub fn organization_policy_type(&self, id: &str) -> Option<OrganizationPolicyType> {
        match self.organization_policies.get(id) {
            Some(policy) => Some(policy.kind),
            None if id == FULL_ACCESS_ID => Some(OrganizationPolicyType::ServiceControl),
            None if id == RESOURCE_FULL_ACCESS_ID => Some(OrganizationPolicyType::ResourceControl),
            None => None,
        }
    }

    /// The ARN of a policy, which need not exist. AWS's own are of no account.
    pub fn organization_policy_arn(&self, id: &str) -> String {
        let Some(kind) = self.organization_policy_type(id) else { return self.organization_arn("policy", Some(id)) };
        let kind = kind.name().to_ascii_lowercase();
        if self.organization_policies.get(id).is_none() {
            return format!("arn:{}:organizations::aws:policy/{kind}/{id}", self.id.partition());
        }
        self.organization_arn("policy", Some(&format!("{kind}/{id}")))
    }

    /// Changes what can have tags and policies; nothing happens if it does not exist.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn update_organization_node(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut OrganizationNode) -> Result<()>,
    ) -> Result<()> {
        if let Some(unit) = self.organization_units.get(id) {
            let mut unit = (**unit).clone();
            change(&mut unit.node)?;
            return self.put(unit);
        }
        if let Some(member) = self.member(id) {
            let mut member = (**member).clone();
            change(&mut member.node)?;
            return self.put(member);
        }
        let Some(record) = self.managed_organization().filter(|record| record.root == id) else { return Ok(()) };
        let mut record = (**record).clone();
        change(&mut record.node)?;
        self.put(record)
    }

    /// Whether there is a root or unit with this id.
    pub fn has_organization_parent(&self, id: &str) -> bool {
        self.managed_organization().is_some_and(|record| record.root == id) || self.organization_units.get(id).is_some()
    }

    /// The ids from the root down to a root or unit.
    pub fn organization_line(&self, id: &str) -> Vec<String> {
        let mut line = Vec::new();
        let mut next = Some(id.to_owned());
        while let Some(id) = next {
            next = self.organization_units.get(&id).map(|unit| unit.parent.clone());
            line.push(id);
        }
        line.reverse();
        line
    }

    /// The path of a root or unit: `o-…/r-…/ou-…/`.
    pub fn organization_path(&self, id: &str) -> String {
        let organization = self.managed_organization().map(|record| record.id.clone()).unwrap_or_default();
        std::iter::once(organization).chain(self.organization_line(id)).map(|step| step + "/").collect()
    }

    /// The ARN of something in the organization that the account manages: `…:account/o-…/123456789012`.
    pub fn organization_arn(&self, kind: &str, id: Option<&str>) -> String {
        let organization = self.managed_organization().map(|record| record.id.as_str()).unwrap_or_default();
        organization_arn(self.id, organization, kind, id)
    }
}

/// The ARN of an organization (no id), or of something in it. It has the number of the management account.
pub fn organization_arn(management: AccountId, organization: &str, kind: &str, id: Option<&str>) -> String {
    let id = id.map(|id| format!("/{id}")).unwrap_or_default();
    format!("arn:{}:organizations::{management}:{kind}/{organization}{id}", management.partition())
}
