//! Versions of managed policies.

use serde::{Deserialize, Serialize};

use crate::account::{Managed, ManagedPolicy, PolicyVersion, Quota};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::policies::managed_policy::{managed_document, not_own};
use crate::shapes::{Arn, EncodedDocument, Kind, Marker, MaxItems, PolicyDocument, PolicyVersionId, Timestamp};

/// A version in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersionShape {
    document: Option<EncodedDocument>,
    version_id: String,
    is_default_version: bool,
    create_date: Timestamp,
}

impl PolicyVersionShape {
    /// What answers show of a version besides its document.
    pub fn brief(policy: &ManagedPolicy, version: &PolicyVersion) -> Self {
        Self {
            document: None,
            version_id: version.id(),
            is_default_version: version.number == policy.default_version,
            create_date: version.created,
        }
    }

    /// The versions of a policy, the newest first, each with its document. Of AWS's policies one version is known.
    pub fn all(policy: Managed<'_>) -> Vec<Self> {
        match policy {
            Managed::Customer(policy) => {
                let versions = policy.versions.iter().rev();
                let whole = |version: &PolicyVersion| Self {
                    document: Some(version.document.encoded()),
                    ..Self::brief(policy, version)
                };
                versions.map(whole).collect()
            }
            Managed::Aws(policy) => vec![Self {
                document: Some(EncodedDocument(policy.document())),
                version_id: policy.default_version_id.to_owned(),
                is_default_version: true,
                create_date: policy.update_date.into(),
            }],
        }
    }
}

fn missing(arn: &str, version: &str) -> Error {
    let message = format!("Policy {arn} version {version} does not exist or is not attachable.");
    Error::new(Code::NoSuchEntity, message)
}

/// What `CreatePolicyVersion` and `GetPolicyVersion` answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersionResult {
    policy_version: PolicyVersionShape,
}

/// Adds a version to a managed policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyVersion {
    policy_arn: Arn,
    policy_document: PolicyDocument,
    set_as_default: Option<bool>,
}

impl Operation for CreatePolicyVersion {
    type Output = PolicyVersionResult;

    const ERRORS: &'static [Code] = &[
        Code::NoSuchEntity,
        Code::MalformedPolicyDocument,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Command for CreatePolicyVersion {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<PolicyVersionResult> {
        let missing = || Error::missing(Kind::Policy, &self.policy_arn);
        let refused = || not_own("create versions for policies");
        let name = cx.account.find_own_policy(&self.policy_arn, missing, refused)?.name.clone();
        let document = managed_document(cx, &self.policy_document)?;
        let limit = cx.environment.quotas.limit(Quota::VersionsPerPolicy);
        let policy_version = cx.account.update::<ManagedPolicy, _>(&name, |policy| {
            if policy.versions.len() >= limit as usize {
                let message = format!(
                    "A managed policy can have up to {limit} versions. Before you create a new version, you must delete \
                     an existing version."
                );
                return Err(Error::new(Code::LimitExceeded, message));
            }
            let version = policy.add_version(document, self.set_as_default == Some(true), cx.now);
            Ok(PolicyVersionShape::brief(policy, &version))
        })?;
        Ok(PolicyVersionResult { policy_version })
    }
}

/// Describes a version and shows its document.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyVersion {
    policy_arn: Arn,
    version_id: PolicyVersionId,
}

impl Operation for GetPolicyVersion {
    type Output = PolicyVersionResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::InvalidInput, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Query for GetPolicyVersion {
    fn answer(self, cx: &View<'_>) -> Result<PolicyVersionResult> {
        let missing = || missing(&self.policy_arn, &self.version_id);
        let versions = PolicyVersionShape::all(cx.account.find_managed_policy(&self.policy_arn, missing)?);
        let found = versions.into_iter().find(|version| version.version_id == *self.version_id);
        Ok(PolicyVersionResult { policy_version: found.ok_or_else(missing)? })
    }
}

/// Lists the versions of a managed policy, the newest first, without their documents.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyVersions {
    policy_arn: Arn,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListPolicyVersions {
    type Item = PolicyVersionShape;

    const MEMBERS: &'static str = "Versions";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::InvalidInput, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, PolicyVersionShape>> {
        let missing = || Error::missing(Kind::Policy, &self.policy_arn);
        let policy = cx.account.find_managed_policy(&self.policy_arn, missing)?;
        let number = |id: &str| id.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
        let last = after.and_then(number);
        let versions = PolicyVersionShape::all(policy).into_iter();
        let rest = versions.filter(move |version| last.is_none_or(|last| number(&version.version_id) < Some(last)));
        Ok(Box::new(rest.map(|version| (version.version_id.clone(), PolicyVersionShape { document: None, ..version }))))
    }
}

/// Deletes a version that is not in force.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePolicyVersion {
    policy_arn: Arn,
    version_id: PolicyVersionId,
}

impl Operation for DeletePolicyVersion {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::NoSuchEntity, Code::LimitExceeded, Code::InvalidInput, Code::DeleteConflict, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Command for DeletePolicyVersion {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let refused = "delete policy versions for policies";
        change_version(cx, &self.policy_arn, &self.version_id, refused, |policy, number| {
            if number == policy.default_version {
                return Err(Error::new(Code::DeleteConflict, "Cannot delete the default version of a policy."));
            }
            policy.versions.retain(|version| version.number != number);
            Ok(())
        })
    }
}

/// Puts a version in force for everything that the policy is attached to.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetDefaultPolicyVersion {
    policy_arn: Arn,
    version_id: PolicyVersionId,
}

impl Operation for SetDefaultPolicyVersion {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::NoSuchEntity, Code::InvalidInput, Code::LimitExceeded, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Command for SetDefaultPolicyVersion {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let now = cx.now;
        change_version(cx, &self.policy_arn, &self.version_id, "update policies", |policy, number| {
            policy.default_version = number;
            policy.updated = now;
            Ok(())
        })
    }
}

/// Changes a policy of the account that has the version; `refused` says what cannot be done to policies of AWS.
fn change_version(
    cx: &mut Transaction<'_>,
    arn: &str,
    id: &str,
    refused: &str,
    change: impl FnOnce(&mut ManagedPolicy, u32) -> Result<()>,
) -> Result<()> {
    let name = cx.account.find_own_policy(arn, || missing(arn, id), || not_own(refused))?.name.clone();
    cx.account.update::<ManagedPolicy, _>(&name, |policy| {
        let number = policy.version(id).ok_or_else(|| missing(arn, id))?.number;
        change(policy, number)
    })
}

operations!(
    IAM:
    query GetPolicyVersion, ListPolicyVersions;
    command CreatePolicyVersion, DeletePolicyVersion, SetDefaultPolicyVersion
);
