//! The condition keys that a simulation is given.

use super::simulated_policies::invalid;
use crate::error::Result;
use crate::policy::{ValueType, Values};
use crate::shapes::{ContextEntry, ContextKeyType};

/// The keys with their values, as given. Entries without values say nothing.
///
/// # Errors
/// `InvalidInput` for an entry without a name, for values that are not of its type, and for several of a type that is
/// no list.
pub fn entries(entries: &[ContextEntry]) -> Result<Vec<(String, Values<'static>)>> {
    entries.iter().map(entry).filter_map(Result::transpose).collect()
}

fn entry(entry: &ContextEntry) -> Result<Option<(String, Values<'static>)>> {
    let key = entry.context_key_name.as_deref().ok_or_else(|| invalid("Invalid Context Entry: it has no name."))?;
    if !key.contains(':') {
        return Err(invalid(format!("Invalid Context Entry: {key} has no service prefix.")));
    }
    let values = entry.context_key_values.as_deref().unwrap_or_default();
    let Some(kind) = entry.context_key_type else {
        return Ok(match values {
            [] => None,
            [value] => Some((key.to_owned(), value.clone().into())),
            values => Some((key.to_owned(), values.to_vec().into())),
        });
    };
    let value_type = value_type(kind);
    if let Some(wrong) = values.iter().find(|value| !value_type.accepts(value)) {
        return Err(invalid(format!("Invalid Context Entry: {wrong} is not a valid {} value of {key}.", word(kind))));
    }
    Ok(match values {
        [] => None,
        values if kind.is_list() => Some((key.to_owned(), values.to_vec().into())),
        [value] => Some((key.to_owned(), value.clone().into())),
        _ => {
            let word = word(kind);
            let message = format!("Invalid Context Entry: {key} has several values; its type must be {word}List.");
            return Err(invalid(message));
        }
    })
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

    fn read(kind: Option<ContextKeyType>, values: &[&str]) -> Result<Vec<(String, Values<'static>)>> {
        entries(&[ContextEntry {
            context_key_name: Some(ContextKeyName::new("aws:Key")),
            context_key_values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            context_key_type: kind,
        }])
    }

    #[test]
    fn the_type_tells_one_value_from_a_list() {
        let one = |kind| read(kind, &["1"]).unwrap().pop().unwrap().1;
        assert_eq!(one(None), Values::from("1"));
        assert_eq!(one(Some(ContextKeyType::Numeric)), Values::from("1"));
        assert_eq!(one(Some(ContextKeyType::NumericList)), Values::from(vec!["1"]));
        assert_eq!(read(None, &["1", "2"]).unwrap().pop().unwrap().1, Values::from(vec!["1", "2"]));
        assert!(read(Some(ContextKeyType::StringList), &[]).unwrap().is_empty());
    }

    #[test]
    fn wrong_values_are_refused() {
        let refused = |kind, values: &[&str]| read(Some(kind), values).unwrap_err().to_string();
        let wrong = "InvalidInput: Invalid Context Entry: x is not a valid numeric value of aws:Key.";
        assert_eq!(refused(ContextKeyType::NumericList, &["1", "x"]), wrong);
        let several = "InvalidInput: Invalid Context Entry: aws:Key has several values; its type must be ipList.";
        assert_eq!(refused(ContextKeyType::Ip, &["192.0.2.1", "192.0.2.2"]), several);
    }
}
