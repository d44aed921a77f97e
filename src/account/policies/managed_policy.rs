//! Customer-managed policies and their versions.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity, Resource, StoredPolicy, name_key};
use crate::catalogue::managed_policies as aws;
use crate::error::{Code, Error, Result};
use crate::shapes::{ArnParts, Kind, TagSet, Timestamp};

/// A policy that the account manages itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// In the spelling it was given.
    pub name: String,
    /// The path; never changes.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// When the policy was created.
    pub created: Timestamp,
    /// When its latest version was made or its default was changed.
    pub updated: Timestamp,
    /// Given at creation, never changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One to five versions, the oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version that is in force.
    pub default_version: u32,
    /// The number that the next version gets; numbers are not used again.
    pub next_version: u32,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

/// One version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `1` for `v1`.
    pub number: u32,
    /// When the version was made.
    pub created: Timestamp,
    /// What it says.
    pub document: StoredPolicy,
}

impl PolicyVersion {
    /// `v1`, `v2`, …
    pub fn id(&self) -> String {
        format!("v{}", self.number)
    }
}

impl ManagedPolicy {
    /// The version with this id.
    pub fn version(&self, id: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id() == id)
    }

    /// The version that is in force.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == self.default_version)
    }
}

impl ManagedPolicy {
    /// Adds a version, which comes into force at once if `in_force` says so.
    pub fn add_version(&mut self, document: StoredPolicy, in_force: bool, now: Timestamp) -> PolicyVersion {
        let version = PolicyVersion { number: self.next_version, created: now, document };
        if in_force {
            self.default_version = version.number;
        }
        self.next_version += 1;
        self.updated = now;
        self.versions.push(version.clone());
        version
    }
}

/// A managed policy, AWS's or a customer's.
#[derive(Clone, Copy, Debug)]
pub enum Managed<'a> {
    /// By the account itself.
    Customer(&'a ManagedPolicy),
    /// By AWS.
    Aws(aws::ManagedPolicy),
}

impl<'a> Managed<'a> {
    /// The name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Customer(policy) => &policy.name,
            Self::Aws(policy) => policy.name,
        }
    }

    /// The path.
    pub fn path(self) -> &'a str {
        match self {
            Self::Customer(policy) => &policy.path,
            Self::Aws(policy) => policy.path,
        }
    }

    /// The tags; AWS's policies have none.
    pub fn tags(self) -> Option<&'a TagSet> {
        match self {
            Self::Customer(policy) => Some(&policy.tags),
            Self::Aws(_) => None,
        }
    }

    /// Whether only roles linked to a service may have it.
    pub fn is_for_service_linked_roles(self) -> bool {
        matches!(self, Self::Aws(policy) if policy.path == "/aws-service-role/")
    }

    /// Whether it is for tasks of `AssumeRoot`, so that nothing may have it.
    pub fn is_for_root_tasks(self) -> bool {
        matches!(self, Self::Aws(policy) if policy.path == "/root-task/")
    }
}

/// The one way from an ARN to a managed policy. ARNs are compared with regard to case.
impl Account {
    /// The managed policy with this ARN, of this account or AWS's.
    pub fn managed_policy(&self, arn: &str) -> Option<Managed<'_>> {
        let parts = ArnParts::parse(arn)?;
        if parts.account == "aws" {
            return aws::get(arn).filter(|policy| policy.partition == self.id.partition()).map(Managed::Aws);
        }
        let (_, name) = parts.path_and_name(Kind::Policy)?;
        self.get::<ManagedPolicy>(name).filter(|policy| policy.arn(self.id) == arn).map(Managed::Customer)
    }

    /// The managed policy that a parameter names, of this account or AWS's.
    ///
    /// # Errors
    /// `ValidationError` for anything but an ARN, `InvalidInput` for an ARN of something else, `missing` for a policy that
    /// does not exist.
    pub fn find_managed_policy(&self, arn: &str, missing: impl FnOnce() -> Error) -> Result<Managed<'_>> {
        let invalid = |code| Error::new(code, format!("ARN {arn} is not valid."));
        let parts = ArnParts::parse(arn).ok_or_else(|| invalid(Code::ValidationError))?;
        let owned = parts.account == "aws" || parts.account_id().is_some();
        let is_policy = parts.path_and_name(Kind::Policy).is_some() && arn.bytes().all(|byte| byte.is_ascii_graphic());
        if parts.partition != self.id.partition().name() || !owned || !is_policy {
            return Err(invalid(Code::InvalidInput));
        }
        self.managed_policy(arn).ok_or_else(missing)
    }

    /// The account's own managed policy that a parameter names, to be changed.
    ///
    /// # Errors
    /// Those of [`Account::find_managed_policy`], and `refused` for AWS's policies, whether they exist or not.
    pub fn find_own_policy(
        &self,
        arn: &str,
        missing: impl Fn() -> Error,
        refused: impl Fn() -> Error,
    ) -> Result<&ManagedPolicy> {
        let is_aws = ArnParts::parse(arn).is_some_and(|parts| parts.account == "aws");
        match self.find_managed_policy(arn, || if is_aws { refused() } else { missing() })? {
            Managed::Customer(policy) => Ok(policy),
            Managed::Aws(_) => Err(refused()),
        }
    }
}

impl Entity for ManagedPolicy {
    fn key(&self) -> String {
        name_key(&self.name)
    }
}

tagged_resource!(ManagedPolicy, Policy);
