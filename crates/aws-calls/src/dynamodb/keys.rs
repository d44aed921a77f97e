//! The values of partition keys: `dynamodb:LeadingKeys` and its forms for keys of several attributes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ask::{Asking, Draft};
use crate::needs::{Fact, Need};
use crate::view::text;

/// What a call says of the items that it touches: for each, attributes with their values. The partition key is among them.
#[derive(Debug, Default)]
pub(super) struct Touched(Vec<BTreeMap<String, Value>>);

/// The condition keys for the first to the fourth attribute of a partition key. `LeadingKeys` is the first.
const PLACES: [&str; 4] = [
    "dynamodb:FirstPartitionKeyValues",
    "dynamodb:SecondPartitionKeyValues",
    "dynamodb:ThirdPartitionKeyValues",
    "dynamodb:FourthPartitionKeyValues",
];

impl Touched {
    /// Adds an item by attributes of it.
    pub fn add(&mut self, attributes: impl IntoIterator<Item = (String, Value)>) {
        self.0.push(attributes.into_iter().collect());
    }

    /// The values of an attribute, each once.
    fn values(&self, attribute: &str) -> Vec<String> {
        let mut values = Vec::new();
        for value in self.0.iter().filter_map(|item| item.get(attribute)).filter_map(scalar) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The values of all attributes, each once.
    fn all_values(&self) -> Vec<String> {
        let mut values = Vec::new();
        for value in self.0.iter().flat_map(BTreeMap::values).filter_map(scalar) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }
}

/// The text of a key's value: `{"S": "alice"}`.
fn scalar(value: &Value) -> Option<String> {
    let (kind, value) = value.as_object()?.iter().next()?;
    if matches!(kind.as_str(), "S" | "N" | "B") { text(value) } else { None }
}

/// Adds the values of the partition key of all items that the call touches.
///
/// Which attribute that is, the upstream has to say. Until it does, all values are given. A policy compares with "all of
/// them", which an absent key and one without values fulfil: where no value is known, it is given as empty.
pub(super) fn add_leading_keys(asking: &Asking<'_>, draft: &mut Draft, touched: &Touched) {
    let (table, index) = match draft.question.resource.split_once("/index/") {
        Some((table, index)) => (table.to_owned(), Some(index.to_owned())),
        None => (draft.question.resource.clone(), None),
    };
    let or_empty = |values: Vec<String>| if values.is_empty() { vec![String::new()] } else { values };
    let need = Need::KeySchema { table, index };
    let keys = &mut draft.question.keys;
    match asking.facts.get(&need) {
        Some(Fact::Texts(names)) if !names.is_empty() => {
            for (place, name) in PLACES.iter().zip(names) {
                keys.push(((*place).to_owned(), or_empty(touched.values(name))));
            }
            let first = names.first().map(|name| touched.values(name)).unwrap_or_default();
            keys.push(("dynamodb:LeadingKeys".to_owned(), or_empty(first)));
        }
        known => {
            keys.push(("dynamodb:LeadingKeys".to_owned(), or_empty(touched.all_values())));
            if known.is_none() && !draft.needs.contains(&need) {
                draft.needs.push(need);
            }
        }
    }
}
