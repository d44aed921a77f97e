//! The server itself: where clients reach it, its clock, and forgetting what it holds. To turn the clock and to reset are
//! the operator's matters: they take what the server's own endpoints take, and the root user besides.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::parts::shown;
use crate::call::Enforcement;
use crate::console::session::no_cookie;
use crate::console::view::{Block, Cell, Field, Form, Notice};
use crate::console::visit::Visit;
use crate::console::{answer, guard};
use crate::http::{State, operator};
use crate::identity::Principal;
use crate::shapes::AccountId;

const SECTION: &str = "settings";
const TITLE: &str = "Settings";
/// What is typed to confirm that everything is to be forgotten.
const EVERYTHING: &str = "everything";

/// The server, and what the operator can do.
pub async fn page(visit: &Visit) -> Response {
    shown_with(visit, StatusCode::OK, None)
}

fn shown_with(visit: &Visit, status: StatusCode, notice: Option<Notice>) -> Response {
    let state = &visit.state;
    let mut blocks = vec![about(visit), exports(visit), profile(visit), clock(state)];
    match refusal(visit, None) {
        Some(why) => blocks.push(Block::Note(why.to_owned())),
        None => blocks.extend(operations(visit)),
    }
    let why = notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    let mut response = answer::with_reason(visit.page(SECTION, TITLE, notice, blocks), &why);
    *response.status_mut() = status;
    response
}

/// The server's URL, as this browser reaches it.
pub fn endpoint(visit: &Visit) -> String {
    let scheme = if visit.sent.is_tls() { "https" } else { "http" };
    let host = crate::http::guard::host(&visit.sent.parts.headers);
    // Account names before the server's are for signing in alone.
    let host = match guard::sign_in_host(host) {
        Some(_) => host.split_once(".signin.").map_or(host, |(_, host)| host),
        None => host,
    };
    format!("{scheme}://{host}")
}

fn about(visit: &Visit) -> Block {
    let environment = &visit.state.app.environment;
    let enforcement = match environment.enforcement {
        Enforcement::On => "on: what no policy allows is denied",
        Enforcement::Log => "log: denials are let through and logged",
    };
    let trail = if visit.state.app.trail.is_some() { "on" } else { "off" };
    let facts = [
        ("Endpoint", endpoint(visit)),
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
        ("Enforcement", enforcement.to_owned()),
        ("Database", visit.state.database.to_owned()),
        ("Audit trail", trail.to_owned()),
    ];
    Block::Facts("Server".to_owned(), facts.map(|(label, text)| (label.to_owned(), Cell::text(text))).to_vec())
}

/// Variables that aws-cli and every SDK read.
fn exports(visit: &Visit) -> Block {
    let caller = &visit.session.caller;
    let has_development_root = visit.state.app.authenticator.root.has_development_root();
    let keys = if has_development_root && is_root(visit) {
        format!("export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY=test\n", caller.account)
    } else {
        "aws login\n".to_owned()
    };
    let authority = if visit.sent.is_tls() { "export AWS_CA_BUNDLE=iamd-ca.pem\n" } else { "" };
    let region = visit.sent.facts.region.as_str();
    let text = format!(
        "export AWS_ENDPOINT_URL={}\nexport AWS_REGION={region}\nexport AWS_DEFAULT_REGION={region}\n{authority}{keys}",
        endpoint(visit),
    );
    Block::Text("Variables for aws-cli and SDKs".to_owned(), text)
}

/// The same as a profile.
fn profile(visit: &Visit) -> Block {
    let (endpoint, region) = (endpoint(visit), visit.sent.facts.region.as_str());
    let authority = if visit.sent.is_tls() { "ca_bundle = iamd-ca.pem\n" } else { "" };
    let text = format!("[profile iamd]\nendpoint_url = {endpoint}\nregion = {region}\n{authority}");
    Block::Text("A profile in ~/.aws/config".to_owned(), text)
}

fn clock(state: &State) -> Block {
    let reading = operator::clock(state);
    let ahead = reading.get("ahead").and_then(Value::as_i64).unwrap_or_default();
    let facts = vec![
        ("Time".to_owned(), Cell::text(shown(&reading, "now"))),
        ("Real time".to_owned(), Cell::text(shown(&reading, "real"))),
        ("Ahead".to_owned(), Cell::text(format!("{ahead} seconds"))),
        ("Stopped".to_owned(), Cell::text(shown(&reading, "frozen"))),
    ];
    Block::Facts("Clock".to_owned(), facts)
}

fn is_root(visit: &Visit) -> bool {
    let session = &visit.session;
    session.caller.principal == Principal::Root && session.switched_from.is_none() && !session.caller.has_assumed_root()
}

/// Why somebody may not turn the clock or reset. Whether a token is right is asked only where one is given.
fn refusal(visit: &Visit, token: Option<&str>) -> Option<&'static str> {
    if !is_root(visit) {
        return Some("Only the root user, signed in with its password, can turn the clock and reset.");
    }
    match (&visit.state.admin_token, token) {
        (Some(_), None) => None,
        _ => operator::refusal(&visit.state, &visit.sent.parts.headers, token),
    }
}

/// What the operator can do, each as a form.
fn operations(visit: &Visit) -> Vec<Block> {
    let needs_token = visit.state.admin_token.is_some();
    let form = |title: &str, submit: &str, what: &str, action: &'static str, fields: Vec<Field>, is_danger: bool| {
        let mut fields = fields;
        if needs_token {
            fields.push(Field::required("token", "Admin token").of_kind("password"));
        }
        Block::Form(Form {
            title: title.to_owned(),
            submit: submit.to_owned(),
            action,
            hidden: vec![("what".to_owned(), what.to_owned())],
            fields,
            is_danger,
            ..Form::default()
        })
    };
    let (clock, reset) = ("/console/settings/clock", "/console/settings/reset");
    let frozen = operator::clock(&visit.state).get("frozen") == Some(&Value::Bool(true));
    let stop = if frozen { "Let the clock go on" } else { "Stop the clock" };
    let account = visit.session.caller.account;
    let seconds = Field::required("value", "Seconds").hint("negative to go back");
    let moment = Field::required("value", "Time").hint("such as 2030-01-01T00:00:00Z");
    let typed = |what: &str| Field::required("confirmation", &format!("Type {what} to confirm"));
    vec![
        form("Move the clock", "Move the clock", "advance", clock, vec![seconds], false),
        form("Set the clock", "Set the clock", "now", clock, vec![moment], false),
        form(stop, stop, if frozen { "go" } else { "stop" }, clock, Vec::new(), false),
        form("Back to real time", "Back to real time", "reset", clock, Vec::new(), false),
        form("Reset this account", "Reset the account", "account", reset, vec![typed(&account.to_string())], true),
        form("Reset everything", "Reset everything", EVERYTHING, reset, vec![typed(EVERYTHING)], true),
    ]
}

/// A form of the operator's, with a right token if the server has one.
async fn begin(state: Arc<State>, peer: SocketAddr, request: Request) -> Result<Visit, Response> {
    let visit = Visit::begin_form(state, peer, request).await?;
    match refusal(&visit, Some(visit.sent.field("p.token"))) {
        Some(why) => Err(shown_with(&visit, StatusCode::FORBIDDEN, Notice::error(why))),
        None => Ok(visit),
    }
}

/// Turns the clock.
pub async fn turn(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let value = visit.sent.field("p.value").trim();
    let wanted = match visit.sent.field("p.what") {
        "advance" => json!({"advance": value.parse::<i64>().ok()}),
        "now" => json!({"now": value}),
        "stop" => json!({"freeze": true}),
        "go" => json!({"freeze": false}),
        _ => json!({"reset": true}),
    };
    match operator::turn_clock(&visit.state, wanted.to_string().as_bytes()).await {
        Ok(()) => answer::see_other("/console/settings"),
        Err(why) => shown_with(&visit, StatusCode::BAD_REQUEST, Notice::error(why)),
    }
}

/// Forgets the account, or everything.
pub async fn reset(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match begin(state.clone(), peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let own = visit.session.caller.account;
    let (wanted, account): (String, Option<AccountId>) = match visit.sent.field("p.what") {
        EVERYTHING => (EVERYTHING.to_owned(), None),
        _ => (own.to_string(), Some(own)),
    };
    if visit.sent.field("p.confirmation").trim() != wanted {
        let why = format!("Nothing was reset: type {wanted} to confirm.");
        return shown_with(&visit, StatusCode::BAD_REQUEST, Notice::error(why));
    }
    if let Err(error) = operator::reset(&state, account).await {
        return answer::failed(&error);
    }
    let mut response = answer::see_other("/console/signin");
    if let Some(cookie) = no_cookie(&state, visit.sent.is_tls()) {
        response.headers_mut().insert(http::header::SET_COOKIE, cookie);
    }
    response
}
