//! The condition keys that a simulation is given.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use crate::error::Result;
use crate::services::iam::simulation::simulated_policies::invalid;
use crate::shapes::{ContextEntry, ContextKeyType};
use iam_policy::{ValueType, Values};

/// The keys with their values.
///
/// # Errors
/// `InvalidInput` for an entry without a name, a type or values, for values that are not of its type, for several of a
/// type that is no list, and for a key that comes twice.
pub fn entries(entries: &[ContextEntry]) -> Result<Vec<(Cow<'_, str>, Values<'_>)>> {
    let mut seen = HashSet::new();
    let new = |entry| {
        let (key, values) = self::entry(entry)?;
        if !seen.insert(key.to_ascii_lowercase()) {
            return Err(invalid(format!("Duplicate context key: {key}.")));
        }
        Ok((key.into(), values))
    };
    entries.iter().map(new).collect()
}

fn entry(entry: &ContextEntry) -> Result<(&str, Values<'_>)> {
    let key = entry.context_key_name.as_deref().ok_or_else(|| invalid("ContextKeyName cannot be null or empty."))?;
    let kind = entry.context_key_type.ok_or_else(|| invalid(format!("Context key {key} has invalid type null.")))?;
    let values = entry.context_key_values.as_deref().unwrap_or_default();
    if values.is_empty() {
        return Err(invalid(format!("Context values for context key {key} cannot be null or empty.")));
    }
    let value_type = value_type(kind);
    if let Some(expected) = values.iter().find_map(|value| expected(value_type, value)) {
        return Err(invalid(format!("Invalid context value for key {key}: expected {expected}.")));
    }
    let mut read = values.iter().map(|value| read(value_type, value));
    if kind.is_list() {
        return Ok((key, read.collect::<Vec<_>>().into()));
    }
    match (read.next(), values.len()) {
        (Some(value), 1) => Ok((key, value.into())),
        (_, count) => {
            let word = word(kind);
            Err(invalid(format!("Context key {word} expected a single value, but received {count}.")))
        }
    }
}

/// What AWS expects of a type, if a value is not that.
fn expected(value_type: ValueType, value: &str) -> Option<&'static str> {
    match value_type {
        ValueType::Number if !value_type.accepts(value) => Some("numeric format"),
        ValueType::Date if !value_type.accepts(value) => Some("DateTime format"),
        ValueType::Binary if !value_type.accepts(value) => Some("base-64 encoded binary format"),
        ValueType::Ip if value.parse::<IpAddr>().is_err() => Some("IP address"),
        _ => None,
    }
}

/// A value as conditions see it. Seen in AWS: what is not `true` is false.
fn read(value_type: ValueType, value: &str) -> Cow<'_, str> {
    match value_type {
        ValueType::Bool if value.eq_ignore_ascii_case("true") => "true".into(),
        ValueType::Bool => "false".into(),
        _ => value.into(),
    }
}

fn value_type(kind: ContextKeyType) -> ValueType {
    match kind {
        ContextKeyType::String | ContextKeyType::StringList => ValueType::Text,
        ContextKeyType::Numeric | ContextKeyType::NumericList => ValueType::Number,
        ContextKeyType::Boolean | ContextKeyType::BooleanList => ValueType::Bool,
        ContextKeyType::Ip | ContextKeyType::IpList => ValueType::Ip,
        ContextKeyType::Binary | ContextKeyType::BinaryList => ValueType::Binary,
        ContextKeyType::Date | ContextKeyType::DateList => ValueType::Date,
    }
}

/// AWS's word for the type of one value.
fn word(kind: ContextKeyType) -> &'static str {
    match value_type(kind) {
        ValueType::Text => "string",
        ValueType::Number => "numeric",
        ValueType::Bool => "boolean",
        ValueType::Ip => "ip",
        ValueType::Binary => "binary",
        ValueType::Date => "date",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::ContextKeyName;

    fn entry(name: &'static str, kind: Option<ContextKeyType>, values: &[&str]) -> ContextEntry {
        ContextEntry {
            context_key_name: Some(ContextKeyName::new(name)).filter(|name| !name.is_empty()),
            context_key_values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            context_key_type: kind,
        }
    }

    #[test]
    fn the_type_distinguishes_one_value_from_a_list() {
        let read = |kind, value| {
            let given = [entry("abcde", Some(kind), &[value])];
            entries(&given).unwrap().pop().unwrap().1.as_slice().concat()
        };
        let given = [entry("abcde", Some(ContextKeyType::NumericList), &["1"])];
        assert_eq!(entries(&given).unwrap(), [("abcde".into(), Values::from(vec!["1"]))]);
        for value in ["1", "+1", "01.00", "1e2", "1e9999"] {
            assert_eq!(read(ContextKeyType::Numeric, value), value);
        }
        for (value, expected) in [("TRUE", "true"), ("yes", "false"), ("1", "false"), ("", "false")] {
            assert_eq!(read(ContextKeyType::Boolean, value), expected);
        }
        assert_eq!(read(ContextKeyType::Binary, ""), "");
    }

    #[test]
    fn wrong_entries_are_refused() {
        use ContextKeyType::{Binary, Date, Ip, Numeric, NumericList, String};
        let wrong = |expected| format!("Invalid context value for key aws:Key: expected {expected}.");
        let several = "Context key string expected a single value, but received 2.";
        let cases = [
            ("", Some(String), &["a"][..], "ContextKeyName cannot be null or empty."),
            ("aws:Key", None, &["a"], "Context key aws:Key has invalid type null."),
            ("aws:Key", Some(String), &[], "Context values for context key aws:Key cannot be null or empty."),
            ("aws:Key", Some(String), &["a", "b"], several),
            ("aws:Key", Some(Numeric), &["0x10"], &wrong("numeric format")),
            ("aws:Key", Some(Numeric), &[" 1 "], &wrong("numeric format")),
            ("aws:Key", Some(NumericList), &["1", "Infinity"], &wrong("numeric format")),
            ("aws:Key", Some(Date), &["tomorrow"], &wrong("DateTime format")),
            ("aws:Key", Some(Ip), &["192.0.2.0/24"], &wrong("IP address")),
            ("aws:Key", Some(Binary), &["YR=="], &wrong("base-64 encoded binary format")),
        ];
        for (name, kind, values, message) in cases {
            let refused = entries(&[entry(name, kind, values)]).unwrap_err().to_string();
            assert_eq!(refused, format!("InvalidInput: {message}"));
        }
        let twice = [entry("aws:Key", Some(String), &["a"]), entry("AWS:KEY", Some(String), &["b"])];
        assert_eq!(entries(&twice).unwrap_err().to_string(), "InvalidInput: Duplicate context key: AWS:KEY.");
    }
}
