//! The elements of documents and statements: which there are, which are missing, of what type they are.

use std::collections::HashMap;

use super::{Code, Linter, did_you_mean};
use crate::Grammar;
use crate::document::json::{Member, Node, Value};

const DOCUMENT: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// A statement's members by name.
pub(super) struct Elements<'n> {
    pub start: usize,
    members: &'n [Member<'n>],
}

impl<'n> Elements<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node<'n>> {
        self.members.iter().find(|member| member.key == name).map(|member| &member.value)
    }

    /// An element or its negation, and which it is.
    pub(super) fn either(&self, plain: &str, negated: &str) -> Option<(bool, &'n Node<'n>)> {
        let negated = || self.get(negated).map(|node| (true, node));
        self.get(plain).map(|node| (false, node)).or_else(negated)
    }

    /// The condition keys it tests.
    pub(super) fn condition_keys(&self) -> impl Iterator<Item = &'n str> {
        let blocks = self.get("Condition").map(Node::members).unwrap_or_default();
        blocks.iter().flat_map(|block| block.value.members()).map(|member| &*member.key)
    }

    pub(super) fn allows(&self) -> bool {
        matches!(self.get("Effect").map(|node| &node.value), Some(Value::String(effect)) if effect == "Allow")
    }
}

impl<'n> Linter<'_> {
    pub(super) fn document(&mut self, root: &'n Node<'n>) {
        let Value::Object(members) = &root.value else {
            return self.report(
                Code::JsonSyntaxError,
                root.start,
                format!("a policy is an object, not {}", root.kind()),
            );
        };
        self.members(members, DOCUMENT, "a policy");
        let find = |name: &str| members.iter().find(|member| member.key == name).map(|member| &member.value);
        self.version(root, find("Version"));
        self.knows_variables =
            matches!(find("Version").map(|node| &node.value), Some(Value::String(text)) if text == "2012-10-17");
        match find("Statement").map(|node| (node, &node.value)) {
            None => self.report(Code::MissingStatement, root.start, "the policy has no Statement"),
            Some((node, Value::Array(items))) if items.is_empty() => {
                self.report(Code::MissingStatement, node.start, "the policy has no statement");
            }
            Some((_, Value::Array(items))) => self.statements(items),
            Some((node, _)) => self.statements(std::slice::from_ref(node)),
        }
    }

    /// Unknown members, and those that appear twice.
    fn members(&mut self, members: &[Member<'_>], known: &[&str], place: &str) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for member in members {
            let key = &*member.key;
            match seen.insert(key.to_ascii_lowercase(), key) {
                Some(before) if before == key => {
                    self.report(Code::JsonSyntaxError, member.key_start, format!("{key:?} appears twice"));
                }
                Some(before) => self.report(
                    Code::DuplicateKeysWithDifferentCase,
                    member.key_start,
                    format!("{key:?} and {before:?} differ in case only"),
                ),
                None => {}
            }
            if !known.contains(&key) {
                let hint = did_you_mean(key, known.iter().copied());
                let message = format!("{key:?} is not an element of {place}{hint}");
                self.report(Code::InvalidPolicyElement, member.key_start, message);
            }
        }
    }

    fn version(&mut self, root: &Node<'_>, version: Option<&Node<'_>>) {
        match version.map(|node| (node, &node.value)) {
            None => self.report(
                Code::MissingVersion,
                root.start,
                "without \"Version\": \"2012-10-17\" the policy is of version 2008-10-17, which knows no policy variables",
            ),
            Some((_, Value::String(text))) if text == "2012-10-17" => {}
            Some((node, Value::String(text))) if text == "2008-10-17" => {
                if self.grammar == Grammar::Managed {
                    self.report(Code::InvalidVersion, node.start, "a managed policy is of version 2012-10-17");
                }
            }
            Some((node, _)) => {
                self.report(Code::InvalidVersion, node.start, "Version is \"2012-10-17\" (or, of old, \"2008-10-17\")");
            }
        }
    }

    fn statements(&mut self, items: &'n [Node<'n>]) {
        let mut sids: HashMap<&str, usize> = HashMap::new();
        let mut contents: HashMap<String, usize> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Object(members) = &item.value else {
                self.report(
                    Code::DataTypeMismatch,
                    item.start,
                    format!("a statement is an object, not {}", item.kind()),
                );
                continue;
            };
            self.members(members, STATEMENT, "a statement");
            let elements = Elements { start: item.start, members };
            if let Some(before) = contents.insert(content(members), index) {
                let message = format!("the statement says what statement {} says", before + 1);
                self.report(Code::RedundantStatement, item.start, message);
            }
            self.sid(&elements, &mut sids, index);
            self.effect(&elements);
            self.principals(&elements);
            self.actions(&elements);
            self.resources(&elements);
            if let Some(node) = elements.get("Condition") {
                self.conditions(node);
            }
            self.permissions(&elements);
            if self.grammar == Grammar::ResourceControl {
                self.resource_control(&elements);
            }
        }
    }

    fn sid(&mut self, elements: &Elements<'n>, seen: &mut HashMap<&'n str, usize>, index: usize) {
        let Some(node) = elements.get("Sid") else { return };
        let Value::String(sid) = &node.value else {
            return self.report(Code::DataTypeMismatch, node.start, format!("Sid is a string, not {}", node.kind()));
        };
        if sid.is_empty() {
            return self.report(Code::EmptySidValue, node.start, "an empty Sid can be left out");
        }
        let identity = !self.grammar.names_principals();
        if identity && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("the Sid {sid:?} has other characters than letters and digits");
            self.report(Code::UnsupportedSid, node.start, message);
        }
        if let Some(before) = seen.insert(sid, index) {
            let code = match self.grammar {
                Grammar::Resource | Grammar::Endpoint => Code::UniqueSidsRecommended,
                _ => Code::UniqueSidsRequired,
            };
            self.report(code, node.start, format!("statement {} has the Sid {sid:?} too", before + 1));
        }
    }

    fn effect(&mut self, elements: &Elements<'_>) {
        match elements.get("Effect").map(|node| (node, &node.value)) {
            None => self.report(Code::MissingEffect, elements.start, "the statement has no Effect"),
            Some((_, Value::String(effect))) if effect == "Allow" || effect == "Deny" => {}
            Some((node, _)) => {
                self.report(Code::InvalidEffect, node.start, "Effect is \"Allow\" or \"Deny\", in this case");
            }
        }
    }

    /// The strings of an element; everything else in it is reported.
    pub(super) fn strings(&mut self, element: &str, node: &'n Node<'n>) -> Vec<(usize, &'n str)> {
        let items = match &node.value {
            Value::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut strings = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Value::String(text) => strings.push((item.start, &**text)),
                _ => {
                    let message = format!("{element} lists strings, not {}", item.kind());
                    self.report(Code::DataTypeMismatch, item.start, message);
                }
            }
        }
        strings
    }

    /// Whether policies of this kind need a `Resource`.
    pub(super) fn needs_resource(&self) -> bool {
        !matches!(self.grammar, Grammar::Trust | Grammar::Resource | Grammar::Endpoint)
    }
}

/// What a statement says, without its Sid.
fn content(members: &[Member<'_>]) -> String {
    let members = members.iter().filter(|member| member.key != "Sid");
    let mut parts: Vec<_> = members.map(|member| format!("{}={}", member.key, canonical(&member.value))).collect();
    parts.sort_unstable();
    parts.concat()
}

/// A value without its place. It nests no deeper than the parser reads.
fn canonical(node: &Node<'_>) -> String {
    match &node.value {
        Value::Object(members) => content(members),
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::String(text) => format!("{text:?}"),
        other => format!("{other:?}"),
    }
}
