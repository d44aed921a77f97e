//! Why a request is allowed or denied: every layer's word, every statement that matched or nearly did.

mod near;
mod sentences;

pub use near::{Failure, NearMiss};

use std::collections::BTreeSet;

use super::decide::{Decision, LAYERS, Layer, Procedure, decide};
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
    /// The keys that statements about this action and resource ask for and the request does not have, as written.
    pub missing_keys: Vec<String>,
}

/// What one layer, or one level of it, says.
#[derive(Clone, Debug)]
pub struct LayerReport<'a> {
    /// The layer.
    pub layer: Layer,
    /// The level of an organization, from 0 for the root.
    pub level: Option<usize>,
    /// Whether and how it counts.
    pub standing: Standing,
    /// The statements that match, and policies that cannot be read.
    pub matched: Vec<Match<'a>>,
    /// The statements that match but for something.
    pub near: Vec<NearMiss<'a>>,
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

/// Decides a request and tells why.
pub fn explain<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Explanation<'a> {
    let procedure = Procedure::new(request, layers);
    let decision = decide(request, layers);
    let reach = procedure.reached(procedure.layers.resource).map(|(reach, _)| reach);
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
    let mut collector = Collector { procedure: &procedure, missing_keys: BTreeSet::new() };
    let reports = LAYERS.into_iter().filter(|layer| layer.is_given(layers)).flat_map(|layer| {
        let standing = match layer {
            _ if !layer.is_given(&procedure.layers) => Standing::Exempt,
            _ if required.contains(&layer) => Standing::Required,
            _ => Standing::DenyOnly,
        };
        collector.reports(layer, standing)
    });
    let layers = reports.collect();
    Explanation { decision, layers, denied_by, missing_keys: collector.missing_keys.into_iter().collect() }
}

/// Goes through all statements of all layers.
struct Collector<'p, 'r, 'a> {
    procedure: &'p Procedure<'r, 'a>,
    missing_keys: BTreeSet<String>,
}

impl<'a> Collector<'_, '_, 'a> {
    /// The reports of a layer: one, or one per level; what does not bind or has no level is only named.
    fn reports(&mut self, layer: Layer, standing: Standing) -> Vec<LayerReport<'a>> {
        let sets = self.procedure.sets(layer);
        if sets.is_empty() {
            return vec![LayerReport { layer, level: None, standing, matched: Vec::new(), near: Vec::new() }];
        }
        let by_level = matches!(layer, Layer::ServiceControl | Layer::ResourceControl);
        let reports = sets.iter().enumerate().map(|(level, set)| {
            let (matched, near) = self.evidence(set);
            LayerReport { layer, level: by_level.then_some(level), standing, matched, near }
        });
        reports.collect()
    }

    fn evidence(&mut self, set: &'a PolicySet) -> (Vec<Match<'a>>, Vec<NearMiss<'a>>) {
        let (mut matched, mut near) = (Vec::new(), Vec::new());
        for (source, policy) in set.members() {
            let Ok(policy) = policy else {
                matched.push(Match { source, policy: None, statement: None });
                continue;
            };
            let mut candidates = Vec::new();
            for statement in policy.statements() {
                let reached = self.procedure.reach(statement).is_some();
                let mismatches: Vec<_> = statement.mismatches(self.procedure.request).collect();
                if reached {
                    self.note_missing_keys(statement, &mismatches);
                }
                if reached && mismatches.is_empty() {
                    matched.push(Match { source, policy: Some(policy), statement: Some(statement) });
                } else if near::is_near(statement, reached, &mismatches, self.procedure.request) {
                    candidates.push((statement, reached, mismatches));
                }
            }
            near.extend(near::describe(self.procedure.request, source, policy, candidates));
        }
        (matched, near)
    }

    /// A key is missing where a statement about this action, and about this resource as far as one can tell, asks for it.
    fn note_missing_keys(&mut self, statement: &Statement, mismatches: &[Mismatch<'_>]) {
        let context = self.procedure.request.context;
        let about_this = !mismatches.iter().any(|mismatch| match mismatch {
            Mismatch::Action => true,
            Mismatch::Resource => statement.resource_keys().all(|key| context.get(key).is_some()),
            Mismatch::Condition { .. } => false,
        });
        if about_this {
            let missing = statement.context_keys().filter(|key| context.get(key).is_none());
            for key in missing {
                if !self.missing_keys.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                    self.missing_keys.insert(key.to_owned());
                }
            }
        }
    }
}
