//! One request decided from what it carries, JSON to JSON: no account, no server, no state.

mod policies;
mod request;

use serde::Serialize;

use self::policies::Policies;
use self::request::EvaluateRequest;
use super::decide::{Decision, Layer};
use super::pattern::Arn;
use super::set::Match;
use super::{
    Action, Context, Effect, Explanation, Invalid, Layers, Position, Principal, PrincipalText, Request, ResourceKind,
    Values, explain,
};

/// The answer to an evaluate request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// The decision.
    pub decision: Verdict,
    /// What denies it: every layer with an explicit deny, or every layer that had to allow it and does not.
    pub denied_by: Vec<LayerName>,
    /// All statements that match the request.
    pub matched_statements: Vec<MatchedStatement>,
    /// Context keys that statements about this action and resource ask for and the request does not have.
    pub missing_context_keys: Vec<String>,
    /// Why, in a sentence or more.
    pub explanation: String,
}

/// A decision in the words of IAM's policy simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it where something must.
    ImplicitDeny,
}

/// A layer in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerName {
    /// Identity-based policies.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// A resource's policy, a role's trust policy among them.
    Resource,
    /// Service control policies.
    Scp,
    /// Resource control policies.
    Rcp,
    /// A VPC endpoint's policy.
    Vpce,
}

/// A statement that matches, and where it stands in the request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchedStatement {
    /// The layer.
    pub layer: LayerName,
    /// The level of an organization, from 0, for SCPs and RCPs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<usize>,
    /// The name of the policy, or the field it came in.
    pub policy: String,
    /// The `Sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// `Allow` or `Deny`.
    pub effect: Effect,
    /// Its place among the policy's statements, from 0.
    pub statement: usize,
    /// Where it begins in the body.
    pub start: Position,
    /// Just behind its end.
    pub end: Position,
}

/// What is wrong with an evaluate request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct EvaluateError {
    /// What is wrong, for people.
    pub message: String,
    /// The document that is refused: where it stands in the request, and its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// AWS's sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_message: Option<String>,
    /// Where in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Decides the request in a JSON body.
///
/// # Errors
/// For what is not such a request, and for a document that its grammar refuses, with its place and the reason.
pub fn evaluate(body: &[u8]) -> Result<Evaluation, EvaluateError> {
    with_explanation(body, |request, explanation| {
        let decision = Verdict::from(&explanation.decision);
        let mut denied_by: Vec<_> = explanation.denied_by.iter().map(|layer| LayerName::from(*layer)).collect();
        denied_by.sort_unstable();
        let matched_statements = explanation.layers.iter().flat_map(|report| {
            report.matched.iter().filter_map(|found| MatchedStatement::new(report.layer, report.level, found))
        });
        Evaluation {
            decision,
            denied_by,
            matched_statements: matched_statements.collect(),
            missing_context_keys: explanation.missing_keys.clone(),
            explanation: explanation.sentences(request),
        }
    })
}

/// Decides the request in a JSON body and hands over the evidence.
///
/// # Errors
/// As [`evaluate`].
pub fn with_explanation<T>(
    body: &[u8],
    tell: impl FnOnce(&Request<'_>, &Explanation<'_>) -> T,
) -> Result<T, EvaluateError> {
    let body = std::str::from_utf8(body).map_err(|_| EvaluateError::new("the request is not UTF-8"))?;
    let asked: EvaluateRequest<'_> = serde_json::from_str(body).map_err(EvaluateError::json)?;
    let action = Action::parse(&asked.action)
        .ok_or_else(|| EvaluateError::new(format!("action {:?} is not of the form service:Action", asked.action)))?;
    let principal = principal(&asked)?;
    let principal = principal.principal();
    let context = context(&asked, &principal);
    let mut request = Request::new(principal, &action, &asked.resource, &context);
    if let Some(account) = &asked.resource_account {
        request = request.owned_by(account);
    }
    if let Some(account) = &asked.organization_management_account {
        request = request.managed_by(account);
    }
    let resource_kind = if asked.resource_policy.is_some() { resource_kind(&request) } else { ResourceKind::Ordinary };
    let policies = Policies::read(body, &asked, resource_kind)?;
    let layers = Layers {
        identity: policies.identity.as_ref(),
        boundary: policies.boundary.as_ref(),
        session: policies.session.as_ref(),
        resource: policies.resource.as_ref(),
        resource_kind,
        service_control: policies.service_control.as_deref(),
        resource_control: policies.resource_control.as_deref(),
        endpoint: policies.endpoint.as_ref(),
    };
    Ok(tell(&request, &explain(&request, &layers)))
}

/// The principal; a session's role has the path that `aws:PrincipalArn` tells.
fn principal(asked: &EvaluateRequest<'_>) -> Result<PrincipalText, EvaluateError> {
    let unknown = || {
        let forms =
            "an ARN of a user, role, session or root user, an account, a service such as ec2.amazonaws.com, or *";
        EvaluateError::new(format!("principal {:?} is not {forms}", asked.principal))
    };
    let principal = PrincipalText::parse(&asked.principal).ok_or_else(unknown)?;
    let role = asked.context.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"));
    match role.map(|(_, values)| values.values()) {
        Some(Values::One(arn)) if arn.contains(":role/") => Ok(principal.with_role_arn(&arn)),
        _ => Ok(principal),
    }
}

/// The given context, and what principal and resource tell themselves where it is not given.
fn context<'a>(asked: &'a EvaluateRequest<'_>, principal: &Principal<'a>) -> Context<'a> {
    let owner = asked.resource_account.as_deref().or(Arn::new(&asked.resource).account());
    let owner = owner.map(|account| ("aws:ResourceAccount".into(), account.into()));
    let told = principal.context_keys().into_iter().map(|(key, value)| (key.into(), value.into()));
    let given = asked.context.iter().map(|(key, values)| (key.as_str().into(), values.values()));
    owner.into_iter().chain(told).chain(given).collect()
}

/// A role's policy is its trust policy; a key's is a key policy.
fn resource_kind(request: &Request<'_>) -> ResourceKind {
    let resource = request.resource();
    match request.action().service() {
        "sts" if resource.starts_with("arn:") && resource.contains(":role/") => ResourceKind::RoleTrust,
        "kms" if resource.starts_with("arn:") && resource.contains(":key/") => ResourceKind::KmsKey,
        _ => ResourceKind::Ordinary,
    }
}

impl MatchedStatement {
    fn new(layer: Layer, level: Option<usize>, found: &Match<'_>) -> Option<Self> {
        let statement = found.statement?;
        Some(Self {
            layer: layer.into(),
            level,
            policy: found.source.id.to_string(),
            sid: statement.sid.as_deref().map(str::to_owned),
            effect: statement.effect,
            statement: statement.index,
            start: statement.position,
            end: statement.end,
        })
    }
}

impl EvaluateError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), document: None, aws_message: None, position: None }
    }

    fn json(error: serde_json::Error) -> Self {
        let position = Position::reported(error.line(), error.column());
        Self { position: Some(position), ..Self::new(format!("the request cannot be read: {error}")) }
    }

    fn document(path: &str, name: &str, invalid: Invalid) -> Self {
        let document = if path == name { path.to_owned() } else { format!("{path} ({name})") };
        Self {
            message: format!("{document}: {}", invalid.explain()),
            document: Some(document),
            aws_message: Some(invalid.message.into_owned()),
            position: invalid.position,
        }
    }
}

impl From<&Decision<'_>> for Verdict {
    fn from(decision: &Decision<'_>) -> Self {
        match decision {
            Decision::Allow { .. } => Self::Allowed,
            Decision::ExplicitDeny { .. } => Self::ExplicitDeny,
            Decision::ImplicitDeny { .. } => Self::ImplicitDeny,
        }
    }
}

impl From<Layer> for LayerName {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::ServiceControl => Self::Scp,
            Layer::ResourceControl => Self::Rcp,
            Layer::Endpoint => Self::Vpce,
            Layer::Resource | Layer::Trust => Self::Resource,
            Layer::Identity => Self::Identity,
            Layer::Boundary => Self::Boundary,
            Layer::Session => Self::Session,
        }
    }
}
