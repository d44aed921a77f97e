//! The document as written: its elements with their places, before any grammar judges them.

pub mod json;
pub mod position;
pub mod written;

pub use json::Unreadable;
pub use position::{Locator, Position};
pub use written::{ConditionText, WrittenStatement};

use crate::condition::Operator;
use json::{Member, Node, Value};

/// A string of the document and the byte offset of its opening quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'n> {
    pub value: &'n str,
    pub at: usize,
    pub end: usize,
}

/// What a document cannot be, whatever grammar it is written in.
#[derive(Debug)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    /// The byte offset.
    pub at: usize,
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Not JSON, not an object, or an element that appears twice.
    Json,
    /// A known element of the wrong JSON type.
    Shape,
    /// An element of this name, which no policy has.
    Element(String),
    /// A condition operator of this name, which does not exist.
    Operator(String),
}

/// The elements of a document.
#[derive(Debug)]
pub(crate) struct Document<'n> {
    pub version: Option<Text<'n>>,
    pub statements: Vec<Written<'n>>,
    /// A lone statement object before `Version`, which IAM's older parser does not read.
    pub single_before_version: bool,
}

/// One statement as written.
#[derive(Debug)]
pub(crate) struct Written<'n> {
    /// Just behind what the policy simulator counts a statement's start from: the array's bracket or the statement
    /// before; a lone statement's own brace.
    pub behind: usize,
    pub start: usize,
    pub end: usize,
    pub sid: Option<Text<'n>>,
    pub effect: Option<Text<'n>>,
    pub principal: Option<WrittenPrincipal<'n>>,
    pub not_principal: Option<WrittenPrincipal<'n>>,
    pub action: Option<List<'n>>,
    pub not_action: Option<List<'n>>,
    pub resource: Option<List<'n>>,
    pub not_resource: Option<List<'n>>,
    pub conditions: Vec<WrittenCondition<'n>>,
}

/// The strings of an element that takes one or several.
#[derive(Debug)]
pub(crate) struct List<'n> {
    pub at: usize,
    pub items: Vec<Text<'n>>,
}

#[derive(Debug)]
pub(crate) struct WrittenPrincipal<'n> {
    pub at: usize,
    pub names: WrittenNames<'n>,
}

#[derive(Debug)]
pub(crate) enum WrittenNames<'n> {
    /// A bare string; only `*` means something.
    Bare(Text<'n>),
    /// Kind (`AWS`, `Service`, …) to names.
    Kinds(Vec<(Text<'n>, List<'n>)>),
}

/// One key of one operator block.
#[derive(Debug)]
pub(crate) struct WrittenCondition<'n> {
    pub operator: Operator,
    pub written_operator: Text<'n>,
    pub key: Text<'n>,
    pub values: Vec<Text<'n>>,
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self { kind: FaultKind::Json, at: unreadable.at, detail: unreadable.detail }
    }
}

fn fault<T>(kind: FaultKind, at: usize, detail: String) -> Result<T, Fault> {
    Err(Fault { kind, at, detail })
}

fn wrong_type<T>(element: &str, node: &Node<'_>, wanted: &str) -> Result<T, Fault> {
    fault(FaultKind::Shape, node.start, format!("{element} must be {wanted}, not {}", node.kind()))
}

impl<'n> Document<'n> {
    /// Reads the elements out of the JSON.
    pub(crate) fn read(root: &'n Node<'_>) -> Result<Self, Fault> {
        let Value::Object(members) = &root.value else {
            return fault(FaultKind::Json, root.start, format!("a policy is an object, not {}", root.kind()));
        };
        no_duplicates(members)?;
        let mut document = Self { version: None, statements: Vec::new(), single_before_version: false };
        for member in members {
            match &*member.key {
                "Version" => document.version = Some(text("Version", &member.value)?),
                "Id" => drop(text("Id", &member.value)?),
                "Statement" => {
                    document.single_before_version =
                        matches!(member.value.value, Value::Object(_)) && document.version.is_none();
                    document.statements = statements(&member.value)?;
                }
                other => return unknown(other, member.key_start, "a policy"),
            }
        }
        document.single_before_version &= document.version.is_some();
        Ok(document)
    }
}

fn statements<'n>(node: &'n Node<'_>) -> Result<Vec<Written<'n>>, Fault> {
    match &node.value {
        Value::Array(items) => {
            let behind = std::iter::once(node.start + 1).chain(items.iter().map(|item| item.end));
            items.iter().zip(behind).map(|(item, behind)| Written::read(item, behind)).collect()
        }
        Value::Object(_) => Ok(vec![Written::read(node, node.start + 1)?]),
        _ => wrong_type("Statement", node, "an object or an array of objects"),
    }
}

impl<'n> Written<'n> {
    fn read(node: &'n Node<'_>, behind: usize) -> Result<Self, Fault> {
        let Value::Object(members) = &node.value else { return wrong_type("a statement", node, "an object") };
        no_duplicates(members)?;
        let mut written = Self {
            behind,
            start: node.start,
            end: node.end,
            sid: None,
            effect: None,
            principal: None,
            not_principal: None,
            action: None,
            not_action: None,
            resource: None,
            not_resource: None,
            conditions: Vec::new(),
        };
        for Member { key, key_start, value } in members {
            match &**key {
                "Sid" => written.sid = Some(text(key, value)?),
                "Effect" => written.effect = Some(text(key, value)?),
                "Principal" => written.principal = Some(principal(key, value)?),
                "NotPrincipal" => written.not_principal = Some(principal(key, value)?),
                "Action" => written.action = Some(list(key, value)?),
                "NotAction" => written.not_action = Some(list(key, value)?),
                "Resource" => written.resource = Some(list(key, value)?),
                "NotResource" => written.not_resource = Some(list(key, value)?),
                "Condition" => written.conditions = conditions(value)?,
                other => return unknown(other, *key_start, "a statement"),
            }
        }
        Ok(written)
    }
}

fn unknown<T>(key: &str, at: usize, place: &str) -> Result<T, Fault> {
    fault(FaultKind::Element(key.to_owned()), at, format!("{key:?} is not an element of {place}"))
}

fn no_duplicates(members: &[Member<'_>]) -> Result<(), Fault> {
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    match members.iter().find(|member| !seen.insert(&*member.key)) {
        Some(member) => fault(FaultKind::Json, member.key_start, format!("{:?} appears twice", member.key)),
        None => Ok(()),
    }
}

fn text<'n>(element: &str, node: &'n Node<'_>) -> Result<Text<'n>, Fault> {
    match &node.value {
        Value::String(value) => Ok(Text { value, at: node.start, end: node.end }),
        _ => wrong_type(element, node, "a string"),
    }
}

fn list<'n>(element: &str, node: &'n Node<'_>) -> Result<List<'n>, Fault> {
    let items = match &node.value {
        Value::Array(items) => {
            // AWS passes over null in a list of resources.
            let is_passed = |item: &&Node<'_>| element.ends_with("Resource") && matches!(item.value, Value::Null);
            let items = items.iter().filter(|item| !is_passed(item));
            items.map(|item| text(element, item)).collect::<Result<_, _>>()?
        }
        Value::String(_) => vec![text(element, node)?],
        _ => return wrong_type(element, node, "a string or an array of strings"),
    };
    Ok(List { at: node.start, items })
}

fn principal<'n>(element: &str, node: &'n Node<'_>) -> Result<WrittenPrincipal<'n>, Fault> {
    let names = match &node.value {
        Value::String(_) => WrittenNames::Bare(text(element, node)?),
        Value::Object(members) => {
            no_duplicates(members)?;
            let kinds = members.iter().map(|Member { key, key_start, value }| {
                if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&&**key) {
                    return fault(FaultKind::Shape, *key_start, format!("{key:?} is not a kind of principal"));
                }
                Ok((key_text(key, *key_start), list(key, value)?))
            });
            WrittenNames::Kinds(kinds.collect::<Result<_, _>>()?)
        }
        _ => return wrong_type(element, node, "\"*\" or an object"),
    };
    Ok(WrittenPrincipal { at: node.start, names })
}

fn key_text<'n>(key: &'n str, at: usize) -> Text<'n> {
    Text { value: key, at, end: at + key.len() + 2 }
}

fn conditions<'n>(node: &'n Node<'_>) -> Result<Vec<WrittenCondition<'n>>, Fault> {
    let Value::Object(blocks) = &node.value else { return wrong_type("Condition", node, "an object") };
    no_duplicates(blocks)?;
    let mut conditions = Vec::new();
    for block in blocks {
        let Some(operator) = Operator::parse(&block.key) else {
            if matches!(&block.value.value, Value::Object(keys) if keys.is_empty()) {
                // AWS does not read the name of an operator that has nothing to compare.
                continue;
            }
            let detail = format!("{:?} is not a condition operator", block.key);
            return fault(FaultKind::Operator(block.key.to_string()), block.key_start, detail);
        };
        let Value::Object(keys) = &block.value.value else {
            return wrong_type(&block.key, &block.value, "an object");
        };
        no_duplicates(keys)?;
        for key in keys {
            conditions.push(WrittenCondition {
                operator,
                written_operator: key_text(&block.key, block.key_start),
                key: key_text(&key.key, key.key_start),
                values: values(key)?,
            });
        }
    }
    Ok(conditions)
}

fn values<'n>(key: &'n Member<'_>) -> Result<Vec<Text<'n>>, Fault> {
    match &key.value.value {
        Value::Array(items) => items.iter().map(|item| scalar(&key.key, item)).collect(),
        _ => Ok(vec![scalar(&key.key, &key.value)?]),
    }
}

/// Numbers and booleans stand for their JSON text.
fn scalar<'n>(key: &str, node: &'n Node<'_>) -> Result<Text<'n>, Fault> {
    let value = match &node.value {
        Value::String(value) => &**value,
        Value::Number(number) => number,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return wrong_type(&format!("a value of {key}"), node, "a string, a number or a boolean");
        }
    };
    Ok(Text { value, at: node.start, end: node.end })
}
