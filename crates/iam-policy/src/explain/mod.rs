//! Why a request is allowed or denied: every layer's word, every statement that matched or nearly did.

mod near;
mod sentences;

pub use near::{Failure, NearMiss};

use std::collections::BTreeMap;

use super::Impossible;
use super::decide::{Decision, LAYERS, Layer, Procedure, decide};
use super::policy::Policy;
use super::request::{Layers, Request};
use super::set::{Match, PolicySet};
use super::statement::{Effect, Mismatch, Statement};

/// A decision with all of its evidence.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// What [`decide`] says.
    pub decision: Decision<'a>,
    /// What each layer says, in the order in which they are looked at; an organization's policies level by level.
    pub layers: Vec<LayerReport<'a>>,
    /// The layers that deny the request, or had to allow it and do not.
    pub denied_by: Vec<Layer>,
    /// Why the request is refused although policies allow it.
    pub impossible: Option<Impossible>,
}

/// What one layer, or one level of it, says.
#[derive(Clone, Debug)]
pub struct LayerReport<'a> {
    /// The layer.
    pub layer: Layer,
    /// The level of an organization, from 0 for the root.
    pub level: Option<usize>,
    /// What the level's policies are attached to, if that is known.
    pub target: Option<&'a str>,
    /// Whether and how it counts.
    pub standing: Standing,
    /// The statements that match, and policies that cannot be read.
    pub matched: Vec<Match<'a>>,
    /// The statements that match but for something.
    pub near: Vec<NearMiss<'a>>,
    /// The keys that statements about this action and resource ask for and the request does not have: in lower case,
    /// and as written.
    pub missing_keys: BTreeMap<String, String>,
}

/// How a layer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It must allow the request, and may deny it.
    Required,
    /// It may deny the request; that it allows it is not needed.
    DenyOnly,
    /// Its policies do not bind this principal or resource.
    Exempt,
}

/// What a layer says on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Some statement denies the request.
    Denies,
    /// None denies it, some allows it.
    Allows,
    /// None matches.
    Nothing,
}

impl Explanation<'_> {
    /// Whether the request would go through: policies allow it, and AWS does not refuse it whatever they say.
    pub fn is_allowed(&self) -> bool {
        self.decision.is_allowed() && self.impossible.is_none()
    }

    /// The keys that are missing in the layers that `counts` names, as written, each once.
    pub fn missing_keys(&self, counts: impl Fn(Layer) -> bool) -> Vec<String> {
        let reports = self.layers.iter().filter(|report| counts(report.layer));
        let keys: BTreeMap<_, _> = reports.flat_map(|report| &report.missing_keys).collect();
        keys.into_values().cloned().collect()
    }
}

impl LayerReport<'_> {
    /// What it says on its own.
    pub fn said(&self) -> Said {
        let effects = || self.matched.iter().map(|found| found.statement.map(|statement| statement.effect));
        if effects().any(|effect| effect != Some(Effect::Allow)) {
            Said::Denies
        } else if self.matched.is_empty() {
            Said::Nothing
        } else {
            Said::Allows
        }
    }
}

/// Decides a request and says why.
pub fn explain<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Explanation<'a> {
    let procedure = Procedure::new(request, layers);
    let decision = decide(request, layers);
    let reach = procedure.reached(procedure.resource_layer(), procedure.layers.resource).map(|(reach, _)| reach);
    let required: Vec<_> = procedure.required(reach).collect();
    let denied_by = match decision {
        Decision::Allow { .. } => Vec::new(),
        Decision::ExplicitDeny { .. } => {
            LAYERS.into_iter().filter(|layer| procedure.denies(*layer).is_some()).collect()
        }
        Decision::ImplicitDeny { .. } => {
            required.iter().copied().filter(|layer| !procedure.is_satisfied(*layer, reach)).collect()
        }
    };
    let given = LAYERS.into_iter().filter(|layer| layer.is_given(layers));
    let reports = given.flat_map(|layer| {
        let standing = match layer {
            _ if !layer.is_given(&procedure.layers) => Standing::Exempt,
            _ if required.contains(&layer) => Standing::Required,
            _ => Standing::DenyOnly,
        };
        reports(&procedure, layer, standing)
    });
    let impossible = Impossible::of(request).filter(|_| decision.is_allowed());
    Explanation { decision, layers: reports.collect(), denied_by, impossible }
}

/// The keys of the conditions for which alone the statements of a layer do not allow a request, as written, each once.
pub fn unmet_keys<'a>(request: &Request<'_>, layers: &Layers<'a>, layer: Layer) -> Vec<&'a str> {
    let procedure = Procedure::new(request, layers);
    let policies = procedure.sets(layer).iter().flat_map(PolicySet::members).filter_map(|(_, policy)| policy.ok());
    let keys = policies.flat_map(Policy::statements).filter(|statement| {
        let is_near = statement.effect == Effect::Allow && procedure.reach(layer, statement).is_some();
        let mut mismatches = statement.mismatches(request).peekable();
        is_near
            && mismatches.peek().is_some()
            && mismatches.all(|mismatch| matches!(mismatch, Mismatch::Condition { .. }))
    });
    let keys = keys.flat_map(Statement::context_keys).map(|key| (key.to_ascii_lowercase(), key));
    keys.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The reports of a layer: one, or one per level; what does not bind or has no level is only named.
fn reports<'a>(procedure: &Procedure<'_, 'a>, layer: Layer, standing: Standing) -> Vec<LayerReport<'a>> {
    let sets = procedure.sets(layer);
    if sets.is_empty() {
        return vec![LayerReport::new(layer, None, standing)];
    }
    let by_level = matches!(layer, Layer::ServiceControl | Layer::ResourceControl);
    let reports = sets.iter().enumerate().map(|(level, set)| {
        let mut report = LayerReport::new(layer, by_level.then_some(level), standing);
        report.target = set.target();
        report.collect(procedure, set);
        report
    });
    reports.collect()
}

impl<'a> LayerReport<'a> {
    fn new(layer: Layer, level: Option<usize>, standing: Standing) -> Self {
        Self {
            layer,
            level,
            target: None,
            standing,
            matched: Vec::new(),
            near: Vec::new(),
            missing_keys: BTreeMap::new(),
        }
    }

    /// Goes through all statements of a set.
    fn collect(&mut self, procedure: &Procedure<'_, 'a>, set: &'a PolicySet) {
        for (source, policy) in set.members() {
            let Ok(policy) = policy else {
                self.matched.push(Match { source, policy: None, statement: None });
                continue;
            };
            let mut candidates = Vec::new();
            for statement in policy.statements() {
                let reached = procedure.reach(self.layer, statement).is_some();
                let mismatches: Vec<_> = statement.mismatches(procedure.request).collect();
                if reached {
                    self.note_missing_keys(procedure.request, statement, &mismatches);
                }
                if reached && mismatches.is_empty() {
                    self.matched.push(Match { source, policy: Some(policy), statement: Some(statement) });
                } else if near::is_near(statement, reached, &mismatches, procedure.request) {
                    candidates.push((statement, reached, mismatches));
                }
            }
            self.near.extend(near::describe(procedure.request, source, policy, candidates));
        }
    }

    /// A key is missing where a statement about this action, and about this resource as far as is known, asks for it.
    fn note_missing_keys(&mut self, request: &Request<'_>, statement: &Statement, mismatches: &[Mismatch<'_>]) {
        let is_missing = |key: &&str| request.context.get(key).is_none();
        let about_this = mismatches.iter().all(|mismatch| match mismatch {
            Mismatch::Action => false,
            Mismatch::Resource => statement.resource_keys().any(|key| is_missing(&key)),
            Mismatch::Condition { .. } => true,
        });
        for key in statement.context_keys().filter(|key| about_this && is_missing(key)) {
            self.missing_keys.entry(key.to_ascii_lowercase()).or_insert_with(|| key.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Action, Context, Grammar, Principal, Source, SourceKind};
    use super::*;

    #[test]
    fn unmet_keys_are_those_of_statements_that_only_their_conditions_keep_from_allowing() {
        let text = r#"{"Statement": [
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"StringEquals": {"aws:userid": "x", "aws:SourceVpc": "v"}}},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"AWS:SourceVpc": "true"}}},
            {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*", "Condition": {"Null": {"aws:other-action": "false"}}},
            {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*", "Condition": {"Null": {"aws:other-resource": "false"}}},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"aws:deny": "false"}}}
        ]}"#;
        let source = Source { id: "p".into(), kind: SourceKind::None, arn: None };
        let policy = Policy::parse(text, Grammar::Identity).map(Arc::new).map_err(Arc::new);
        let identity = PolicySet::new([(source, policy)]);
        let layers = Layers { identity: Some(&identity), ..Layers::default() };
        let (action, account) = (Action::parse("s3:GetObject").unwrap(), "111122223333");
        let user = Principal::User { arn: "arn:aws:iam::111122223333:user/ann", id: "AIDAANN", account };
        let keys = |context: Context<'_>| {
            let request = Request::new(user, &action, "arn:aws:s3:::b/k", &context);
            unmet_keys(&request, &layers, Layer::Identity).into_iter().map(str::to_ascii_lowercase).collect::<Vec<_>>()
        };
        assert_eq!(keys(Context::new()), ["aws:sourcevpc", "aws:userid"]);
        let met = [("aws:userid".into(), "x".into()), ("aws:SourceVpc".into(), "v".into())];
        assert_eq!(keys(met.into_iter().collect()), ["aws:sourcevpc"], "the first statement allows it");
    }
}
