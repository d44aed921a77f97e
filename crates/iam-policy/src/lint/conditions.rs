//! Conditions: do operator, key and values go together?

use std::collections::HashMap;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;

use super::reference::{ValueKind, global_key, global_keys};
use super::{Code, KeyType, Linter, closest, did_you_mean};
use crate::condition::{Comparison, Number, Operator, Quantifier, TextComparison, date, network};
use crate::context::ValueType;
use crate::document::json::{Member, Node, Value};

impl<'n> Linter<'_> {
    pub(super) fn conditions(&mut self, node: &'n Node<'n>) {
        let Value::Object(blocks) = &node.value else {
            let message = format!("Condition is an object, not {}", node.kind());
            return self.report(Code::DataTypeMismatch, node.start, message);
        };
        if blocks.is_empty() {
            self.report(Code::EmptyObjectCondition, node.start, "an empty Condition can be left out");
        }
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &'n Member<'n>) {
        let Some(operator) = Operator::parse(&block.key) else {
            return self.unknown_operator(block);
        };
        if operator.comparison == Comparison::Null && operator.quantifier.is_some() {
            self.report(Code::NullWithQualifier, block.key_start, "Null needs no ForAllValues or ForAnyValue");
        }
        let Value::Object(keys) = &block.value.value else {
            let message = format!("{} takes an object of keys and values", block.key);
            return self.report(Code::DataTypeMismatch, block.value.start, message);
        };
        if keys.is_empty() {
            self.report(Code::EmptyObjectCondition, block.value.start, "an operator without keys can be left out");
        }
        let mut seen = HashMap::new();
        for key in keys {
            if let Some(before) = seen.insert(key.key.to_ascii_lowercase(), &key.key) {
                let message = format!("{:?} and {before:?} are the same key", key.key);
                self.report(Code::DuplicateKeysWithDifferentCase, key.key_start, message);
            }
            let kind = self.key(key);
            let values = self.values(operator, &key.value);
            self.key_and_operator(operator, &block.key, key, kind);
            self.value_texts(operator, &block.key, key, &values);
            if operator.comparison == Comparison::Ip && key.key.eq_ignore_ascii_case("aws:SourceIp") {
                self.private_addresses(operator.negated, key, &values);
            }
        }
    }

    fn unknown_operator(&mut self, block: &Member<'_>) {
        let null = block.key.strip_suffix("IfExists").and_then(Operator::parse);
        if null.is_some_and(|operator| operator.comparison == Comparison::Null) {
            let message = "Null asks for the presence of a key, so IfExists means nothing";
            return self.report(Code::NullWithIfExists, block.key_start, message);
        }
        let hint = did_you_mean(&block.key, Operator::names());
        let message = format!("{:?} is not a condition operator{hint}", block.key);
        self.report(Code::InvalidConditionOperator, block.key_start, message);
    }

    /// What type the key has, if it is known; reports one that is not.
    fn key(&mut self, member: &Member<'_>) -> Option<KeyType> {
        let key = &*member.key;
        let Some((prefix, name)) = key.split_once(':').filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
        else {
            let message = format!("{key:?} is not of the form service:key");
            self.report(Code::InvalidConditionKeyFormat, member.key_start, message);
            return None;
        };
        if prefix.eq_ignore_ascii_case("aws") {
            let known = global_key(key);
            if known.is_none() {
                let message = format!("there is no global key {key:?}{}", did_you_mean(key, global_keys()));
                self.report(Code::InvalidGlobalConditionKey, member.key_start, message);
            }
            return known;
        }
        // A prefix with a dot or slash is an identity provider's.
        let service = self.service(prefix).filter(|_| !prefix.contains(['.', '/']))?;
        let known = service.condition_key(key);
        if known.is_none() {
            let keys = service.condition_keys.iter().map(|(key, _)| key.as_str());
            let hint = closest(key, keys).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            let message = format!("{prefix} has no condition key {name:?}{hint}");
            self.report(Code::InvalidServiceConditionKey, member.key_start, message);
        }
        known
    }

    /// The values with their places; numbers and booleans by their text.
    fn values(&mut self, operator: Operator, node: &'n Node<'n>) -> Vec<(usize, &'n str)> {
        let items = match &node.value {
            Value::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if items.is_empty() {
            let (code, message) = no_values(operator);
            self.report(code, node.start, message);
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Value::String(text) => values.push((item.start, &**text)),
                Value::Number(text) => values.push((item.start, *text)),
                Value::Bool(true) => values.push((item.start, "true")),
                Value::Bool(false) => values.push((item.start, "false")),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    let message = format!("a value is a string, a number or a boolean, not {}", item.kind());
                    self.report(Code::DataTypeMismatch, item.start, message);
                }
            }
        }
        values
    }

    fn key_and_operator(&mut self, operator: Operator, name: &str, member: &Member<'_>, kind: Option<KeyType>) {
        let Some(KeyType { values, multivalued }) = kind else { return };
        let (key, at) = (&member.key, member.key_start);
        if !fits(operator.comparison, values) {
            let message = format!("{key} is {}, which {name} does not compare", noun(values));
            self.report(Code::TypeMismatch, at, message);
        }
        if operator.comparison == Comparison::Null {
            return;
        }
        if multivalued && operator.quantifier.is_none() {
            let message = format!("{key} has several values; say ForAllValues: or ForAnyValue: before {name}");
            self.report(Code::MissingQualifier, at, message);
        }
        if !multivalued && operator.quantifier == Some(Quantifier::ForAllValues) {
            let message = format!("{key} has one value; ForAllValues: is true also where it is absent");
            self.report(Code::ForAllValuesWithSingleValuedKey, at, message);
        }
        if values == ValueKind::Arn && operator.comparison == Comparison::Text(TextComparison::Like) {
            let message = format!("{key} is an ARN; in ArnLike, unlike in {name}, a * does not reach across colons");
            self.report(Code::StringLikeOperatorWithArnConditionKeys, at, message);
        }
    }

    fn value_texts(&mut self, operator: Operator, name: &str, member: &Member<'_>, values: &[(usize, &str)]) {
        if operator.comparison == Comparison::Bool && values.len() > 1 {
            let message = format!("{name} with several values says nothing, for one of them always is the case");
            self.report(Code::InvalidConditionMultipleBoolean, member.value.start, message);
        }
        if matches!(operator.comparison, Comparison::Number(_)) && values.len() > 1 && !operator.negated {
            let message = "of several numbers one decides; give that one";
            self.report(Code::RedundantConditionValueNum, member.value.start, message);
        }
        for (at, value) in values {
            self.value(operator, name, *at, value);
        }
    }

    fn value(&mut self, operator: Operator, name: &str, at: usize, value: &str) {
        let text = matches!(operator.comparison, Comparison::Text(_) | Comparison::Arn);
        if !text && value.contains("${") {
            let message = format!("{name} knows no policy variables; string and ARN operators do");
            return self.report(Code::InvalidVariableForOperator, at, message);
        }
        if text {
            self.variables(at, value);
        }
        let mismatch = match operator.comparison {
            Comparison::Number(_) if Number::parse(value).is_none() => Some((Code::TypeMismatchNumber, "a number")),
            Comparison::Date(_) if date(value).is_none() => Some((Code::TypeMismatchDate, "a date")),
            Comparison::Binary if STANDARD.decode(value).is_err() => Some((Code::TypeMismatchString, "base64")),
            Comparison::Bool | Comparison::Null if !ValueType::Bool.accepts(value) => {
                Some((Code::TypeMismatchBoolean, "true or false"))
            }
            Comparison::Ip if network(value).is_none() => Some((Code::TypeMismatchIpRange, "a range of IP addresses")),
            _ => None,
        };
        if let Some((code, wanted)) = mismatch {
            return self.report(code, at, format!("{value:?} is not {wanted}"));
        }
        if matches!(operator.comparison, Comparison::Date(_)) && value.parse::<i64>().is_ok() {
            let message = format!("{value} counts seconds since 1970; write the date, as 2026-01-31T12:00:00Z");
            self.report(Code::InvalidDateValue, at, message);
        }
        if operator.comparison == Comparison::Text(TextComparison::Equals) && has_wildcard(value) {
            let like = name.replace("Equals", "Like");
            let message = format!("in {name} a * or ? is an ordinary character; {like} knows wildcards");
            self.report(Code::WildcardWithoutLikeOperator, at, message);
        }
        if operator.comparison == Comparison::Ip
            && let Some(network) = network(value).filter(|network| network.addr() != network.network())
        {
            self.report(Code::ImproveIpRange, at, format!("{value} means {}; write that", network.trunc()));
        }
    }

    /// Private ranges of `aws:SourceIp`, which is the public address: alone they are an error, beside others of no use.
    fn private_addresses(&mut self, negated: bool, member: &Member<'_>, values: &[(usize, &str)]) {
        let private: Vec<_> = values.iter().filter(|(_, value)| network(value).is_some_and(is_private)).collect();
        if !private.is_empty() && private.len() == values.len() {
            let (code, effect) = match negated {
                false => (Code::PrivateIpAddress, "never holds"),
                true => (Code::PrivateNotIpAddress, "always holds"),
            };
            let message =
                format!("aws:SourceIp is a public address, so this {effect}; aws:VpcSourceIp is a private one");
            return self.report(code, member.value.start, message);
        }
        let code = if negated { Code::PrivateNotIpAddressSubset } else { Code::PrivateIpAddressSubset };
        for (at, value) in private {
            let message =
                format!("{value} is private, and aws:SourceIp a public address; aws:VpcSourceIp is a private one");
            self.report(code, *at, message);
        }
    }
}

/// Whether a range holds private addresses only (RFC 1918, RFC 4193).
fn is_private(network: IpNet) -> bool {
    match (network.network(), network.broadcast()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => first.is_private() && last.is_private(),
        (IpAddr::V6(first), IpAddr::V6(last)) => first.is_unique_local() && last.is_unique_local(),
        _ => false,
    }
}

/// What a condition without values means, by its operator.
fn no_values(operator: Operator) -> (Code, &'static str) {
    let only_absent = "without values, the condition holds only where the key is absent; Null says that";
    match operator {
        Operator { quantifier: Some(Quantifier::ForAllValues), .. } => {
            (Code::EmptyArrayConditionForAllValues, only_absent)
        }
        Operator { if_exists: true, .. } => (Code::EmptyArrayConditionIfExists, only_absent),
        Operator { quantifier: Some(Quantifier::ForAnyValue), .. } => {
            (Code::EmptyArrayConditionForAnyValue, "without values, the condition never holds")
        }
        _ => (Code::EmptyArrayCondition, "without values, the condition never matches"),
    }
}

/// Wildcards outside of policy variables.
fn has_wildcard(value: &str) -> bool {
    let mut inside = false;
    value.chars().any(|character| {
        match character {
            '{' => inside = true,
            '}' => inside = false,
            _ => {}
        }
        !inside && matches!(character, '*' | '?')
    })
}

/// Whether an operator can compare values of a kind. All are text in the end.
fn fits(comparison: Comparison, kind: ValueKind) -> bool {
    match comparison {
        Comparison::Text(_) => !matches!(kind, ValueKind::Ip | ValueKind::Date | ValueKind::Number),
        Comparison::Number(_) => matches!(kind, ValueKind::Number | ValueKind::Date),
        Comparison::Date(_) => kind == ValueKind::Date,
        Comparison::Bool => kind == ValueKind::Bool,
        Comparison::Binary => kind == ValueKind::Text,
        Comparison::Ip => kind == ValueKind::Ip,
        Comparison::Arn => kind == ValueKind::Arn,
        Comparison::Null => true,
    }
}

fn noun(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Arn => "an ARN",
        ValueKind::Bool => "a boolean",
        ValueKind::Date => "a date",
        ValueKind::Ip => "an IP address",
        ValueKind::Number => "a number",
        ValueKind::Text => "text",
    }
}
