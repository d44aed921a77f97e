//! DynamoDB: which items and attributes a call touches, and the permissions of transactions and PartiQL statements.

mod expression;
mod item;
mod keys;
mod partiql;
mod statement;

use serde_json::{Map, Value};

use crate::ask::{Asking, Draft, Refusal};
use crate::input::Unreadable;
use crate::rules::{Demand, Expression, Resource};
use crate::view::Element;
use item::Item;

/// The members that single reads and writes of items have in common with the parts of transactions.
const MEMBERS: [&str; 24] = [
    "AttributeUpdates",
    "AttributesToGet",
    "ConditionExpression",
    "Expected",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "FilterExpression",
    "IndexName",
    "Item",
    "Key",
    "KeyConditionExpression",
    "KeyConditions",
    "Keys",
    "ProjectionExpression",
    "QueryFilter",
    "RequestItems",
    "ReturnConsumedCapacity",
    "ReturnValues",
    "ScanFilter",
    "Select",
    "TableName",
    "TransactItems",
    "UpdateExpression",
    "ReturnValuesOnConditionCheckFailure",
];

/// Adds the condition keys of a read or write of items, of one table or of each table of a batch.
pub(crate) fn add_item_keys(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let request = members(asking)?;
    let capacity = request.get("ReturnConsumedCapacity");
    match request.get("RequestItems") {
        Some(Value::Object(tables)) => {
            for (draft, part) in drafts.iter_mut().zip(tables.values().filter(|part| !part.is_null())) {
                let parts: Vec<&Value> = part.as_array().map_or_else(|| vec![part], |writes| writes.iter().collect());
                Item { operation: asking.operation, parts: &parts, capacity }.add_keys(asking, draft)?;
            }
        }
        _ => {
            let request = Value::Object(request.clone());
            for draft in drafts {
                Item { operation: asking.operation, parts: &[&request], capacity }.add_keys(asking, draft)?;
            }
        }
    }
    Ok(())
}

/// The questions of a transaction: those of its parts.
pub(crate) fn transaction(asking: &Asking<'_>, drafts: &mut Vec<Draft>) -> Result<(), Refusal> {
    let request = members(asking)?;
    let Some(Value::Array(items)) = request.get("TransactItems") else {
        return Err(Refusal::Missing("TransactItems".to_owned()));
    };
    for item in items {
        let parts = item.as_object().into_iter().flatten().filter(|(_, part)| !part.is_null());
        let before = drafts.len();
        for (kind, part) in parts {
            let operation = match kind.as_str() {
                "Get" => "GetItem",
                "Put" => "PutItem",
                "Update" => "UpdateItem",
                "Delete" => "DeleteItem",
                "ConditionCheck" => "ConditionCheckItem",
                _ => return Err(Refusal::Unclear),
            };
            let mut draft = table_draft(asking, operation, part, false)?;
            draft.question.keys.push(enclosing(asking.operation));
            let item = Item { operation, parts: &[part], capacity: request.get("ReturnConsumedCapacity") };
            item.add_keys(asking, &mut draft)?;
            drafts.push(draft);
        }
        // AWS takes one action a part; two would be decided and run in an unknown order.
        if drafts.len() != before + 1 {
            return Err(Refusal::Unclear);
        }
    }
    if drafts.is_empty() { Err(Refusal::Missing("TransactItems".to_owned())) } else { Ok(()) }
}

/// The questions of PartiQL statements.
pub(crate) fn statements(asking: &Asking<'_>, drafts: &mut Vec<Draft>) -> Result<(), Refusal> {
    let member = |name: &str| asking.members.member(name);
    let statements = match asking.operation {
        "ExecuteStatement" => {
            let mut statement = Map::new();
            for name in ["Statement", "Parameters"] {
                statement.extend(member(name)?.map(|value| (name.to_owned(), value)));
            }
            vec![Value::Object(statement)]
        }
        "BatchExecuteStatement" => list(member("Statements")?),
        _ => list(member("TransactStatements")?),
    };
    for statement in &statements {
        drafts.push(statement::draft(asking, statement)?);
    }
    if drafts.is_empty() { Err(Refusal::Missing("Statements".to_owned())) } else { Ok(()) }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn enclosing(operation: &str) -> (String, Vec<String>) {
    ("dynamodb:EnclosingOperation".to_owned(), vec![operation.to_owned()])
}

fn members(asking: &Asking<'_>) -> Result<Map<String, Value>, Unreadable> {
    let mut members = Map::new();
    for name in MEMBERS {
        members.extend(asking.members.member(name)?.map(|value| (name.to_owned(), value)));
    }
    Ok(members)
}

/// A question about the table, or index, that a part of a request names.
fn table_draft(asking: &Asking<'_>, action: &str, part: &Value, is_index: bool) -> Result<Draft, Refusal> {
    let name = if is_index { "index" } else { "table" };
    let of = asking.rules.resource_type(name).cloned().ok_or(Refusal::Unclear)?;
    let fill = of.template.names().map(|name| Ok((name.to_owned(), format!(".{name}").parse::<Expression>()?)));
    let fill = fill.collect::<Result<_, crate::rules::TableError>>().map_err(|_| Refusal::Unclear)?;
    let resource = Resource { when: Vec::new(), of: Some(of), fill };
    let element = Element { of: String::new(), value: part.clone() };
    let demand = Demand { resources: vec![resource], ..Demand::default() };
    let place = asking.binder().place(&demand, asking.view(Some(&element)))?;
    let (values, needs) = (place.values.clone(), place.needs.clone());
    let question = asking.question(format!("dynamodb:{action}"), place);
    Ok(Draft { question, values, needs })
}

#[cfg(test)]
mod tests;
