//! Sign-ins as events of the audit trail (CloudTrail User Guide, "AWS Management Console sign-in events"), and the console
//! session of a role that came by the federation endpoint.

use axum::response::Response;
use http::header;
use serde_json::{Value, json};

use super::answer;
use super::session::{Opening, cookie};
use super::visit::Sent;
use crate::account::{Account, name_key};
use crate::app::{Called, Came, Record};
use crate::audit::{Event, EventFailure, IdentityKind, UserIdentity};
use crate::http::State;
use crate::identity::Caller;
use crate::shapes::Timestamp;

/// The prefix of AWS Sign-In's actions.
const SERVICE: &str = "signin";

/// What CloudTrail adds to the record of a sign-in.
fn additional(state: &State, device: Option<&str>) -> Value {
    let used = if device.is_some() { "Yes" } else { "No" };
    let page = format!("http://{}/console/", state.listen);
    let mut data = json!({"LoginTo": page, "MobileVersion": "No", "MFAUsed": used});
    if let (Some(device), Some(members)) = (device, data.as_object_mut()) {
        members.insert("MFAIdentifier".to_owned(), device.into());
    }
    data
}

fn event(sent: &Sent, account: &Account, name: &str, identity: UserIdentity, data: &Value, success: bool) -> Event {
    let outcome = if success { "Success" } else { "Failure" };
    Event {
        sequence: 0,
        random: rand::random(),
        time: sent.facts.now,
        account: account.id,
        shared_id: None,
        service: SERVICE.to_owned(),
        name: name.to_owned(),
        region: sent.facts.region.clone(),
        source: sent.facts.source_ip.to_string(),
        user_agent: sent.facts.user_agent.clone().unwrap_or_default(),
        request_id: sent.facts.request_id.clone(),
        identity,
        read_only: false,
        management: true,
        failure: None,
        parameters: Some(data.to_string()),
        result: Some(json!({name: outcome}).to_string()),
        asked: Vec::new(),
        denial: None,
        micros: 0,
    }
}

/// Notes that somebody signed in.
pub async fn success(state: &State, sent: &Sent, caller: &Caller, device: Option<&str>) {
    let Some(trail) = &state.app.trail else { return };
    let Ok(cell) = state.app.accounts.get(caller.account).await else { return };
    let account = cell.durable();
    let identity = UserIdentity { access_key_id: None, session: None, ..caller.identity(&account) };
    trail.add(event(sent, &account, "ConsoleLogin", identity, &additional(state, device), true));
}

/// Notes that a sign-in as a user failed. The name of a user that does not exist may be a password, typed into the wrong
/// field, and is not kept.
pub fn failure(state: &State, sent: &Sent, account: &Account, name: &str) {
    let Some(trail) = &state.app.trail else { return };
    let user = account.users.get(&name_key(name));
    let message = if user.is_some() { "Failed authentication" } else { "No username found in supplied account" };
    let identity = UserIdentity {
        kind: IdentityKind::IamUser,
        principal_id: user.map(|user| user.id.clone()),
        account: Some(account.id),
        access_key_id: Some(String::new()),
        user_name: Some(user.map_or_else(|| "HIDDEN_DUE_TO_SECURITY_REASONS".to_owned(), |user| user.name.clone())),
        ..UserIdentity::default()
    };
    let event = event(sent, account, "ConsoleLogin", identity, &additional(state, None), false);
    let failure = Some(EventFailure { code: "Failed authentication".to_owned(), message: Some(message.to_owned()) });
    trail.add(Event { failure, ..event });
}

/// Notes another event of AWS Sign-In about somebody who is signed in.
pub async fn note(state: &State, sent: &Sent, caller: &Caller, name: &'static str, data: Value) {
    let mut record = Record::begin();
    record.called_by(caller);
    if state.app.note_caller(&mut record, caller).await.is_err() {
        return;
    }
    record.note_parameters(data.to_string());
    let called = Called { service: SERVICE, name, read_only: false, management: true };
    state.app.keep_event(&record, &sent.facts, &called, Came::Result(Some(json!({name: "Success"}).to_string())));
}

/// Opens the console session of a role, or of a federated user, and leads to a page.
pub fn enter(
    state: &State,
    caller: Caller,
    now: Timestamp,
    ends: Timestamp,
    place: &str,
    over_tls: bool,
) -> Option<Response> {
    let console = state.console.as_ref()?;
    if !over_tls && !console.plain && !state.listen.ip().is_loopback() {
        return Some(answer::refused(
            http::StatusCode::FORBIDDEN,
            "The console needs TLS (--tls auto), or --console plain.",
        ));
    }
    let opening = Opening { caller, began: now, ends, revision: None, switched_from: None, display_name: None };
    let session = console.sessions.open(opening);
    let place = Some(place).filter(|place| answer::is_own_page(place)).unwrap_or("/console/");
    let mut response = answer::see_other(place);
    response.headers_mut().insert(header::SET_COOKIE, cookie(state, &session, over_tls)?);
    Some(answer::guarded(response))
}
