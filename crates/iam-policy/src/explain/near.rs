//! Statements that match but for something, and what that is.

use crate::Principal;
use crate::document::written::{ConditionText, WrittenStatement};
use crate::policy::Policy;
use crate::request::Request;
use crate::set::Source;
use crate::statement::{Mismatch, Statement};

/// A statement that does not match the request, although it is about its action.
#[derive(Clone, Debug)]
pub struct NearMiss<'a> {
    /// Where the policy comes from.
    pub source: &'a Source,
    /// The statement.
    pub statement: &'a Statement,
    /// What does not match.
    pub failures: Vec<Failure>,
}

/// An element that does not match, with the values compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `Principal`, `NotPrincipal`, `Action`, `NotAction`, `Resource` or `NotResource`.
    Element {
        /// The element's name.
        element: &'static str,
        /// What it lists.
        listed: Vec<String>,
        /// What the request has.
        found: String,
    },
    /// A condition.
    Condition {
        /// The condition as written.
        condition: ConditionText,
        /// The request's values; `None` if the key is absent.
        found: Option<Vec<String>>,
    },
}

/// A statement is near if it is about the action, or about another of the same service and matches in all else.
pub(super) fn is_near(
    statement: &Statement,
    reached: bool,
    mismatches: &[Mismatch<'_>],
    request: &Request<'_>,
) -> bool {
    match mismatches {
        [Mismatch::Action] => {
            reached && !statement.not_action && statement.actions.names_service(request.action.service())
        }
        [Mismatch::Action, ..] => false,
        _ => true,
    }
}

/// Puts near misses of one policy into its own words.
pub(super) fn describe<'a>(
    request: &Request<'_>,
    source: &'a Source,
    policy: &'a Policy,
    candidates: Vec<(&'a Statement, bool, Vec<Mismatch<'_>>)>,
) -> Vec<NearMiss<'a>> {
    let written = if candidates.is_empty() { Vec::new() } else { policy.written() };
    let describe = |(statement, reached, mismatches): (&'a Statement, bool, Vec<Mismatch<'_>>)| {
        let written = written.get(statement.index)?;
        let principal = (!reached).then(|| principal_failure(written, &request.principal));
        let others = mismatches.iter().filter_map(|mismatch| failure(written, mismatch, request));
        Some(NearMiss { source, statement, failures: principal.into_iter().chain(others).collect() })
    };
    candidates.into_iter().filter_map(describe).collect()
}

fn principal_failure(written: &WrittenStatement, principal: &Principal<'_>) -> Failure {
    Failure::Element {
        element: if written.not_principal { "NotPrincipal" } else { "Principal" },
        listed: written.principals.iter().map(|(_, name)| name.clone()).collect(),
        found: principal.to_string(),
    }
}

fn failure(written: &WrittenStatement, mismatch: &Mismatch<'_>, request: &Request<'_>) -> Option<Failure> {
    let element = |negated, names: [&'static str; 2], listed: &[String], found: &str| Failure::Element {
        element: if negated { names[1] } else { names[0] },
        listed: listed.to_vec(),
        found: found.to_owned(),
    };
    Some(match mismatch {
        Mismatch::Action => {
            element(written.not_action, ["Action", "NotAction"], &written.actions, request.action.as_str())
        }
        Mismatch::Resource => {
            element(written.not_resource, ["Resource", "NotResource"], &written.resources, request.resource())
        }
        Mismatch::Condition { index, condition } => {
            let values = request.context.get(&condition.key);
            let found = values.map(|values| values.as_slice().iter().map(|value| value.to_string()).collect());
            Failure::Condition { condition: written.conditions.get(*index)?.clone(), found }
        }
    })
}
