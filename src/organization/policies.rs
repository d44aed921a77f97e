//! A policy of the organization: its id, its document, and what it is attached to.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::tree::{Target, Tree, check_id, unique_part};
use super::{OrganizationError, PolicySettings};
use crate::shapes::Pattern;
use iam_policy::{Grammar, Invalid, Policy, Source, SourceKind};

static POLICY_ID: Pattern = Pattern::new("p-[0-9a-zA-Z_]{8,128}");

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

    /// The type's name in AWS's API.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
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
pub(super) type Member = (Source, Result<Arc<Policy>, Arc<Invalid>>);

/// A policy and all that it is attached to.
pub(super) struct AttachedPolicy<'s> {
    pub id: String,
    pub kind: PolicyType,
    pub member: Member,
    pub targets: BTreeSet<Target<'s>>,
}

impl<'s> AttachedPolicy<'s> {
    /// Reads a policy of the organization with this id. Its file is in `folder` unless its path is absolute.
    pub fn read(
        settings: &PolicySettings,
        organization: &str,
        tree: &Tree<'s>,
        folder: &Path,
    ) -> Result<Self, OrganizationError> {
        let PolicySettings { name, kind, .. } = settings;
        let id = settings.id.clone().unwrap_or_else(|| format!("p-{}", unique_part(name)));
        check_id(POLICY_ID.matches(&id), "a policy", &id, "p-a1b2c3d4")?;
        let owner = tree.management_account;
        let arn =
            format!("arn:{}:organizations::{owner}:policy/{organization}/{}/{id}", owner.partition(), kind.in_arns());
        let source = Source { id: name.as_str().into(), kind: SourceKind::None, arn: Some(arn.into()) };
        let place = format!("the targets of the policy {name}");
        let targets = settings.targets.iter().map(|target| tree.target(target, &place));
        let targets = targets.collect::<Result<_, _>>()?;
        Ok(Self { id, kind: *kind, member: (source, Ok(Arc::new(settings.parse(folder)?))), targets })
    }
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
