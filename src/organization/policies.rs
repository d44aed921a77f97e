//! The policies of an organization, and what they are attached to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::tree::{Target, Tree, check_id, unique_part};
use super::{OrganizationError, OrganizationSettings, PolicySettings};
use crate::policy::{Grammar, Invalid, Policy, PolicySet, Source, SourceKind};
use crate::shapes::{AccountId, Pattern};

static POLICY_ID: Pattern = Pattern::new("p-[0-9a-zA-Z_]{8,128}");

/// The service control policy that AWS attaches to everything, until somebody detaches it.
const FULL_ACCESS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const FULL_ACCESS_NAME: &str = "FullAWSAccess";
const FULL_ACCESS_ARN: &str = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";

/// The types of policies that decide about requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyType {
    /// What principals may do at most.
    ServiceControl,
    /// What may be done with resources at most.
    ResourceControl,
}

impl PolicyType {
    fn grammar(self) -> Grammar {
        match self {
            Self::ServiceControl => Grammar::ServiceControl,
            Self::ResourceControl => Grammar::ResourceControl,
        }
    }

    fn in_arns(self) -> &'static str {
        match self {
            Self::ServiceControl => "service_control_policy",
            Self::ResourceControl => "resource_control_policy",
        }
    }
}

/// A policy as a member of a set.
type Member = (Source, Result<Arc<Policy>, Arc<Invalid>>);

/// Which policies are attached where.
pub(super) struct Attachments<'s> {
    attached: BTreeMap<(PolicyType, Target<'s>), Vec<Member>>,
    /// The types that there are policies of. AWS leaves the others disabled.
    enabled: BTreeSet<PolicyType>,
    without_full_access: BTreeSet<Target<'s>>,
}

impl<'s> Attachments<'s> {
    /// Reads and compiles the policies. Their files are in `folder` unless their paths are absolute.
    pub fn read(settings: &OrganizationSettings, tree: &Tree<'s>, folder: &Path) -> Result<Self, OrganizationError> {
        let mut names = BTreeSet::new();
        let mut attached: BTreeMap<_, Vec<Member>> = BTreeMap::new();
        for policy in &settings.policies {
            if !names.insert(&policy.name) {
                return Err(OrganizationError::PolicyName(policy.name.clone()));
            }
            let source = source(policy, &settings.id, tree.management_account)?;
            let document = Arc::new(policy.parse(folder)?);
            for target in &policy.targets {
                let target = tree.target(target, &format!("the targets of the policy {}", policy.name))?;
                let members = attached.entry((policy.kind, target)).or_default();
                members.push((source.clone(), Ok(document.clone())));
            }
        }
        let mut without_full_access = BTreeSet::new();
        for text in &settings.without_full_access {
            let target = tree.target(text, "without-full-access")?;
            if !attached.contains_key(&(PolicyType::ServiceControl, target)) {
                return Err(OrganizationError::NothingAllows(text.clone()));
            }
            without_full_access.insert(target);
        }
        let enabled = settings.policies.iter().map(|policy| policy.kind).collect();
        Ok(Self { attached, enabled, without_full_access })
    }

    /// The policies of a type level by level; `None` if the type is not enabled.
    pub fn at(&self, kind: PolicyType, levels: &[Target<'s>]) -> Option<Box<[PolicySet]>> {
        let set = |level: &Target<'s>| {
            let own = self.attached.get(&(kind, *level)).into_iter().flatten().cloned();
            // The resource control policy RCPFullAWSAccess cannot be detached, and the engine takes it for granted.
            let is_open = kind == PolicyType::ServiceControl && !self.without_full_access.contains(level);
            PolicySet::new(own.chain(is_open.then(full_access)))
        };
        self.enabled.contains(&kind).then(|| levels.iter().map(set).collect())
    }
}

fn full_access() -> Member {
    let policy = Policy::parse(FULL_ACCESS, Grammar::ServiceControl);
    let source = Source { id: FULL_ACCESS_NAME.into(), kind: SourceKind::None, arn: Some(FULL_ACCESS_ARN.into()) };
    (source, policy.map(Arc::new).map_err(Arc::new))
}

/// A policy's name and ARN, which denials tell.
fn source(policy: &PolicySettings, organization: &str, owner: AccountId) -> Result<Source, OrganizationError> {
    let id = policy.id.clone().unwrap_or_else(|| format!("p-{}", unique_part(&policy.name)));
    check_id(POLICY_ID.matches(&id), "a policy", &id, "p-a1b2c3d4")?;
    let arn = format!("arn:aws:organizations::{owner}:policy/{organization}/{}/{id}", policy.kind.in_arns());
    Ok(Source { id: policy.name.as_str().into(), kind: SourceKind::None, arn: Some(arn.into()) })
}

impl PolicySettings {
    fn parse(&self, folder: &Path) -> Result<Policy, OrganizationError> {
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
        parsed.map_err(|invalid| OrganizationError::Policy { policy: policy(), invalid })
    }
}
