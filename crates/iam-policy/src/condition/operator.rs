//! The condition operators: `ForAllValues:StringLikeIfExists` is a quantifier, a comparison and a suffix.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::values::{Number, date, network};

/// An operator as a condition block names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub quantifier: Option<Quantifier>,
    pub comparison: Comparison,
    /// `Not…`: true where no value compares.
    pub negated: bool,
    pub if_exists: bool,
}

/// The prefix for multivalued keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

/// How one value of the request is compared with one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Text(TextComparison),
    Number(Relation),
    Date(Relation),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

impl Comparison {
    /// Whether a value of a policy can be compared so. `Bool` and `Null` take any text but `true` for false, as AWS
    /// does.
    pub(crate) fn reads(self, value: &str) -> bool {
        match self {
            Self::Text(_) | Self::Bool | Self::Null => true,
            Self::Number(_) => Number::parse(value).is_some(),
            Self::Date(_) => date(value).is_some(),
            Self::Binary => STANDARD.decode(value).is_ok(),
            Self::Ip => network(value).is_some(),
            // A wildcard or a variable may be for the scheme.
            Self::Arn => matches!(value.split(':').next(), Some("arn")) || value.starts_with(['*', '?', '$']),
        }
    }

    /// What a value is that cannot be read.
    pub(crate) fn unread(self) -> &'static str {
        match self {
            Self::Number(_) => "not a number",
            Self::Date(_) => "not a date",
            Self::Binary => "not base64",
            Self::Ip => "not a network in CIDR notation",
            Self::Arn => "not an ARN",
            Self::Text(_) | Self::Bool | Self::Null => "not a value",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextComparison {
    Equals,
    EqualsIgnoreCase,
    Like,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equals,
    Less,
    LessEquals,
    Greater,
    GreaterEquals,
}

impl Relation {
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessEquals => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterEquals => ordering.is_ge(),
        }
    }
}

/// Name, comparison, negated (AWS: "IAM JSON policy elements: Condition operators").
const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::Text(TextComparison::Equals), false),
    ("StringNotEquals", Comparison::Text(TextComparison::Equals), true),
    ("StringEqualsIgnoreCase", Comparison::Text(TextComparison::EqualsIgnoreCase), false),
    ("StringNotEqualsIgnoreCase", Comparison::Text(TextComparison::EqualsIgnoreCase), true),
    ("StringLike", Comparison::Text(TextComparison::Like), false),
    ("StringNotLike", Comparison::Text(TextComparison::Like), true),
    ("NumericEquals", Comparison::Number(Relation::Equals), false),
    ("NumericNotEquals", Comparison::Number(Relation::Equals), true),
    ("NumericLessThan", Comparison::Number(Relation::Less), false),
    ("NumericLessThanEquals", Comparison::Number(Relation::LessEquals), false),
    ("NumericGreaterThan", Comparison::Number(Relation::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Number(Relation::GreaterEquals), false),
    ("DateEquals", Comparison::Date(Relation::Equals), false),
    ("DateNotEquals", Comparison::Date(Relation::Equals), true),
    ("DateLessThan", Comparison::Date(Relation::Less), false),
    ("DateLessThanEquals", Comparison::Date(Relation::LessEquals), false),
    ("DateGreaterThan", Comparison::Date(Relation::Greater), false),
    ("DateGreaterThanEquals", Comparison::Date(Relation::GreaterEquals), false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::Ip, false),
    ("NotIpAddress", Comparison::Ip, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotLike", Comparison::Arn, true),
    ("Null", Comparison::Null, false),
];

impl Operator {
    /// The names without quantifier and suffix.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, ..)| *name)
    }

    /// Reads a name, exact in its case. `Null` asks for presence itself, so it takes no `IfExists`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let prefixed = |prefix, quantifier| name.strip_prefix(prefix).map(|rest| (Some(quantifier), rest));
        let (quantifier, name) = prefixed("ForAllValues:", Quantifier::ForAllValues)
            .or_else(|| prefixed("ForAnyValue:", Quantifier::ForAnyValue))
            .unwrap_or((None, name));
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let (_, comparison, negated) = *OPERATORS.iter().find(|(known, ..)| *known == name)?;
        let refused = comparison == Comparison::Null && if_exists;
        (!refused).then_some(Self { quantifier, comparison, negated, if_exists })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let operator = Operator::parse("ForAllValues:StringNotLikeIfExists").unwrap();
        assert_eq!(operator.quantifier, Some(Quantifier::ForAllValues));
        assert_eq!(operator.comparison, Comparison::Text(TextComparison::Like));
        assert!(operator.negated && operator.if_exists);
        assert!(OPERATORS.iter().all(|(name, ..)| Operator::parse(name).is_some()));
        for name in
            ["stringEquals", "NullIfExists", "forAllValues:Bool", "ForAnyValue:ForAllValues:Bool", "", "IfExists"]
        {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
