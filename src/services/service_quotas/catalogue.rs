//! The quotas of IAM that Service Quotas knows.

use serde::Serialize;

use crate::account::Quota;
use crate::call::{AccountRef, Context};
use crate::error::{Code, Error, Result};

/// The code of the one service whose quotas are known here.
pub(super) const SERVICE_CODE: &str = "iam";

/// The name of that service.
pub(super) const SERVICE_NAME: &str = "AWS Identity and Access Management (IAM)";

/// What Service Quotas says of a quota.
pub(super) struct Known {
    pub code: &'static str,
    name: &'static str,
    quota: Quota,
    is_adjustable: bool,
}

const fn adjustable(code: &'static str, name: &'static str, quota: Quota) -> Known {
    Known { code, name, quota, is_adjustable: true }
}

const fn fixed(code: &'static str, name: &'static str, quota: Quota) -> Known {
    Known { code, name, quota, is_adjustable: false }
}

/// By code. Which of them AWS raises on request: IAM User Guide, "IAM and AWS STS quotas".
pub(super) static KNOWN: [Known; 12] = [
    adjustable("L-0DA4ABF3", "Managed policies per role", Quota::PoliciesPerRole),
    fixed("L-384571C4", "Managed policies per group", Quota::PoliciesPerGroup),
    adjustable("L-4019AD8B", "Managed policies per user", Quota::PoliciesPerUser),
    adjustable("L-6E65F664", "Instance profiles per account", Quota::InstanceProfilesPerAccount),
    adjustable("L-858F3967", "OpenId connect providers per account", Quota::OpenIDConnectProvidersPerAccount),
    adjustable("L-BF35879D", "Server certificates per account", Quota::ServerCertificatesPerAccount),
    adjustable("L-C07B4B0D", "Role trust policy length", Quota::ACLSizePerRole),
    fixed("L-DB618D39", "SAML providers per account", Quota::SAMLProvidersPerAccount),
    adjustable("L-E95E4862", "Customer managed policies per account", Quota::PoliciesPerAccount),
    adjustable("L-F4A5425F", "Groups per account", Quota::GroupsPerAccount),
    fixed("L-F55AF5E4", "Users per account", Quota::UsersPerAccount),
    adjustable("L-FE177D64", "Roles per account", Quota::RolesPerAccount),
];

/// Which value of a quota is asked for.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// The one in force for the account.
    Applied,
    /// AWS's default.
    Default,
}

/// A quota in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QuotaShape {
    service_code: &'static str,
    service_name: &'static str,
    quota_arn: String,
    quota_code: &'static str,
    quota_name: &'static str,
    value: f64,
    unit: &'static str,
    adjustable: bool,
    global_quota: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_applied_at_level: Option<&'static str>,
}

impl<A: AccountRef> Context<'_, A> {
    /// The quotas that a request can ask for. Those of IAM, a global service, are known in one region of the partition.
    ///
    /// # Errors
    /// `NoSuchResourceException` for another service.
    pub(super) fn known_quotas(&self, service: &str) -> Result<impl Iterator<Item = &'static Known> + use<A>> {
        if service != SERVICE_CODE {
            return Err(missing());
        }
        let is_home = self.facts.region == self.account.id.partition().signing_region();
        Ok(KNOWN.iter().filter(move |_| is_home))
    }

    /// A quota as an answer shows it.
    pub(super) fn quota_shape(&self, known: &Known, value: Value) -> QuotaShape {
        let partition = self.account.id.partition();
        let (limit, account) = match value {
            Value::Applied => (self.environment.quotas.limit(known.quota), self.account.id.to_string()),
            Value::Default => (known.quota.default_limit(), String::new()),
        };
        QuotaShape {
            service_code: SERVICE_CODE,
            service_name: SERVICE_NAME,
            quota_arn: format!("arn:{partition}:servicequotas::{account}:{SERVICE_CODE}/{}", known.code),
            quota_code: known.code,
            quota_name: known.name,
            value: limit.into(),
            unit: "None",
            adjustable: known.is_adjustable,
            global_quota: true,
            quota_applied_at_level: matches!(value, Value::Applied).then_some("ACCOUNT"),
        }
    }
}

/// The refusal of a service or quota that is not known.
pub(super) fn missing() -> Error {
    Error::new(Code::NoSuchResource, "The specified resource does not exist.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quota_is_known_once_and_in_order() {
        assert!(KNOWN.is_sorted_by(|a, b| a.code < b.code));
        let mut quotas: Vec<_> = KNOWN.iter().map(|known| known.quota).collect();
        quotas.sort();
        quotas.dedup();
        assert_eq!(quotas.len(), KNOWN.len());
    }
}
