//! Decisions as the event of their call has them: what was decided, by which statement, and by which values.

use std::sync::{Mutex, MutexGuard, PoisonError};

use iam_policy::{Context, Decision, Grant, Layer, Layers, Match, Request};

use super::authorize::QUICK;
use crate::audit::{Asked, DecisionEffect, EventDecision};

/// The most condition keys that are kept.
const MAX_KEYS: usize = 64;

/// The most values of a condition key that are kept, and the most characters of one.
const MAX_VALUES: usize = 20;
const MAX_VALUE: usize = 256;

/// The decisions of a call, gathered for its event.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<Vec<EventDecision>>);

impl Decisions {
    /// Adds a decision.
    pub fn add(&self, decision: EventDecision) {
        self.lock().push(decision);
    }

    /// Forgets what was decided, which will be decided again.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Takes all of them, the first one first.
    pub fn take(&self) -> Vec<EventDecision> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<EventDecision>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The decision on a request, as events keep it. `lost`: the role of the session is gone, and so are its policies.
pub(super) fn decided(
    decision: &Decision<'_>,
    lost: bool,
    request: &Request<'_>,
    layers: &Layers<'_>,
    context: &Context<'_>,
) -> EventDecision {
    let (layer, because, by) = match decision {
        Decision::Allow { by: Grant::Statement { by, layer } } | Decision::ExplicitDeny { by, layer } => {
            (Some(*layer), None, Some(by))
        }
        Decision::Allow { by: Grant::Root } => (None, Some("the root user needs no permission"), None),
        Decision::Allow { by: Grant::AccountSetting } => (None, Some("the account's password policy allows it"), None),
        Decision::Allow { by: Grant::Free } => (None, Some("no permission is needed"), None),
        Decision::ImplicitDeny { missing } => (Some(*missing), lost.then_some("the role of the session is gone"), None),
    };
    let statement = by.and_then(|by| by.statement);
    let keys: Vec<&str> = match decision {
        // What no statement allows may have failed by the conditions of some. It is not worth more than the decision.
        Decision::ImplicitDeny { missing } if !lost && iam_policy::is_within(QUICK, request, layers) => {
            iam_policy::unmet_keys(request, layers, *missing)
        }
        _ => statement.map(iam_policy::Statement::context_keys).into_iter().flatten().collect(),
    };
    EventDecision {
        asked: Asked { action: request.action().as_str().to_owned(), resource: request.resource().to_owned() },
        effect: effect(decision),
        layer: layer.map(|layer| Layer::word(layer).into()),
        because: because.map(Into::into),
        policy: by.map(policy),
        statement: statement.map(iam_policy::Statement::title),
        keys: keys.into_iter().take(MAX_KEYS).map(|key| (key.to_owned(), values(context, key))).collect(),
    }
}

/// What was decided.
pub(super) fn effect(decision: &Decision<'_>) -> DecisionEffect {
    match decision {
        Decision::Allow { .. } => DecisionEffect::Allow,
        Decision::ExplicitDeny { .. } => DecisionEffect::ExplicitDeny,
        Decision::ImplicitDeny { .. } => DecisionEffect::ImplicitDeny,
    }
}

fn policy(by: &Match<'_>) -> String {
    by.source.arn.as_ref().unwrap_or(&by.source.id).to_string()
}

fn values(context: &Context<'_>, key: &str) -> Vec<String> {
    let values = context.get(key).map(|values| values.as_slice()).unwrap_or_default();
    values.iter().take(MAX_VALUES).map(|value| value.chars().take(MAX_VALUE).collect()).collect()
}
