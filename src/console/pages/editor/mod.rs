//! The policy editor: a document with its checks, what changes in it, and who is affected.

mod affected;
mod changes;
mod checks;
mod subject;

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;

pub use self::affected::affected;
use self::changes::{Change, changes};
pub use self::checks::check_policy;
use self::checks::{Checked, checked};
pub use self::subject::{Kind, Subject};
use super::parts::FIRST_POLICY;
use super::why::remedy;
use crate::console::view::{Block, Notice};
use crate::console::visit::{Visit, sentence};
use crate::error::Error;
use crate::http::State;

/// The form, and what is known of the document in it.
#[derive(Template)]
#[template(path = "editor.html", config = "src/console/askama.toml")]
struct Editor<'e> {
    csrf: &'e str,
    subject: &'e Subject,
    /// The document in force; empty for a policy that does not exist yet.
    before: &'e str,
    draft: &'e str,
    /// The statement that is in the draft, from a denial.
    statement: Option<String>,
    findings: Vec<Checked>,
    changes: Vec<Change>,
    next: String,
    /// The name of a new policy, as far as it is typed.
    new_name: &'e str,
}

/// The editor with the document in force.
pub async fn page(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    match Visit::begin(state, peer.0, request).await {
        Ok(visit) => write(&visit).await,
        Err(refusal) => refusal,
    }
}

/// The editor with a draft that was sent, checked and compared.
pub async fn compare(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    match Visit::begin_form(state, peer.0, request).await {
        Ok(visit) => write(&visit).await,
        Err(refusal) => refusal,
    }
}

async fn write(visit: &Visit) -> Response {
    let Some(subject) = Subject::read(visit) else { return super::nothing() };
    let before = match subject.document(visit).await {
        Ok(before) => before,
        Err(error) => return visit.refusal(subject.kind.section(), &subject.title(), &error),
    };
    let (draft, statement, notice) = match draft(visit, &before).await {
        Ok((draft, statement)) => (draft, statement, None),
        Err(error) => (before.clone(), None, Notice::error(sentence(&error))),
    };
    let grammar = subject.kind.grammar();
    let work = || (checked(&draft, Some(grammar)), changes(&before, &draft));
    let (findings, changes) = visit.state.app.gate.compute(visit.session.caller.account, work).await;
    let editor = Editor {
        csrf: visit.session.csrf.reveal(),
        subject: &subject,
        before: &before,
        draft: &draft,
        statement,
        findings,
        changes,
        next: subject.page(),
        new_name: visit.sent.field("p.PolicyName"),
    };
    let blocks = vec![Block::template(&editor), affected(visit, &subject).await];
    visit.page(subject.kind.section(), &subject.title(), notice, blocks)
}

/// What is in the form: what was sent, or the document in force; with the statement that would allow a denied request,
/// if the page is asked for one.
async fn draft(visit: &Visit, before: &str) -> Result<(String, Option<String>), Error> {
    let sent = visit.sent.field("p.PolicyDocument");
    if !sent.is_empty() {
        return Ok((sent.replace("\r\n", "\n"), None));
    }
    let id = visit.sent.field("why");
    if id.is_empty() {
        return Ok((if before.is_empty() { FIRST_POLICY.to_owned() } else { before.to_owned() }, None));
    }
    let number = visit.sent.field("statement").parse().unwrap_or_default();
    let statement = remedy::statement(visit, id, number).await?;
    let shown = serde_json::to_string_pretty(&statement).unwrap_or_default();
    let draft = subject::with_statement(before, statement).unwrap_or_else(|| before.to_owned());
    Ok((draft, Some(shown)))
}
