//! Conditions: an operator, a key and the values it is compared with.

mod operator;
mod values;

pub(crate) use operator::{Comparison, Operator, Quantifier, Relation, TextComparison};
pub(crate) use values::{Number, address, date, is_true, network};

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::Context;
use super::pattern::{Arn, ArnPattern, Pattern, Syntax, Variable};
use super::work::{Load, size};

/// One compiled condition: a key under an operator.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub operator: Operator,
    /// As written; compared ignoring case.
    pub key: Box<str>,
    test: Test,
    /// What it costs to compare a value.
    pub load: Load,
}

/// The policy's values, typed by the operator; the grammars have refused those that it cannot read.
#[derive(Clone, Debug)]
enum Test {
    Text(Box<[Pattern]>),
    TextIgnoringCase(Box<[Pattern]>),
    Number(Relation, Box<[Number]>),
    Date(Relation, Box<[DateTime<Utc>]>),
    Bool(Box<[bool]>),
    Binary(Box<[Box<str>]>),
    Ip(Box<[IpNet]>),
    Arn(Box<[ArnPattern]>),
    /// Whether the key must be absent.
    Null(Box<[bool]>),
}

impl Condition {
    /// Compiles a condition; `variables`: whether the document's version knows policy variables.
    pub(crate) fn new(operator: Operator, key: &str, values: &[&str], variables: bool) -> Self {
        let wildcards = operator.comparison == Comparison::Text(TextComparison::Like);
        let pattern = |text: &&str| Pattern::new(text, Syntax { wildcards, variables });
        let test = match operator.comparison {
            Comparison::Text(TextComparison::EqualsIgnoreCase) => {
                Test::TextIgnoringCase(values.iter().map(pattern).collect())
            }
            Comparison::Text(_) => Test::Text(values.iter().map(pattern).collect()),
            Comparison::Number(relation) => Test::Number(relation, read(values, Number::parse)),
            Comparison::Date(relation) => Test::Date(relation, read(values, date)),
            Comparison::Bool => Test::Bool(values.iter().map(|text| is_true(text)).collect()),
            Comparison::Binary => Test::Binary(values.iter().map(|text| Box::from(*text)).collect()),
            Comparison::Ip => Test::Ip(read(values, network)),
            Comparison::Arn => Test::Arn(values.iter().map(|text| ArnPattern::new(text, variables)).collect()),
            Comparison::Null => Test::Null(values.iter().map(|text| is_true(text)).collect()),
        };
        Self { operator, key: key.into(), load: test.load(), test }
    }

    /// Whether the context satisfies it.
    pub(crate) fn holds(&self, context: &Context<'_>) -> bool {
        let values = context.get(&self.key).map(super::context::Values::as_slice).unwrap_or_default();
        if let Test::Null(absent) = &self.test {
            return absent.contains(&values.is_empty());
        }
        let Operator { quantifier, negated, if_exists, .. } = self.operator;
        if values.is_empty() {
            return if_exists || quantifier.map_or(negated, |quantifier| quantifier == Quantifier::ForAllValues);
        }
        let compares = |value: &&str| self.test.compares(value, context);
        let mut values = values.iter().map(|value| &**value);
        match (quantifier, negated) {
            (None | Some(Quantifier::ForAnyValue), false) => values.any(|value| compares(&value)),
            (Some(Quantifier::ForAllValues), false) => values.all(|value| compares(&value)),
            (None | Some(Quantifier::ForAllValues), true) => !values.any(|value| compares(&value)),
            (Some(Quantifier::ForAnyValue), true) => !values.all(|value| compares(&value)),
        }
    }

    /// The variables its values name.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let patterns: &[Pattern] = match &self.test {
            Test::Text(patterns) | Test::TextIgnoringCase(patterns) => patterns,
            _ => &[],
        };
        let arns: &[ArnPattern] = if let Test::Arn(arns) = &self.test { arns } else { &[] };
        patterns.iter().chain(arns.iter().flat_map(ArnPattern::patterns)).flat_map(Pattern::variables)
    }
}

fn read<T>(values: &[&str], parse: impl Fn(&str) -> Option<T>) -> Box<[T]> {
    values.iter().filter_map(|text| parse(text)).collect()
}

impl Test {
    fn load(&self) -> Load {
        let simple = |once: u64, values: usize| Load::each(once + 3 * size(values));
        match self {
            Self::Text(patterns) => patterns.iter().map(Pattern::load).sum(),
            Self::TextIgnoringCase(patterns) => patterns.iter().map(Pattern::load_ignoring_case).sum(),
            Self::Number(_, numbers) => simple(100, numbers.len()),
            Self::Date(_, dates) => simple(2_000, dates.len()),
            Self::Bool(booleans) | Self::Null(booleans) => simple(10, booleans.len()),
            Self::Binary(texts) => simple(0, 3 * texts.len()),
            Self::Ip(networks) => simple(100, networks.len()),
            Self::Arn(patterns) => patterns.iter().map(ArnPattern::load).sum(),
        }
    }

    /// Whether a value of the request compares with any of the policy's.
    fn compares(&self, value: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Text(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::TextIgnoringCase(patterns) => {
                patterns.iter().any(|pattern| pattern.equals_ignoring_case(value, context))
            }
            Self::Number(relation, numbers) => Number::parse(value).is_some_and(|value| {
                let holds = |number: &Number| value.compare(*number).is_some_and(|ordering| relation.holds(ordering));
                numbers.iter().any(holds)
            }),
            Self::Date(relation, dates) => {
                date(value).is_some_and(|value| dates.iter().any(|date| relation.holds(value.cmp(date))))
            }
            Self::Bool(booleans) => booleans.contains(&is_true(value)),
            Self::Binary(texts) => texts.iter().any(|text| **text == *value),
            Self::Ip(networks) => {
                address(value).is_some_and(|value| networks.iter().any(|network| network.contains(&value)))
            }
            Self::Arn(patterns) => {
                let value = Arn::new(value);
                patterns.iter().any(|pattern| pattern.matches(&value, context))
            }
            Self::Null(_) => false,
        }
    }
}
