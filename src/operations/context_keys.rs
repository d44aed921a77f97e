//! Which condition keys policies ask for.

use serde::{Deserialize, Serialize};

use super::simulated_policies::{Member, documents, policy_source};
use super::{Access, Context, Operation, Target, operations};
use crate::error::{Code, Result};
use crate::policy::{Grammar, context_keys};
use crate::shapes::{Arn, PolicyDocument};

/// Finds the keys in policies given as documents.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForCustomPolicy {
    policy_input_list: Vec<PolicyDocument>,
}

/// What both operations answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextKeysResult {
    context_key_names: Vec<String>,
}

impl ContextKeysResult {
    fn of(policies: &[Member]) -> Self {
        let readable = policies.iter().filter_map(|(_, policy)| policy.as_deref().ok());
        Self { context_key_names: context_keys(readable) }
    }
}

impl Operation for GetContextKeysForCustomPolicy {
    type Output = ContextKeysResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput];
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn execute(self, _: &mut Context<'_>) -> Result<ContextKeysResult> {
        let policies = documents("PolicyInputList", Some(&self.policy_input_list), Grammar::Identity)?;
        Ok(ContextKeysResult::of(&policies))
    }
}

/// Finds the keys in the policies of a user, group or role, and in documents besides.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForPrincipalPolicy {
    policy_source_arn: Arn,
    policy_input_list: Option<Vec<PolicyDocument>>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    type Output = ContextKeysResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Arn(self.policy_source_arn.as_str().into()))
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<ContextKeysResult> {
        let source = policy_source(cx, &self.policy_source_arn)?;
        let granting = cx.account.granting(source).into_iter();
        let mut policies: Vec<Member> = granting.map(|granting| (granting.source, granting.policy)).collect();
        policies.extend(documents("PolicyInputList", self.policy_input_list.as_deref(), Grammar::Identity)?);
        Ok(ContextKeysResult::of(&policies))
    }
}

operations!(Iam: GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy);
