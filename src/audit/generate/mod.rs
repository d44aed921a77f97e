//! Policies from what was seen: the smallest readable identity-based policy for calls that were allowed.
//!
//! It allows each of the calls, and none of their actions on a resource on which it was not called: the engine replays
//! all of that before anybody sees the policy.

mod conditions;
mod document;
mod group;
mod replay;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aws_reference::service_authorization;
use iam_policy::Values;

use document::documents;
use group::statements;

/// A call that was allowed: one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The action, `s3:GetObject`.
    pub action: String,
    /// The resource: an ARN, or `*`.
    pub resource: String,
    /// The condition keys that the request had values for.
    pub keys: Vec<(String, Values<'static>)>,
}

/// How the policy is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Several resources in one folder become the folder with `*`.
    pub generalise: bool,
}

/// Why there is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Nothing was seen.
    #[error("no call that was allowed is known of {0}")]
    Nothing(String),
    /// The principal is not a user or role, so no identity-based policy applies to it.
    #[error("{0} is not the ARN of a user or role")]
    Principal(String),
    /// The replay would take too long.
    #[error("the calls have {actions} actions on {resources} resources, too many for one policy; take a shorter time")]
    TooMany {
        /// How many actions.
        actions: usize,
        /// How many resources.
        resources: usize,
    },
    /// The policy does not do what it is for: a fault of the program.
    #[error("the policy would {0}")]
    Wrong(String),
}

/// The most pairs of an action and a resource that are replayed: a second or two.
const MAX_PAIRS: usize = 1_000_000;

/// What one action was called on.
#[derive(Clone, Debug, Default)]
struct Called {
    /// The resources; `*` alone where the action knows none, or was called on all.
    resources: BTreeSet<String>,
    /// The condition keys that had the same value in every call.
    constant: Option<BTreeMap<String, Values<'static>>>,
}

/// The policies for what a principal did: one, or several where one would be longer than a managed policy may be.
///
/// # Errors
/// See [`GenerateError`].
pub fn generate(principal: &str, calls: &[Seen], style: Style) -> Result<Vec<String>, GenerateError> {
    let called = by_action(calls);
    if called.is_empty() {
        return Err(GenerateError::Nothing(principal.to_owned()));
    }
    let resources: BTreeSet<&String> = called.values().flat_map(|called| &called.resources).collect();
    if called.len().saturating_mul(resources.len()) > MAX_PAIRS {
        return Err(GenerateError::TooMany { actions: called.len(), resources: resources.len() });
    }
    let documents = documents(statements(&called, style));
    replay::check(principal, calls, &called, &documents, style)?;
    Ok(documents)
}

/// What each action was called on.
fn by_action(calls: &[Seen]) -> BTreeMap<String, Called> {
    let mut by_action: BTreeMap<String, Called> = BTreeMap::new();
    for call in calls {
        let called = by_action.entry(call.action.clone()).or_default();
        called.resources.insert(call.resource.clone());
        let keys = conditions::of(&call.action, &call.keys);
        match &mut called.constant {
            Some(constant) => constant.retain(|key, values| keys.get(key) == Some(values)),
            None => called.constant = Some(keys),
        }
    }
    for (action, called) in &mut by_action {
        if called.resources.contains("*") || knows_no_resources(action) {
            called.resources = BTreeSet::from(["*".to_owned()]);
        }
    }
    by_action
}

/// Whether AWS lets nobody restrict the action to resources, so that `*` loses nothing.
fn knows_no_resources(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return false };
    let service = service_authorization::service(service);
    service.is_some_and(|service| service.action(name).is_some_and(|action| action.resources.is_empty()))
}
