//! The policies that a request narrows its session by.

use super::credentials::policy_too_large;
use crate::account::{Account, StoredPolicy};
use crate::error::{Code, Error, Result};
use crate::identity::SessionPolicy;
use crate::shapes::PolicyDescriptor;
use iam_policy::Grammar;

/// How many managed policies can narrow a session.
const POLICY_ARNS: usize = 10;

/// The characters that an inline policy and the ARNs of managed policies may have together.
const PLAINTEXT_LIMIT: usize = 2048;

/// Reads `Policy` and `PolicyArns`; `None` when a request gives neither. Managed policies must be of the session's
/// account or AWS's.
///
/// # Errors
/// `ValidationError` for wrong ARNs, `MalformedPolicyDocument`, `PackedPolicyTooLarge` for too much text.
pub fn session_policies(
    account: &Account,
    policy: Option<&str>,
    arns: Option<Vec<PolicyDescriptor>>,
) -> Result<Option<Vec<SessionPolicy>>> {
    let arns = arns.unwrap_or_default();
    if arns.len() > POLICY_ARNS {
        return Err(broken("policyArns", &format!("Member must have length less than or equal to {POLICY_ARNS}")));
    }
    let mut policies = Vec::new();
    for (index, PolicyDescriptor { arn }) in arns.into_iter().enumerate() {
        let path = format!("policyArns.{}.member.arn", index + 1);
        let arn = arn.ok_or_else(|| broken(&path, "Member must not be null"))?;
        must_exist(account, &arn)?;
        policies.push(SessionPolicy::Managed(arn.into()));
    }
    if let Some(text) = policy {
        StoredPolicy::new(text, Grammar::Session, account.id.partition())?;
        policies.push(SessionPolicy::Inline(text.to_owned()));
    }
    let plaintext: usize = policies.iter().map(|policy| policy.as_given().chars().count()).sum();
    if plaintext > PLAINTEXT_LIMIT {
        return Err(policy_too_large((plaintext * 100).div_ceil(PLAINTEXT_LIMIT)));
    }
    Ok((!policies.is_empty()).then_some(policies))
}

fn must_exist(account: &Account, arn: &str) -> Result<()> {
    let missing = || {
        let message = format!("Policy {arn} does not exist or is not attachable.");
        Error::new(Code::MalformedPolicyDocument, message)
    };
    account.find_managed_policy(arn, missing).map(drop).map_err(|error| match error.code() {
        Code::InvalidInput | Code::ValidationError => Error::new(Code::ValidationError, format!("{arn} is invalid")),
        _ => error,
    })
}

fn broken(path: &str, demand: &str) -> Error {
    let message = format!("1 validation error detected: Value at '{path}' failed to satisfy constraint: {demand}");
    Error::new(Code::ValidationError, message)
}
