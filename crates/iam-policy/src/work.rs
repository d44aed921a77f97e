//! What a decision can cost.
//!
//! Patterns and the values that they are compared with can both come from strangers, and together they cost the
//! product of their sizes. Each compiled element knows its [`Load`], so the work of a decision is known before it is
//! made. `cargo bench --bench hostile` compares the estimate with what hostile policies really take.

use std::iter::Sum;
use std::ops::Add;

use super::request::{Layers, Request};
use super::set::PolicySet;
use super::{Context, Policy};

/// The most work that `evaluate` and one simulation may take: about a second, and as much again for the explanation.
pub const MAX_WORK: u64 = 1_000_000_000;

/// What it takes to compare a value with all patterns of an element, in nanoseconds of a common server's core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// For each value.
    pub each: u64,
    /// For each byte of the values.
    pub byte: u64,
    /// How many variables are in patterns that are compiled when their values are known.
    pub variables: u64,
}

impl Load {
    /// A load that does not depend on the length of a value.
    pub(crate) fn each(each: u64) -> Self {
        Self { each, ..Self::default() }
    }

    fn cost(self, compared: Compared, variable: u64) -> u64 {
        let Compared { values, bytes, longest } = compared;
        // A variable longer than the value ends the comparison.
        let inserted = self.variables.saturating_mul(variable.min(longest));
        let compiled = inserted.saturating_mul(values.saturating_mul(20).saturating_add(bytes / 16));
        let plain = self.each.saturating_mul(values).saturating_add(self.byte.saturating_mul(bytes));
        plain.saturating_add(compiled)
    }
}

impl Add for Load {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            each: self.each.saturating_add(other.each),
            byte: self.byte.saturating_add(other.byte),
            variables: self.variables.saturating_add(other.variables),
        }
    }
}

impl Sum for Load {
    fn sum<I: Iterator<Item = Self>>(loads: I) -> Self {
        loads.fold(Self::default(), Self::add)
    }
}

/// The values that patterns are compared with.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    values: u64,
    bytes: u64,
    longest: u64,
}

impl Compared {
    fn new<'v>(values: impl Iterator<Item = &'v str>) -> Self {
        values.fold(Self::default(), |all, value| {
            let length = size(value.len());
            Self { values: all.values + 1, bytes: all.bytes + length, longest: all.longest.max(length) }
        })
    }

    fn of_key(context: &Context<'_>, key: &str) -> Self {
        let values = context.get(key).map(super::Values::as_slice).unwrap_or_default();
        Self::new(values.iter().map(|value| &**value))
    }

    /// At least as much as both.
    fn max(self, other: Self) -> Self {
        Self {
            values: self.values.max(other.values),
            bytes: self.bytes.max(other.bytes),
            longest: self.longest.max(other.longest),
        }
    }
}

/// What a decision costs at most, in nanoseconds of a common server's core: right within a factor of a few where the
/// policies are made to be slow, and far too high where most statements are not even looked at.
pub fn work(request: &Request<'_>, layers: &Layers<'_>) -> u64 {
    let variable = longest_variable(request.context);
    let policies = sets(layers).flat_map(PolicySet::policies);
    policies.fold(0, |all: u64, policy| all.saturating_add(work_of(policy, request, variable)))
}

/// Whether a decision certainly costs no more than `limit`. A few sums usually decide.
pub fn is_within(limit: u64, request: &Request<'_>, layers: &Layers<'_>) -> bool {
    let load: Load = sets(layers).map(PolicySet::load).sum();
    let texts = [request.resource.text, request.action.as_str()].map(|text| Compared::new(std::iter::once(text)));
    let keys = request.context.iter().map(|(_, values)| Compared::new(values.as_slice().iter().map(|value| &**value)));
    let widest = texts.into_iter().chain(keys).fold(Compared::default(), Compared::max);
    load.cost(widest, widest.longest) <= limit || work(request, layers) <= limit
}

fn work_of(policy: &Policy, request: &Request<'_>, variable: u64) -> u64 {
    let one = |text: &str| Compared::new(std::iter::once(text));
    let (action, resource) = (one(request.action.as_str()), one(request.resource.text));
    let statements = policy.statements().iter().map(|statement| {
        let elements = statement.actions.load.cost(action, variable);
        let resources = statement.resources.as_ref().map_or(0, |found| found.load.cost(resource, variable));
        let conditions = statement
            .conditions
            .iter()
            .map(|condition| condition.load.cost(Compared::of_key(request.context, &condition.key), variable));
        conditions.fold(elements.saturating_add(resources), u64::saturating_add)
    });
    statements.fold(0, u64::saturating_add)
}

fn longest_variable(context: &Context<'_>) -> u64 {
    let longest = context.iter().filter_map(|(key, _)| context.single(key)).map(str::len).max();
    size(longest.unwrap_or_default())
}

fn sets<'a>(layers: &Layers<'a>) -> impl Iterator<Item = &'a PolicySet> {
    let Layers { identity, boundary, session, delegation, resource, endpoint, .. } = *layers;
    let single = [identity, boundary, session, delegation, resource, endpoint];
    let levels = [layers.service_control, layers.resource_control];
    single.into_iter().flatten().chain(levels.into_iter().flatten().flatten())
}

/// A length as a number to reckon with.
pub(crate) fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Action, Grammar, Principal, Source, SourceKind};
    use super::*;

    fn set(values: &str) -> PolicySet {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {{"ForAnyValue:StringLike": {{"aws:TagKeys": [{values}]}}}}}}}}"#
        );
        let source = Source { id: "p".into(), kind: SourceKind::User, arn: None };
        PolicySet::new([(source, Ok(Arc::new(Policy::parse(&text, Grammar::Identity).unwrap())))])
    }

    fn work_with(values: &str, keys: usize) -> u64 {
        let keys: Vec<String> = (0..keys).map(|key| format!("{key:0>100}")).collect();
        let context = Context::new().with("aws:TagKeys", keys).with("aws:username", "ann");
        let action = Action::parse("sts:AssumeRole").unwrap();
        let request = Request::new(Principal::Anonymous, &action, "*", &context);
        work(&request, &Layers { identity: Some(&set(values)), ..Layers::default() })
    }

    #[test]
    fn work_is_the_product_of_patterns_and_values() {
        let one = r#""*a?b*""#;
        let hundred = vec![one; 100].join(",");
        let (few, many) = (work_with(one, 50), work_with(&hundred, 50));
        assert!(many > 50 * few && many < 100 * few, "{few} {many}");
        assert!(work_with(&hundred, 50) > 40 * work_with(&hundred, 1));
    }

    #[test]
    fn stars_and_question_marks_alone_cost_nothing_for_each_byte() {
        assert!(
            work_with(&format!(r#""{}""#, "*?".repeat(1000)), 1) < work_with(&vec![r#""*a?b*""#; 100].join(","), 1)
        );
    }

    #[test]
    fn long_patterns_and_variables_cost_more() {
        let long = format!(r#""*a?{}*""#, "b".repeat(80));
        assert!(work_with(&long, 50) > work_with(r#""*a?b*""#, 50));
        assert!(work_with(r#""*a?${aws:username}*""#, 50) > work_with(r#""*a?ann*""#, 50));
    }

    #[test]
    fn a_limit_is_kept_exactly_where_the_sums_do_not_decide() {
        let set = set(r#""*a?b*""#);
        let layers = Layers { identity: Some(&set), ..Layers::default() };
        // Nothing is compared with this long value.
        let context = Context::new().with("aws:UserAgent", "x".repeat(100_000));
        let action = Action::parse("sts:AssumeRole").unwrap();
        let request = Request::new(Principal::Anonymous, &action, "*", &context);
        let exact = work(&request, &layers);
        assert!(is_within(exact, &request, &layers) && !is_within(exact - 1, &request, &layers));
    }
}
