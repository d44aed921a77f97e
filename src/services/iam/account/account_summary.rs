//! The account in numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::{Account, CredentialsOwner, Grantee, Quota};
use crate::call::{Access, AccountRef, Context, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::shapes::GlobalEndpointTokenVersion;

/// What AWS reports as the quota of policy versions in use. The other quotas keep every account far below it.
const POLICY_VERSIONS_IN_USE: usize = 10_000;

/// Says how many entities the account has, and how many it may have.
#[derive(Deserialize)]
pub struct GetAccountSummary {}

/// What `GetAccountSummary` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountSummaryResult {
    summary_map: BTreeMap<&'static str, usize>,
}

impl Operation for GetAccountSummary {
    type Output = GetAccountSummaryResult;

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetAccountSummary {
    fn answer(self, cx: &View<'_>) -> Result<GetAccountSummaryResult> {
        let mut summary_map = quotas(cx);
        summary_map.extend(counts(cx.account));
        summary_map.extend(root_user(cx.account)?);
        Ok(GetAccountSummaryResult { summary_map })
    }
}

fn quotas(cx: &Context<'_, impl AccountRef>) -> BTreeMap<&'static str, usize> {
    let quotas = [
        ("AccessKeysPerUserQuota", Quota::AccessKeysPerUser),
        ("AssumeRolePolicySizeQuota", Quota::ACLSizePerRole),
        ("AttachedPoliciesPerGroupQuota", Quota::PoliciesPerGroup),
        ("AttachedPoliciesPerRoleQuota", Quota::PoliciesPerRole),
        ("AttachedPoliciesPerUserQuota", Quota::PoliciesPerUser),
        ("GroupPolicySizeQuota", Quota::GroupPolicySize),
        ("GroupsPerUserQuota", Quota::GroupsPerUser),
        ("GroupsQuota", Quota::GroupsPerAccount),
        ("InstanceProfilesQuota", Quota::InstanceProfilesPerAccount),
        ("PoliciesQuota", Quota::PoliciesPerAccount),
        ("PolicySizeQuota", Quota::PolicySize),
        ("RolePolicySizeQuota", Quota::RolePolicySize),
        ("RolesQuota", Quota::RolesPerAccount),
        ("ServerCertificatesQuota", Quota::ServerCertificatesPerAccount),
        ("SigningCertificatesPerUserQuota", Quota::CertificatesPerUser),
        ("UserPolicySizeQuota", Quota::UserPolicySize),
        ("UsersQuota", Quota::UsersPerAccount),
        ("VersionsPerPolicyQuota", Quota::VersionsPerPolicy),
    ];
    let limit = |quota| usize::try_from(cx.environment.quotas.limit(quota)).unwrap_or(usize::MAX);
    let limits = quotas.map(|(key, quota)| (key, limit(quota)));
    limits.into_iter().chain([("PolicyVersionsInUseQuota", POLICY_VERSIONS_IN_USE)]).collect()
}

fn counts(account: &Account) -> [(&'static str, usize); 11] {
    let (mfa_devices, in_use) = mfa_devices(account);
    let token_version = match account.settings().global_endpoint_token_version {
        None | Some(GlobalEndpointTokenVersion::V1) => 1,
        Some(GlobalEndpointTokenVersion::V2) => 2,
    };
    [
        ("GlobalEndpointTokenVersion", token_version),
        ("Groups", account.groups.len()),
        ("InstanceProfiles", account.instance_profiles.len()),
        ("MFADevices", mfa_devices),
        ("MFADevicesInUse", in_use),
        ("Policies", account.policies.len()),
        ("PolicyVersionsInUse", policies_in_use(account)),
        ("Providers", account.oidc_providers.len() + account.saml_providers.len()),
        ("Roles", account.roles.len()),
        ("ServerCertificates", account.server_certificates.len()),
        ("Users", account.users.len()),
    ]
}

/// The managed policies, the account's and AWS's, that something has or is bounded by: each is in use in one version.
fn policies_in_use(account: &Account) -> usize {
    let users = account.users.iter().map(|user| user.permissions());
    let groups = account.groups.iter().map(|group| group.permissions());
    let roles = account.roles.iter().map(|role| role.permissions());
    let all = users.chain(groups).chain(roles);
    let arns = all.flat_map(|permissions| permissions.attached.iter().chain(&permissions.boundary));
    arns.collect::<BTreeSet<_>>().len()
}

/// All MFA devices, and those that are enabled. A virtual one exists before, a physical one does not.
fn mfa_devices(account: &Account) -> (usize, usize) {
    let users = account.users.iter().map(|user| &user.credentials);
    let root = account.root_users.iter().map(|root| &root.credentials);
    let enabled: Vec<_> = users.chain(root).flat_map(|credentials| &credentials.mfa_devices).collect();
    let is_virtual = |serial_number: &str| account.virtual_mfa_device(serial_number).is_some();
    let physical = enabled.iter().filter(|device| !is_virtual(&device.serial_number)).count();
    (account.mfa_devices.len() + physical, enabled.len())
}

fn root_user(account: &Account) -> Result<[(&'static str, usize); 4]> {
    let root = account.credentials(&CredentialsOwner::Root)?;
    Ok([
        ("AccountAccessKeysPresent", usize::from(!root.access_keys.is_empty())),
        ("AccountMFAEnabled", usize::from(!root.mfa_devices.is_empty())),
        ("AccountPasswordPresent", usize::from(root.login_profile.is_some())),
        ("AccountSigningCertificatesPresent", usize::from(!root.signing_certificates.is_empty())),
    ])
}

operations!(IAM: query GetAccountSummary);
