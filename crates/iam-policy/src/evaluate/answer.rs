//! The answers of the evaluate endpoint, as JSON.

use serde::Serialize;

use crate::decide::{Decision, Layer};
use crate::document::json::Unreadable;
use crate::set::Match;
use crate::{Effect, Explanation, Invalid, Position, Request};

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

/// A statement that matches, and where it is in the request's body.
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
    /// The document that is refused: where it is in the request, and its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// AWS's sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_message: Option<String>,
    /// Where in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

impl Evaluation {
    /// The answer that an explanation gives.
    pub fn new(request: &Request<'_>, explanation: &Explanation<'_>) -> Self {
        let mut denied_by: Vec<_> = explanation.denied_by.iter().map(|layer| LayerName::from(*layer)).collect();
        denied_by.sort_unstable();
        let matched_statements = explanation.layers.iter().flat_map(|report| {
            report.matched.iter().filter_map(|found| MatchedStatement::new(report.layer, report.level, found))
        });
        Self {
            decision: match explanation.impossible {
                Some(_) => Verdict::ImplicitDeny,
                None => Verdict::from(&explanation.decision),
            },
            denied_by,
            matched_statements: matched_statements.collect(),
            missing_context_keys: explanation.missing_keys(|_| true),
            explanation: explanation.sentences(request),
        }
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
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), document: None, aws_message: None, position: None }
    }

    pub(super) fn json(body: &str, error: &serde_json::Error) -> Self {
        let unreadable = Unreadable::new(body, error);
        let message = format!("the request cannot be read: {}", unreadable.explain(body));
        Self { position: Some(Position::of(body, unreadable.at)), ..Self::new(message) }
    }

    pub(super) fn document(path: &str, name: &str, invalid: Invalid) -> Self {
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
            Layer::Session | Layer::Scoped | Layer::Delegation => Self::Session,
        }
    }
}
