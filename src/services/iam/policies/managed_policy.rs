//! Managed policies: those of the account, and AWS's, which can be read and attached but not changed.

use serde::{Deserialize, Serialize};

use crate::account::{
    Account, Managed, ManagedPolicy, PolicyVersion, Quota, Reference, Resource, StoredPolicy, name_key,
};
use crate::call::{
    Access, AccountRef, Command, Context, Listing, Members, Operation, Paging, Query, Transaction, View, operations,
};
use crate::catalogue::managed_policies;
use crate::error::{Code, Error, Result};
use crate::services::iam::policies::policy_version::PolicyVersionShape;
use crate::shapes::{
    Arn, IdPrefix, Kind, Marker, MaxItems, PolicyDescription, PolicyDocument, PolicyName, PolicyPath, PolicyScope,
    PolicyUsage, Tag, TagSet, Tags, Timestamp,
};
use iam_policy::{Grammar, document_size};

/// A managed policy in an answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyShape {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    description: Option<String>,
    create_date: Timestamp,
    update_date: Timestamp,
    policy_version_list: Option<Vec<PolicyVersionShape>>,
    tags: Option<Vec<Tag>>,
}

impl PolicyShape {
    /// What listings show: everything but description and tags. Uses are counted in this account, for AWS's policies
    /// too.
    pub fn brief(policy: Managed<'_>, account: &Account) -> Self {
        let (policy_id, arn, default_version_id, create_date, update_date) = match policy {
            Managed::Customer(policy) => (
                policy.id.clone(),
                policy.arn(account.id),
                format!("v{}", policy.default_version),
                policy.created,
                policy.updated,
            ),
            Managed::Aws(policy) => (
                policy.policy_id(),
                policy.arn(),
                policy.default_version_id.to_owned(),
                policy.create_date.into(),
                policy.update_date.into(),
            ),
        };
        Self {
            policy_name: policy.name().to_owned(),
            path: policy.path().to_owned(),
            attachment_count: account.count_referrers(&Reference::AttachedPolicy(arn.clone())),
            permissions_boundary_usage_count: account.count_referrers(&Reference::PermissionsBoundary(arn.clone())),
            is_attachable: true,
            policy_id,
            arn,
            default_version_id,
            create_date,
            update_date,
            ..Self::default()
        }
    }

    /// What the account's authorization details show: everything but tags, and all versions.
    pub fn detailed(policy: Managed<'_>, account: &Account) -> Self {
        let versions = Some(PolicyVersionShape::all(policy));
        Self { policy_version_list: versions, tags: None, ..Self::whole(policy, account) }
    }

    /// All that is known of the policy. `Tags` is there even when there are none.
    pub fn whole(policy: Managed<'_>, account: &Account) -> Self {
        let description = match policy {
            Managed::Customer(policy) => policy.description.clone(),
            Managed::Aws(_) => None,
        };
        let tags = policy.tags().map(|tags| tags.to_vec()).unwrap_or_default();
        Self { description, tags: Some(tags), ..Self::brief(policy, account) }
    }
}

/// Takes up the document of a managed policy.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(crate) fn managed_document(cx: &Context<'_, impl AccountRef>, text: &PolicyDocument) -> Result<StoredPolicy> {
    let document = StoredPolicy::new(text, Grammar::Managed, cx.account.id.partition())?;
    let quotas = &cx.environment.quotas;
    if document_size(text) > quotas.limit(Quota::PolicySize) as usize {
        return Err(quotas.exceeded(Quota::PolicySize));
    }
    Ok(document)
}

/// The refusal to change a policy of AWS.
pub(crate) fn not_own(change: &str) -> Error {
    Error::new(Code::AccessDenied, format!("Cannot {change} outside your own account."))
}

/// Creates a managed policy in the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicy {
    policy_name: PolicyName,
    path: Option<PolicyPath>,
    policy_document: PolicyDocument,
    description: Option<PolicyDescription>,
    tags: Option<Tags>,
}

/// What `CreatePolicy` and `GetPolicy` answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyResult {
    policy: PolicyShape,
}

impl Operation for CreatePolicy {
    type Output = PolicyResult;

    const ERRORS: &'static [Code] = &[
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::EntityAlreadyExists,
        Code::MalformedPolicyDocument,
        Code::ConcurrentModification,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::Policy, self.path.as_deref(), &self.policy_name).tagged(Kind::Policy, self.tags.as_deref())
    }
}

impl Command for CreatePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<PolicyResult> {
        let document = managed_document(cx, &self.policy_document)?;
        let tags = Tags::shape(self.tags.as_ref());
        let policy = ManagedPolicy {
            name: self.policy_name.into(),
            path: self.path.map_or_else(|| "/".to_owned(), String::from),
            id: cx.ids.unique(IdPrefix::Anpa),
            created: cx.now,
            updated: cx.now,
            description: self.description.map(String::from).filter(|text| !text.is_empty()),
            versions: vec![PolicyVersion { number: 1, created: cx.now, document }],
            default_version: 1,
            next_version: 2,
            tags: TagSet::from_request(Kind::Policy, self.tags)?,
        };
        let brief = PolicyShape::brief(Managed::Customer(&policy), cx.account);
        let shape = PolicyShape { tags, ..brief };
        cx.create(policy, Quota::PoliciesPerAccount)?;
        Ok(PolicyResult { policy: shape })
    }
}

/// Describes a managed policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicy {
    policy_arn: Arn,
}

impl Operation for GetPolicy {
    type Output = PolicyResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::InvalidInput, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Query for GetPolicy {
    fn answer(self, cx: &View<'_>) -> Result<PolicyResult> {
        let policy =
            cx.account.find_managed_policy(&self.policy_arn, || Error::missing(Kind::Policy, &self.policy_arn))?;
        Ok(PolicyResult { policy: PolicyShape::whole(policy, cx.account) })
    }
}

/// Lists managed policies: those of the account by name, then AWS's by age.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicies {
    scope: Option<PolicyScope>,
    only_attached: Option<bool>,
    path_prefix: Option<PolicyPath>,
    policy_usage_filter: Option<PolicyUsage>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

/// What keys in this listing begin with.
const BY_AWS: &str = "aws ";
const BY_CUSTOMER: &str = "own ";

impl Listing for ListPolicies {
    type Item = PolicyShape;

    const MEMBERS: &'static str = "Policies";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::Policy, self.path_prefix.as_deref())
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, PolicyShape>> {
        let scope = self.scope.unwrap_or(PolicyScope::All);
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let last_by_aws = after.and_then(|after| after.strip_prefix(BY_AWS));
        let own = (scope != PolicyScope::Aws && last_by_aws.is_none()).then(|| {
            let own = cx.account.policies.after(after.and_then(|after| after.strip_prefix(BY_CUSTOMER)));
            own.map(|(key, policy)| (format!("{BY_CUSTOMER}{key}"), Managed::Customer(policy)))
        });
        let aws =
            (scope != PolicyScope::Local).then(|| managed_policies::by_age(cx.account.id.partition(), last_by_aws));
        let aws = aws.into_iter().flatten();
        let aws = aws.map(|policy| (format!("{BY_AWS}{}", policy.name), Managed::Aws(policy)));
        let under = own.into_iter().flatten().chain(aws).filter(move |(_, policy)| policy.path().starts_with(prefix));
        let shapes = under.map(|(key, policy)| (key, PolicyShape::brief(policy, cx.account)));
        Ok(Box::new(shapes.filter(|(_, shape)| self.wants(shape))))
    }
}

impl ListPolicies {
    /// A policy that is a boundary only does not count as attached.
    fn wants(&self, shape: &PolicyShape) -> bool {
        match self.policy_usage_filter {
            Some(PolicyUsage::PermissionsPolicy) => shape.attachment_count > 0,
            Some(PolicyUsage::PermissionsBoundary) => shape.permissions_boundary_usage_count > 0,
            None => shape.attachment_count > 0 || self.only_attached != Some(true),
        }
    }
}

/// Deletes a managed policy that nothing uses, and its only version with it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePolicy {
    policy_arn: Arn,
}

impl Operation for DeletePolicy {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::NoSuchEntity, Code::LimitExceeded, Code::InvalidInput, Code::DeleteConflict, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::policy(&self.policy_arn)
    }
}

impl Command for DeletePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let arn = String::from(self.policy_arn);
        let policy =
            cx.account.find_own_policy(&arn, || Error::missing(Kind::Policy, &arn), || not_own("delete policies"))?;
        let conflict = |message| Err(Error::new(Code::DeleteConflict, message));
        let uses = [Reference::AttachedPolicy(arn.clone()), Reference::PermissionsBoundary(arn.clone())];
        if uses.iter().any(|reference| cx.account.count_referrers(reference) > 0) {
            return conflict("Cannot delete a policy attached to entities.");
        }
        if policy.versions.len() > 1 {
            return conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            );
        }
        let key = name_key(&policy.name);
        cx.account.remove::<ManagedPolicy>(&key);
        Ok(())
    }
}

operations!(IAM: query GetPolicy, ListPolicies; command CreatePolicy, DeletePolicy);
