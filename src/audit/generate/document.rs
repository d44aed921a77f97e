//! Statements as documents.

use iam_policy::document_size;
use serde_json::{Map, Value, json};

use super::group::Allowing;

/// The most characters of a managed policy, white space left aside (IAM User Guide, "IAM and AWS STS quotas").
const MAX_SIZE: usize = 6144;

/// What surrounds the statements.
const FRAME: usize = 64;

/// As few documents as hold the statements in their order.
pub(super) fn documents(statements: Vec<Allowing>) -> Vec<String> {
    let mut documents = Vec::new();
    let (mut page, mut size) = (Vec::new(), FRAME);
    for statement in statements.into_iter().flat_map(small_enough) {
        let written = written(&statement);
        let length = document_size(&written.to_string()) + 1;
        if size + length > MAX_SIZE && !page.is_empty() {
            documents.push(document(std::mem::take(&mut page)));
            size = FRAME;
        }
        size += length;
        page.push(written);
    }
    documents.push(document(page));
    documents
}

fn document(statements: Vec<Value>) -> String {
    format!("{:#}", json!({"Version": "2012-10-17", "Statement": statements}))
}

/// The statement, or several that say the same of parts of its resources.
fn small_enough(statement: Allowing) -> Vec<Allowing> {
    let fits = document_size(&written(&statement).to_string()) + FRAME <= MAX_SIZE;
    if fits || statement.resources.len() < 2 {
        return vec![statement];
    }
    let mut first = statement.clone();
    let Some(middle) = statement.resources.iter().nth(statement.resources.len() / 2) else { return vec![statement] };
    let rest = first.resources.split_off(middle);
    let second = Allowing { resources: rest, ..statement.clone() };
    [first, second].into_iter().flat_map(small_enough).collect()
}

fn written(statement: &Allowing) -> Value {
    let mut members = Map::new();
    members.insert("Effect".into(), "Allow".into());
    members.insert("Action".into(), one_or_many(statement.actions.iter()));
    members.insert("Resource".into(), one_or_many(statement.resources.iter()));
    let mut conditions: Map<String, Value> = Map::new();
    for (operator, key, value) in &statement.conditions {
        let keys = conditions.entry(*operator).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(key.clone(), value.as_str().into());
        }
    }
    if !conditions.is_empty() {
        members.insert("Condition".into(), conditions.into());
    }
    members.into()
}

fn one_or_many<'t>(texts: impl ExactSizeIterator<Item = &'t String>) -> Value {
    let mut texts: Vec<&String> = texts.collect();
    match texts.as_slice() {
        [one] => one.as_str().into(),
        _ => {
            texts.sort();
            json!(texts)
        }
    }
}
