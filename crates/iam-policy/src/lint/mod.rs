//! Checks of policies beyond their grammar, in the terms of AWS's IAM Access Analyzer: errors, security warnings,
//! warnings and suggestions, all of them, each with its place.

mod actions;
mod code;
mod conditions;
mod location;
mod permissions;
mod principals;
mod reference;
mod resource_control;
mod resources;
mod structure;
#[cfg(test)]
mod tests;
mod variables;

pub use code::{Code, Severity};
pub use location::{Location, Locations, PathElement, Place, Span};
pub use reference::{KeyType, Reference, Service, ValueKind, key_type};

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::document::json::Node;
use super::document::position::Locator;
use super::{Grammar, Policy, Position};

/// Something a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// What exactly, and what to do about it.
    pub message: String,
    /// Where.
    pub position: Position,
    /// The same as a byte offset.
    pub offset: usize,
}

impl Finding {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// Checks a document as a policy of some kind. The findings are in the order of their places.
pub fn lint(text: &str, grammar: Grammar, reference: &dyn Reference) -> Vec<Finding> {
    let root = match Node::parse(text) {
        Ok(root) => root,
        Err(unreadable) => {
            let position = Position::of(text, unreadable.at);
            let code = Code::JsonSyntaxError;
            return vec![Finding { code, message: unreadable.detail, position, offset: unreadable.at }];
        }
    };
    let mut linter =
        Linter { grammar, reference, knows_variables: false, services: RefCell::default(), findings: Vec::new() };
    linter.size(text);
    linter.document(&root);
    let mut findings = linter.located(text);
    if !findings.iter().any(|finding| finding.severity() == Severity::Error)
        && let Err(invalid) = Policy::parse(text, grammar)
    {
        let message = format!("AWS refuses it: {} ({})", invalid.message, invalid.detail);
        let position = invalid.position.unwrap_or(Position::START);
        let offset = position.offset_in(text);
        findings.push(Finding { code: Code::MalformedPolicyDocument, message, position, offset });
    }
    findings
}

/// Guesses what kind of policy a document is: who names principals is a resource's, and a role's if it is about assuming.
pub fn guess_grammar(text: &str) -> Grammar {
    let names_principals = text.contains("\"Principal\"") || text.contains("\"NotPrincipal\"");
    let lower = text.to_ascii_lowercase();
    match names_principals {
        false => Grammar::Identity,
        true if lower.contains("\"sts:") && !text.contains("Resource\"") => Grammar::Trust,
        true => Grammar::Resource,
    }
}

/// Goes through a document and notes what it finds.
struct Linter<'r> {
    grammar: Grammar,
    reference: &'r dyn Reference,
    /// Whether the document's version has policy variables.
    knows_variables: bool,
    services: RefCell<HashMap<String, Option<Rc<Service>>>>,
    /// With byte offsets.
    findings: Vec<(usize, Code, String)>,
}

impl Linter<'_> {
    fn report(&mut self, code: Code, at: usize, message: impl Into<String>) {
        self.findings.push((at, code, message.into()));
    }

    /// A service by its prefix, in any case.
    fn service(&self, prefix: &str) -> Option<Rc<Service>> {
        let prefix = prefix.to_ascii_lowercase();
        let mut services = self.services.borrow_mut();
        let read = || self.reference.service(&prefix).map(Rc::new);
        services.entry(prefix.clone()).or_insert_with(read).clone()
    }

    fn located(mut self, text: &str) -> Vec<Finding> {
        self.findings.sort_by_key(|(at, ..)| *at);
        let mut locator = Locator::new(text);
        let findings = self.findings.into_iter();
        findings
            .map(|(at, code, message)| Finding { code, message, position: locator.locate(at), offset: at })
            .collect()
    }

    /// The quotas of documents (AWS: "IAM and AWS STS quotas").
    fn size(&mut self, text: &str) {
        let (code, limit) = match self.grammar {
            Grammar::Managed => (Code::PolicySizeExceedsIdentityPolicyQuota, 6_144),
            // The largest of the inline quotas, that of roles.
            Grammar::Identity => (Code::PolicySizeExceedsIdentityPolicyQuota, 10_240),
            Grammar::Session => (Code::PolicySizeExceedsIdentityPolicyQuota, 2_048),
            Grammar::Trust => (Code::PolicySizeExceedsRoleTrustPolicyQuota, 2_048),
            Grammar::ServiceControl => (Code::PolicySizeExceedsScpQuota, 10_240),
            Grammar::ResourceControl => (Code::PolicySizeExceedsRcpQuota, 5_120),
            Grammar::Resource | Grammar::Endpoint => (Code::PolicySizeExceedsResourcePolicyQuota, 20_480),
        };
        let size = super::document_size(text);
        if size > limit {
            self.report(
                code,
                0,
                format!("the document has {size} characters without white space; {limit} are allowed"),
            );
        }
    }
}

/// The known word most like a wrong one.
pub(crate) fn closest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let folded = wrong.to_ascii_lowercase();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(&folded, &known.to_ascii_lowercase()), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.85).then_some(best.1)
}

/// "; did you mean …?" for the known word most like a wrong one.
fn did_you_mean<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    closest(wrong, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}
