//! The condition keys of reads and writes of items.

use serde_json::{Map, Value};

use super::expression::{Placeholders, attributes, equalities};
use super::keys::{Touched, add_leading_keys};
use crate::ask::{Asking, Draft, Refusal};
use crate::view::text;

/// A read or write of items of one table.
pub(super) struct Item<'i> {
    /// The operation or, in a transaction, the one that the part stands for.
    pub operation: &'i str,
    /// What says what is read or written: the request, or the parts of a batch for the table.
    pub parts: &'i [&'i Value],
    /// `ReturnConsumedCapacity`, which batches and transactions have once.
    pub capacity: Option<&'i Value>,
}

/// Members whose text is an expression that names attributes.
const EXPRESSIONS: [&str; 5] =
    ["ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"];

/// Members that map attributes to something.
const MAPS: [&str; 7] = ["AttributeUpdates", "Expected", "Item", "Key", "KeyConditions", "QueryFilter", "ScanFilter"];

impl Item<'_> {
    /// Adds what the request says of attributes and items.
    pub fn add_keys(&self, asking: &Asking<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        let mut names = Vec::new();
        let mut touched = Touched::default();
        for part in self.parts {
            for request in requests(part) {
                add_attributes(request, &mut names)?;
                add_touched(request, &mut touched)?;
            }
        }
        let keys = &mut draft.question.keys;
        if !names.is_empty() {
            keys.push(("dynamodb:Attributes".to_owned(), names));
        }
        for (key, member) in
            [("dynamodb:ReturnValues", self.first("ReturnValues")), ("dynamodb:ReturnConsumedCapacity", self.capacity)]
        {
            if let Some(value) = member.and_then(text) {
                keys.push((key.to_owned(), vec![value]));
            }
        }
        if matches!(self.operation, "GetItem" | "BatchGetItem" | "Query" | "Scan") {
            keys.push(("dynamodb:Select".to_owned(), vec![self.select()]));
        }
        // A scan reads items of all keys, so it has no leading keys.
        if self.operation != "Scan" {
            add_leading_keys(asking, draft, &touched);
        }
        Ok(())
    }

    fn first(&self, member: &str) -> Option<&Value> {
        self.parts.iter().find_map(|part| part.get(member)).filter(|value| !value.is_null())
    }

    /// What is read of the items (API reference, Query: "Select").
    fn select(&self) -> String {
        let sent = self.first("Select").and_then(text);
        let is_projected = self.first("ProjectionExpression").or_else(|| self.first("AttributesToGet")).is_some();
        let default = match (is_projected, self.first("IndexName")) {
            (true, _) => "SPECIFIC_ATTRIBUTES",
            (false, Some(_)) => "ALL_PROJECTED_ATTRIBUTES",
            (false, None) => "ALL_ATTRIBUTES",
        };
        sent.unwrap_or_else(|| default.to_owned())
    }
}

/// The part itself, or the request within a part of `BatchWriteItem`.
fn requests(part: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let inner =
        ["PutRequest", "DeleteRequest"].into_iter().filter_map(|name| part.get(name)).filter_map(Value::as_object);
    part.as_object().into_iter().chain(inner)
}

fn placeholders(request: &Map<String, Value>) -> Placeholders<'_> {
    Placeholders { names: request.get("ExpressionAttributeNames"), values: request.get("ExpressionAttributeValues") }
}

fn add_attributes(request: &Map<String, Value>, names: &mut Vec<String>) -> Result<(), Refusal> {
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let maps = MAPS.iter().filter_map(|member| request.get(*member)).filter_map(Value::as_object);
    maps.flat_map(Map::keys).for_each(|name| add(name));
    let keys = request.get("Keys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    keys.flat_map(Map::keys).for_each(|name| add(name));
    for path in request.get("AttributesToGet").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        add(path);
    }
    for expression in EXPRESSIONS.iter().filter_map(|member| request.get(*member)).filter_map(Value::as_str) {
        attributes(expression, placeholders(request))?.iter().for_each(|name| add(name));
    }
    Ok(())
}

fn add_touched(request: &Map<String, Value>, touched: &mut Touched) -> Result<(), Refusal> {
    let whole = ["Key", "Item"].iter().filter_map(|member| request.get(*member)).filter_map(Value::as_object);
    let keys = request.get("Keys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    for item in whole.chain(keys) {
        touched.add(item.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    if let Some(expression) = request.get("KeyConditionExpression").and_then(Value::as_str) {
        touched.add(equalities(expression, placeholders(request))?);
    }
    if let Some(conditions) = request.get("KeyConditions").and_then(Value::as_object) {
        let equal = conditions.iter().filter_map(|(name, condition)| {
            let is_equal = condition.get("ComparisonOperator").and_then(Value::as_str) == Some("EQ");
            let value = condition.get("AttributeValueList")?.get(0)?;
            is_equal.then(|| (name.clone(), value.clone()))
        });
        touched.add(equal);
    }
    Ok(())
}
