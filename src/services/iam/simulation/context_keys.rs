//! Which condition keys policies ask for.

use serde::{Deserialize, Serialize};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::services::iam::simulation::simulated_policies::{
    Exclusions, granted, own_boundary, policy_inputs, policy_source, source_target,
};
use crate::shapes::{Arn, PolicyDocument};
use iam_policy::{PolicySet, context_keys};

/// Finds the keys in policies given as documents.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForCustomPolicy {
    policy_input_list: Vec<PolicyDocument>,
}

/// What both operations answer. Seen in AWS: a key comes once for each policy that names it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextKeysResult {
    context_key_names: Vec<String>,
}

impl ContextKeysResult {
    fn of<'s>(policies: impl IntoIterator<Item = &'s PolicySet>) -> Self {
        let readable = policies.into_iter().flat_map(PolicySet::policies);
        Self { context_key_names: readable.flat_map(context_keys).map(str::to_owned).collect() }
    }
}

impl Operation for GetContextKeysForCustomPolicy {
    type Output = ContextKeysResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetContextKeysForCustomPolicy {
    fn answer(self, _: &View<'_>) -> Result<ContextKeysResult> {
        let policies = policy_inputs(Some(&self.policy_input_list))?;
        Ok(ContextKeysResult::of([&PolicySet::new(policies)]))
    }
}

/// Finds the keys in the policies of a user, group or role, in its boundary, and in documents besides.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForPrincipalPolicy {
    policy_source_arn: Arn,
    policy_input_list: Option<Vec<PolicyDocument>>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    type Output = ContextKeysResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(source_target(&self.policy_source_arn))
    }
}

impl Query for GetContextKeysForPrincipalPolicy {
    fn answer(self, cx: &View<'_>) -> Result<ContextKeysResult> {
        let source = policy_source(cx, &self.policy_source_arn)?;
        let mut policies = granted(cx, source, &Exclusions::default());
        policies.extend(policy_inputs(self.policy_input_list.as_deref())?);
        let boundary = own_boundary(cx, source);
        Ok(ContextKeysResult::of([Some(&PolicySet::new(policies)), boundary.as_deref()].into_iter().flatten()))
    }
}

operations!(IAM: query GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy);
