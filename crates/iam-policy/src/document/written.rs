//! Statements in their own words, read again from the text when they are to be shown.

use super::json::Node;
use super::{Document, List, Written, WrittenCondition, WrittenNames, WrittenPrincipal};
use crate::policy::Policy;

/// A statement's elements as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenStatement {
    /// `Principal` or `NotPrincipal`, as (kind, name): `("AWS", "*")`.
    pub principals: Vec<(String, String)>,
    /// Whether it is `NotPrincipal`.
    pub not_principal: bool,
    /// `Action` or `NotAction`.
    pub actions: Vec<String>,
    /// Whether it is `NotAction`.
    pub not_action: bool,
    /// `Resource` or `NotResource`.
    pub resources: Vec<String>,
    /// Whether it is `NotResource`.
    pub not_resource: bool,
    /// Each key of each operator.
    pub conditions: Vec<ConditionText>,
}

/// A condition as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionText {
    /// The operator: `ForAnyValue:StringLike`.
    pub operator: String,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl Policy {
    /// All statements as written, in order.
    pub fn written(&self) -> Vec<WrittenStatement> {
        // The text was read before; should it fail now, there is nothing to show.
        let Ok(root) = Node::parse(self.text()) else { return Vec::new() };
        let document = Document::read(&root);
        document.map(|document| document.statements.iter().map(WrittenStatement::new).collect()).unwrap_or_default()
    }
}

impl WrittenStatement {
    fn new(written: &Written<'_>) -> Self {
        let texts = |list: Option<&List<'_>>| {
            list.map(|list| list.items.iter().map(|item| item.value.to_owned()).collect()).unwrap_or_default()
        };
        Self {
            principals: written.principal.as_ref().or(written.not_principal.as_ref()).map(names).unwrap_or_default(),
            not_principal: written.not_principal.is_some(),
            actions: texts(written.action.as_ref().or(written.not_action.as_ref())),
            not_action: written.not_action.is_some(),
            resources: texts(written.resource.as_ref().or(written.not_resource.as_ref())),
            not_resource: written.not_resource.is_some(),
            conditions: written.conditions.iter().map(ConditionText::new).collect(),
        }
    }
}

impl ConditionText {
    fn new(written: &WrittenCondition<'_>) -> Self {
        Self {
            operator: written.written_operator.value.to_owned(),
            key: written.key.value.to_owned(),
            values: written.values.iter().map(|value| value.value.to_owned()).collect(),
        }
    }
}

fn names(principal: &WrittenPrincipal<'_>) -> Vec<(String, String)> {
    match &principal.names {
        WrittenNames::Bare(text) => vec![("AWS".to_owned(), text.value.to_owned())],
        WrittenNames::Kinds(kinds) => {
            let pairs = kinds.iter().flat_map(|(kind, list)| list.items.iter().map(move |name| (kind, name)));
            pairs.map(|(kind, name)| (kind.value.to_owned(), name.value.to_owned())).collect()
        }
    }
}
