//! Switching to a role (IAM User Guide, "Switch from a user to an IAM role (console)").

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::json;

use super::session::{self, Opening, cookie};
use super::view::{Card, Field};
use super::visit::{Visit, sentence};
use super::{answer, records};
use crate::http::State;
use crate::identity::{Caller, Session};
use crate::shapes::AccountId;
use crate::wire::Service;

/// The most characters of a display name, as on AWS (IAM User Guide, "Switch from a user to an IAM role (console)").
const MAX_DISPLAY_NAME: usize = 64;

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
    let fields = vec![
        Field::required("account", "Account ID (12 digits) or alias").with(account),
        Field::required("roleName", "IAM role name").with(sent.field("roleName")).hint("with its path, if it has one"),
        Field::optional("displayName", "Display name").with(sent.field("displayName")),
    ];
    let form = Card::form("Switch role", "/console/switch-role", error).hiding("csrf", visit.session.csrf.reveal());
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Card { fields, buttons: vec![("do", "switch", "Switch role")], ..form }.answer(status)
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
    let Some(session) = session else { return card(&visit, Some("The role's session could not be opened.")) };
    let ends = session.expires.min(person.ends);
    let caller = Caller::of_session(session);
    let display_name = Some(sent.field("displayName")).filter(|name| !name.is_empty());
    let display_name = display_name.map(|name| name.chars().take(MAX_DISPLAY_NAME).collect());
    let opening = Opening {
        revision: person.revision,
        switched_from: Some(person.clone()),
        display_name,
        ..Opening::new(caller.clone(), sent.facts.now, ends)
    };
    if visit.session.switched_from.is_some()
        && let Err(error) = session::close(&state, &visit.session, false).await
    {
        return answer::failed(&error);
    }
    let session = match session::open(&state, opening).await {
        Ok(session) => session,
        Err(error) => return card(&visit, Some(&sentence(&error))),
    };
    records::note(&state, sent, &caller, "SwitchRole", json!({"SwitchFrom": from, "RedirectTo": "/console/"})).await;
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
    if let Some(person) = &visit.session.switched_from {
        if let Err(error) = session::close(&state, &visit.session, false).await {
            return answer::failed(&error);
        }
        let data = json!({"SwitchFrom": visit.arn(), "RedirectTo": "/console/"});
        records::note(&state, &visit.sent, &visit.session.caller, "ExitRole", data).await;
        if let Some(cookie) = cookie(&state, person, visit.sent.is_tls()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}
