//! Which policies the settings attach where.

use std::collections::BTreeSet;
use std::path::Path;

use super::policies::FULL_ACCESS_ID;
use super::tree::{Target, Tree, check_id, unique_part};
use super::{ControlPolicyType, OrganizationError, OrganizationSettings, PolicySettings};
use crate::account::{OrganizationNode, OrganizationPolicy};
use crate::shapes::{Pattern, TagSet, Timestamp};
use iam_policy::Policy;

static POLICY_ID: Pattern = Pattern::new("p-[0-9a-zA-Z_]{8,128}");

/// The policies, and where they are attached.
pub(super) struct Attachments<'s> {
    policies: Vec<AttachedPolicy<'s>>,
    without_full_access: BTreeSet<Target<'s>>,
}

/// A policy and all that it is attached to.
struct AttachedPolicy<'s> {
    policy: OrganizationPolicy,
    kind: ControlPolicyType,
    targets: BTreeSet<Target<'s>>,
}

impl<'s> Attachments<'s> {
    /// Reads and compiles the policies. Their files are in `folder` unless their paths are absolute.
    pub fn read(
        settings: &OrganizationSettings,
        tree: &Tree<'s>,
        folder: &Path,
        now: Timestamp,
    ) -> Result<Self, OrganizationError> {
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut policies: Vec<AttachedPolicy<'s>> = Vec::new();
        for policy in &settings.policies {
            let read = AttachedPolicy::read(policy, tree, folder, now)?;
            if !names.insert(&policy.name) {
                return Err(OrganizationError::PolicyName(policy.name.clone()));
            }
            let id = &read.policy.id;
            if !ids.insert(id.clone()) || id == FULL_ACCESS_ID {
                return Err(OrganizationError::PolicyId(id.clone()));
            }
            policies.push(read);
        }
        let without_full_access = settings.without_full_access.iter();
        let without_full_access = without_full_access.map(|text| tree.target(text, "without-full-access"));
        let attachments = Self { policies, without_full_access: without_full_access.collect::<Result<_, _>>()? };
        let mut closed = attachments.without_full_access.iter();
        match closed.find(|target| !attachments.has_own_service_control(target)) {
            Some(target) => Err(OrganizationError::NothingAllows(target.to_string())),
            None => Ok(attachments),
        }
    }

    fn has_own_service_control(&self, target: &Target<'s>) -> bool {
        let mut own = self.policies.iter().filter(|policy| policy.kind == ControlPolicyType::ServiceControl);
        own.any(|policy| policy.targets.contains(target))
    }

    /// The types that have policies: AWS leaves the others disabled.
    pub fn types(&self) -> impl Iterator<Item = ControlPolicyType> {
        self.policies.iter().map(|policy| policy.kind)
    }

    /// What is attached to a target.
    pub fn node(&self, target: Target<'s>) -> OrganizationNode {
        let attached = self.policies.iter().filter(|policy| policy.targets.contains(&target));
        OrganizationNode {
            tags: TagSet::default(),
            attached: attached.map(|policy| policy.policy.id.clone()).collect(),
            without_full_access: self.without_full_access.contains(&target),
        }
    }

    /// The policies alone.
    pub fn into_policies(self) -> Vec<OrganizationPolicy> {
        self.policies.into_iter().map(|policy| policy.policy).collect()
    }
}

impl<'s> AttachedPolicy<'s> {
    /// Reads a policy. Its file is in `folder` unless its path is absolute.
    fn read(
        settings: &PolicySettings,
        tree: &Tree<'s>,
        folder: &Path,
        now: Timestamp,
    ) -> Result<Self, OrganizationError> {
        let PolicySettings { name, kind, .. } = settings;
        let id = settings.id.clone().unwrap_or_else(|| format!("p-{}", unique_part(name)));
        check_id(POLICY_ID.matches(&id), "a policy", &id, "p-a1b2c3d4")?;
        let place = format!("the targets of the policy {name}");
        let targets = settings.targets.iter().map(|target| tree.target(target, &place));
        let targets = targets.collect::<Result<_, _>>()?;
        let policy = OrganizationPolicy {
            id,
            name: name.clone(),
            description: String::new(),
            kind: kind.kind(),
            content: settings.document(folder)?.into(),
            updated: now,
            tags: TagSet::default(),
            compiled: std::sync::OnceLock::new(),
        };
        Ok(Self { policy, kind: *kind, targets })
    }
}

impl PolicySettings {
    /// The document, which must be valid.
    fn document(&self, folder: &Path) -> Result<String, OrganizationError> {
        let policy = || self.name.clone();
        let text = match (&self.file, &self.document) {
            (None, Some(document)) => document.clone(),
            (Some(file), None) => {
                let file = folder.join(file);
                let text = std::fs::read_to_string(&file);
                text.map_err(|error| OrganizationError::Unreadable { policy: policy(), file, error })?
            }
            _ => return Err(OrganizationError::NoDocument(policy())),
        };
        let parsed = Policy::parse(&text, self.kind.grammar());
        parsed.map(drop).map_err(|invalid| OrganizationError::Policy { policy: policy(), invalid })?;
        Ok(text)
    }
}
