//! The checks of a policy as it is written.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use iam_policy::Grammar;
use iam_policy::lint::{Finding, Severity, guess_grammar, lint};
use serde::Serialize;

use super::changes::{Change, changes};
use super::subject::Kind;
use crate::catalogue::KnownServices;
use crate::console::visit::Visit;
use crate::http::State;

/// The most bytes of a policy that is checked as it is written; policies that can be saved are shorter.
const MAX_POLICY: usize = 131_072;

/// A finding, for people.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// The words for its severity.
    pub severity: String,
    /// The class of its colour.
    pub class: &'static str,
    /// Access Analyzer's code.
    pub code: &'static str,
    /// What is wrong.
    pub sentence: String,
    /// What to do about it; may be empty.
    pub suggestion: String,
}

impl Checked {
    fn of(finding: &Finding) -> Self {
        // The checks put the advice behind a semicolon.
        let (sentence, suggestion) = finding.message.split_once("; ").unwrap_or((&finding.message, ""));
        Self {
            line: finding.position.line,
            column: finding.position.column,
            severity: finding.severity().to_string(),
            class: match finding.severity() {
                Severity::Error | Severity::SecurityWarning => "denies",
                Severity::Warning | Severity::Suggestion => "silent",
            },
            code: finding.code.as_str(),
            sentence: sentence.to_owned(),
            suggestion: capital(suggestion),
        }
    }
}

/// The text with a capital, unless it begins with a name, which keeps its case.
fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut rest = text.chars();
    match rest.next().filter(|_| is_word) {
        Some(initial) => format!("{}{}", initial.to_ascii_uppercase(), rest.as_str()),
        None => text.to_owned(),
    }
}

/// What is wrong with a document, in the order of the places.
pub fn checked(text: &str, grammar: Option<Grammar>) -> Vec<Checked> {
    if text.len() > MAX_POLICY {
        let sentence = "The policy is too long to be checked.".to_owned();
        let (code, severity) = ("TOO_LONG", "error".to_owned());
        let suggestion = String::new();
        return vec![Checked { line: 1, column: 1, severity, class: "denies", code, sentence, suggestion }];
    }
    let grammar = grammar.unwrap_or_else(|| guess_grammar(text));
    lint(text, grammar, &KnownServices).iter().map(Checked::of).collect()
}

/// What the editor shows beside the text.
#[derive(Serialize)]
struct Beside {
    findings: Vec<Checked>,
    changes: Vec<Change>,
}

/// What is wrong with a policy as it is written, and what it changes.
pub async fn check_policy(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let visit = match Visit::begin_form(state.clone(), peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let (policy, before) = (visit.sent.field("policy"), visit.sent.field("before"));
    let grammar = Kind::parse(visit.sent.field("kind")).map(Kind::grammar);
    let check = || Beside {
        findings: checked(policy, grammar),
        changes: if before.len() + policy.len() > MAX_POLICY { Vec::new() } else { changes(before, policy) },
    };
    Json(state.app.gate.compute(visit.session.caller.account, check).await).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_have_place_sentence_and_suggestion() {
        let document = "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\",\n \"Action\": \"iam:ListUser\", \
                        \"Resource\": \"*\"}}";
        let findings = checked(document, Some(Grammar::Managed));
        let found: Vec<_> = findings.iter().map(|one| (one.line, one.code, one.sentence.as_str())).collect();
        assert_eq!(found, [(2, "INVALID_ACTION", "iam has no action \"ListUser\"")]);
        assert!(findings.iter().all(|one| one.suggestion.starts_with("Did you mean")), "{findings:?}");
        assert_eq!(checked(&" ".repeat(MAX_POLICY + 1), None).len(), 1);
    }
}
