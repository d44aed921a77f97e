//! The details of a denied request.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Sides;
use crate::audit::Details;
use crate::audit::details::{
    CheckKind, Effect, Evaluation, KeptPolicy, KeyValues, KindCheck, MatchedPolicy, PolicyKind,
};
use crate::call::{Access, Inquiry, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::wire::{Http, QueryMember};

/// Returns the details of a denied request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetRequestAuthorizationDetails {
    authorization_id: String,
    #[expect(dead_code, reason = "AWS answers everything at once, and ignores what it is given")]
    next_token: Option<String>,
}

/// What `GetRequestAuthorizationDetails` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetRequestAuthorizationDetailsResult {
    request_context: Value,
    evaluations: Vec<EvaluationShape>,
    policies: Vec<PolicyShape>,
    #[serde(skip)]
    whole: Option<Arc<Details>>,
}

impl GetRequestAuthorizationDetailsResult {
    /// All that is kept of the denial, for pages of the server; `None` for a caller who may see one side of it only. It
    /// quotes policies, which `GetRequestAuthorizationPolicy` guards.
    pub fn whole(&self) -> Option<&Details> {
        self.whole.as_deref()
    }
}

/// An action on a resource in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluationShape {
    action: String,
    resource: String,
    context: Value,
    evaluated_effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<CheckShape>>,
    matched_policies: Vec<MatchedShape>,
}

/// What one kind of policies says, in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckShape {
    check_type: &'static str,
    evaluated_effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_arn: Option<String>,
    relevant_policy_types: Vec<&'static str>,
    matched_policies: Vec<MatchedShape>,
}

/// A policy that matched, in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchedShape {
    uri: String,
    matched_statements: Vec<StatementShape>,
}

/// A statement that matched, in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatementShape {
    sid: String,
    evaluated_effect: &'static str,
}

/// A policy in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyShape {
    r#type: &'static str,
    inline: bool,
    uri: String,
    attached_to: Vec<AttachedShape>,
}

/// What a policy is attached to.
#[derive(Serialize)]
struct AttachedShape {
    arn: String,
}

impl Operation for GetRequestAuthorizationDetails {
    type Output = GetRequestAuthorizationDetailsResult;

    const ERRORS: &'static [Code] = &[Code::ResourceNotFound, Code::ValidationException];
    const FETCHES: bool = true;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/authorization-details/{authorizationId}",
        query: &[QueryMember::Text("nextToken")],
    });

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn inquiry(&self, _: &View<'_>) -> Result<Option<Inquiry>> {
        super::inquiry(&self.authorization_id)
    }
}

impl Query for GetRequestAuthorizationDetails {
    fn answer(self, cx: &View<'_>) -> Result<GetRequestAuthorizationDetailsResult> {
        let (details, sides) = super::fetched(cx)?;
        let seen = |policy: &KeptPolicy| sees(sides, policy.kind);
        Ok(GetRequestAuthorizationDetailsResult {
            request_context: context(details.context.iter().filter(|(key, _)| sides.principal || is_of_request(key))),
            evaluations: details.evaluations.iter().map(|one| evaluation(details, one, sides)).collect(),
            policies: details.policies.iter().filter(|policy| seen(policy)).map(policy).collect(),
            whole: (sides.principal && sides.resource).then(|| details.clone()),
        })
    }
}

/// Whether a policy of this type may be seen.
pub(super) fn sees(sides: Sides, kind: PolicyKind) -> bool {
    if kind.is_of_resource() { sides.resource } else { sides.principal }
}

/// Whether a key is about the request, and not about what only the principal's account knows.
fn is_of_request(key: &str) -> bool {
    !key.starts_with("aws:PrincipalTag/") && !key.starts_with("aws:PrincipalOrg")
}

fn context<'k>(keys: impl Iterator<Item = &'k (String, KeyValues)>) -> Value {
    let member = |(key, values): &(String, KeyValues)| {
        let value = match values {
            KeyValues::One(value) => Value::from(value.as_str()),
            KeyValues::Many(values) => values.iter().map(String::as_str).collect(),
        };
        (key.clone(), value)
    };
    Value::Object(keys.map(member).collect::<Map<_, _>>())
}

fn evaluation(details: &Details, evaluation: &Evaluation, sides: Sides) -> EvaluationShape {
    let checks = evaluation.checks.iter();
    let all = checks.clone().flat_map(|check| &check.matched);
    EvaluationShape {
        action: evaluation.action.clone(),
        // Actions without resources have none.
        resource: Some(&evaluation.resource).filter(|resource| *resource != "*").cloned().unwrap_or_default(),
        context: context(evaluation.context.iter().filter(|(key, _)| sides.principal || is_of_request(key))),
        evaluated_effect: effect(evaluation.effect),
        checks: sides.principal.then(|| checks.map(|one| check(details, one, sides)).collect()),
        matched_policies: matched(details, all, sides),
    }
}

fn check(details: &Details, check: &KindCheck, sides: Sides) -> CheckShape {
    let is_of_resource = |found: &MatchedPolicy| {
        details.policies.get(found.policy).is_some_and(|policy| policy.kind == PolicyKind::Resource)
    };
    let by_resource = check.kind == CheckKind::Principal && check.matched.iter().any(is_of_resource);
    let (check_type, relevant) = match check.kind {
        CheckKind::ResourceControl => ("RESOURCE_CONTROL_POLICY", PolicyKind::ResourceControl),
        CheckKind::ServiceControl => ("SERVICE_CONTROL_POLICY", PolicyKind::ServiceControl),
        CheckKind::Endpoint => ("VPC_ENDPOINT", PolicyKind::Endpoint),
        CheckKind::Resource => ("RESOURCE", PolicyKind::Resource),
        CheckKind::Principal => ("PRINCIPAL", PolicyKind::Identity),
        CheckKind::Boundary => ("PERMISSIONS_BOUNDARY", PolicyKind::Boundary),
        CheckKind::Session => ("SESSION", PolicyKind::Session),
    };
    let relevant = [relevant].into_iter().chain(by_resource.then_some(PolicyKind::Resource));
    CheckShape {
        check_type,
        evaluated_effect: effect(check.effect),
        target_arn: check.target.clone(),
        relevant_policy_types: relevant.map(type_of).collect(),
        matched_policies: matched(details, check.matched.iter(), sides),
    }
}

fn matched<'m>(details: &Details, found: impl Iterator<Item = &'m MatchedPolicy>, sides: Sides) -> Vec<MatchedShape> {
    let shape = |found: &MatchedPolicy| {
        let policy = details.policies.get(found.policy).filter(|policy| sees(sides, policy.kind))?;
        let statement = |(sid, allows): &(String, bool)| StatementShape {
            sid: sid.clone(),
            evaluated_effect: if *allows { "ALLOW" } else { "DENY" },
        };
        let matched_statements = found.statements.iter().map(statement).collect();
        Some(MatchedShape { uri: policy.uri.clone(), matched_statements })
    };
    found.filter_map(shape).collect()
}

fn policy(policy: &KeptPolicy) -> PolicyShape {
    PolicyShape {
        r#type: type_of(policy.kind),
        inline: policy.inline,
        uri: policy.uri.clone(),
        attached_to: policy.attached_to.iter().map(|arn| AttachedShape { arn: arn.clone() }).collect(),
    }
}

fn type_of(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "IDENTITY_BASED_POLICY",
        PolicyKind::Boundary => "PERMISSIONS_BOUNDARY",
        PolicyKind::Session => "SESSION_POLICY",
        PolicyKind::Resource => "RESOURCE_BASED_POLICY",
        PolicyKind::ServiceControl => "SERVICE_CONTROL_POLICY",
        PolicyKind::ResourceControl => "RESOURCE_CONTROL_POLICY",
        PolicyKind::Endpoint => "VPC_ENDPOINT_POLICY",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "ALLOW",
        Effect::ExplicitDeny => "EXPLICIT_DENY",
        Effect::ImplicitDeny => "IMPLICIT_DENY",
        Effect::NoImpact => "NO_IMPACT",
    }
}

operations!(IAM_TOOLBOX: query GetRequestAuthorizationDetails);
