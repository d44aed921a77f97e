//! Which policies are attached where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::policies::{AttachedPolicy, Member};
use super::tree::{Target, Tree};
use super::{OrganizationError, OrganizationSettings, PolicyType, ServiceControlPolicy};
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

/// The service control policy that AWS attaches to everything, until it is detached.
const FULL_ACCESS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const FULL_ACCESS_NAME: &str = "FullAWSAccess";
const FULL_ACCESS_ID: &str = "p-FullAWSAccess";
const FULL_ACCESS_ARN: &str = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";

/// The policies, and where they are attached.
pub(super) struct Attachments<'s> {
    policies: Vec<AttachedPolicy<'s>>,
    without_full_access: BTreeSet<Target<'s>>,
}

impl<'s> Attachments<'s> {
    /// Reads and compiles the policies. Their files are in `folder` unless their paths are absolute.
    pub fn read(settings: &OrganizationSettings, tree: &Tree<'s>, folder: &Path) -> Result<Self, OrganizationError> {
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut policies: Vec<AttachedPolicy<'s>> = Vec::new();
        for policy in &settings.policies {
            let read = AttachedPolicy::read(policy, &settings.id, tree, folder)?;
            if !names.insert(&policy.name) {
                return Err(OrganizationError::PolicyName(policy.name.clone()));
            }
            if !ids.insert(read.id.clone()) || read.id == FULL_ACCESS_ID {
                return Err(OrganizationError::PolicyId(read.id));
            }
            policies.push(read);
        }
        let without_full_access = settings.without_full_access.iter();
        let without_full_access = without_full_access.map(|text| tree.target(text, "without-full-access"));
        let attachments = Self { policies, without_full_access: without_full_access.collect::<Result<_, _>>()? };
        let mut closed = attachments.without_full_access.iter();
        match closed.find(|target| attachments.own(PolicyType::ServiceControl, target).next().is_none()) {
            Some(target) => Err(OrganizationError::NothingAllows(target.to_string())),
            None => Ok(attachments),
        }
    }

    /// The policies of a type level by level. `None` if there are none at all: AWS leaves such a type disabled.
    pub fn at(&self, kind: PolicyType, levels: &[Target<'s>]) -> Option<Box<[PolicySet]>> {
        let set = |level: &Target<'s>| {
            // The resource control policy RCPFullAWSAccess cannot be detached, and the engine takes it for granted.
            let is_open = kind == PolicyType::ServiceControl && self.has_full_access(level);
            PolicySet::new(self.own(kind, level).cloned().chain(is_open.then(full_access)))
        };
        let is_enabled = self.policies.iter().any(|policy| policy.kind == kind);
        is_enabled.then(|| levels.iter().map(set).collect())
    }

    /// The service control policies by id, each with the accounts that it binds.
    pub fn service_control_policies(&self, tree: &Tree<'s>) -> BTreeMap<String, ServiceControlPolicy> {
        let policy = |member: Member, accounts| ServiceControlPolicy { set: PolicySet::new([member]), accounts };
        let own = self.policies.iter().filter(|policy| policy.kind == PolicyType::ServiceControl);
        let own = own.map(|of| {
            let accounts = tree.members_under(|target| of.targets.contains(target));
            (of.id.clone(), policy(of.member.clone(), accounts))
        });
        let everyone = tree.members_under(|target| self.has_full_access(target));
        own.chain([(FULL_ACCESS_ID.to_owned(), policy(full_access(), everyone))]).collect()
    }

    /// What is attached to a target besides AWS's own policies.
    fn own(&self, kind: PolicyType, target: &Target<'s>) -> impl Iterator<Item = &Member> {
        let own = self.policies.iter().filter(move |policy| policy.kind == kind && policy.targets.contains(target));
        own.map(|policy| &policy.member)
    }

    fn has_full_access(&self, target: &Target<'s>) -> bool {
        !self.without_full_access.contains(target)
    }
}

fn full_access() -> Member {
    let policy = Policy::parse(FULL_ACCESS, Grammar::ServiceControl);
    let source = Source { id: FULL_ACCESS_NAME.into(), kind: SourceKind::None, arn: Some(FULL_ACCESS_ARN.into()) };
    (source, policy.map(Arc::new).map_err(Arc::new))
}
