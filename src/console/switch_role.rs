//! Switching to a role (IAM User Guide, "Switch from a user to an IAM role (console)").

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::json;

use super::session::{Opening, cookie};
use super::view::{Card, Field};
use super::visit::{Visit, sentence};
use super::{answer, federation};
use crate::http::State;
use crate::identity::{Caller, Session};
use crate::shapes::AccountId;
use crate::wire::Service;

/// The form for account and role.
pub async fn form(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    match Visit::begin(state, peer.0, request).await {
        Ok(visit) => card(&visit, None),
        Err(refusal) => refusal,
    }
}

fn card(visit: &Visit, error: Option<&str>) -> Response {
    let sent = &visit.sent;
    let account = Some(sent.field("account")).filter(|account| !account.is_empty()).map(str::to_owned);
    let account = account.unwrap_or_else(|| visit.session.caller.account.to_string());
    let card = Card {
        title: "Switch role".to_owned(),
        error: error.map(str::to_owned),
        text: String::new(),
        action: "/console/switch-role".to_owned(),
        hidden: vec![("csrf".to_owned(), visit.session.csrf.reveal().to_owned())],
        fields: vec![
            Field::required("account", "Account ID (12 digits) or alias").with(account),
            Field::required("roleName", "IAM role name")
                .with(sent.field("roleName"))
                .hint("with its path, if it has one"),
            Field::optional("displayName", "Display name").with(sent.field("displayName")),
        ],
        buttons: vec![("do", "switch", "Switch role")],
        facts: Vec::new(),
    };
    answer::page(if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }, &card)
}

/// Assumes the role as the person, and goes on as the role.
pub async fn switch(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin_form(state.clone(), peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let sent = &visit.sent;
    // The person switches, not the role that was switched to before.
    let person = visit.session.switched_from.clone().unwrap_or_else(|| visit.session.clone());
    let own = match state.app.accounts.get(person.caller.account).await {
        Ok(cell) => cell.durable(),
        Err(error) => return card(&visit, Some(&sentence(&error))),
    };
    let (Ok(Some(user)), Ok(from)) = (person.caller.user(&own), person.caller.arn(&own)) else {
        return card(&visit, Some("Only users can switch to a role."));
    };
    let given = sent.field("account").trim();
    let account = match AccountId::parse(given) {
        Some(account) => Some(account.in_partition(person.caller.account.partition())),
        None => state.app.store.account_of_alias(given).await.ok().flatten(),
    };
    let Some(account) = account else { return card(&visit, Some("There is no such account.")) };
    let role = sent.field("roleName").trim().trim_start_matches('/');
    let arn = format!("arn:{}:iam::{account}:role/{role}", account.partition());
    let entry = crate::services::find(Service::STS, "AssumeRole");
    let Some(entry) = entry else { return card(&visit, Some("There is no AssumeRole.")) };
    let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", user.name.as_str())];
    let result = state.app.call_named(&person.caller, entry, &parameters, &sent.facts).await;
    let result = match result {
        Ok(result) => result,
        Err(error) => return card(&visit, Some(&sentence(&error))),
    };
    let token = result.pointer("/Credentials/SessionToken").and_then(serde_json::Value::as_str);
    let session = token.and_then(|token| Session::open(token, &state.app.environment.key));
    let (Some(session), Some(console)) = (session, visit.console()) else {
        return card(&visit, Some("The role's session could not be opened."));
    };
    let ends = session.expires.min(person.ends);
    let caller = Caller {
        account: session.account,
        principal: session.acting(),
        access_key_id: session.access_key_id.clone(),
        session: Some(Arc::new(session)),
    };
    federation::note(&state, sent, &caller, "SwitchRole", json!({"SwitchFrom": from, "RedirectTo": "/console/"})).await;
    let display_name = Some(sent.field("displayName").to_owned()).filter(|name| !name.is_empty());
    let began = sent.facts.now;
    let opening = Opening { caller, began, ends, revision: None, switched_from: Some(person.clone()), display_name };
    if visit.session.switched_from.is_some() {
        console.sessions.close(&visit.session);
    }
    let session = console.sessions.open(opening);
    let mut response = answer::see_other("/console/");
    if let Some(cookie) = cookie(&state, &session, sent.is_tls()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Leaves the role.
pub async fn exit(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin_form(state.clone(), peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let mut response = answer::see_other("/console/");
    if let (Some(person), Some(console)) = (&visit.session.switched_from, visit.console()) {
        console.sessions.close(&visit.session);
        if let Some(cookie) = cookie(&state, person, visit.sent.is_tls()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}
