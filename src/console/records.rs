//! Sign-ins as events of the audit trail (CloudTrail User Guide, "AWS Management Console sign-in events").

use serde_json::{Value, json};

use super::visit::Sent;
use crate::account::{Account, name_key};
use crate::app::{Called, Came, Record};
use crate::audit::{Additions, Event, EventFailure, IdentityKind, UserIdentity};
use crate::http::{State, guard};
use crate::identity::Caller;

/// The prefix of AWS Sign-In's actions.
const SERVICE: &str = "signin";

/// What CloudTrail adds to the record of a sign-in.
fn additional(sent: &Sent, device: Option<&str>) -> Value {
    let used = if device.is_some() { "Yes" } else { "No" };
    let scheme = if sent.is_tls() { "https" } else { "http" };
    let page = format!("{scheme}://{}/console/", guard::host(&sent.parts.headers));
    let mut data = json!({"LoginTo": page, "MobileVersion": "No", "MFAUsed": used});
    if let (Some(device), Some(members)) = (device, data.as_object_mut()) {
        members.insert("MFAIdentifier".to_owned(), device.into());
    }
    data
}

fn event(sent: &Sent, account: &Account, identity: UserIdentity, data: &Value, failure: Option<&str>) -> Event {
    let name = "ConsoleLogin";
    let outcome = if failure.is_some() { "Failure" } else { "Success" };
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
        failure: failure.map(|why| EventFailure { code: "Failure".to_owned(), message: Some(why.to_owned()) }),
        parameters: Some(data.to_string()),
        result: Some(json!({name: outcome}).to_string()),
        asked: Vec::new(),
        denial: None,
        micros: 0,
        additions: Additions { tls: sent.facts.tls.clone(), ..Additions::default() },
    }
}

/// Notes that somebody signed in.
pub async fn success(state: &State, sent: &Sent, caller: &Caller, device: Option<&str>) {
    let Some(trail) = &state.app.trail else { return };
    let Ok(cell) = state.app.accounts.get(caller.account).await else { return };
    let account = cell.durable();
    let identity = UserIdentity { access_key_id: None, session: None, ..caller.identity(&account) };
    trail.add(event(sent, &account, identity, &additional(sent, device), None));
}

/// Notes that a sign-in failed, as a user or, without a name, as the root user. The name of a user that does not exist
/// may be a password, typed into the wrong field, and is not kept. Strangers cause these events: each address has as
/// many in a minute as it has attempts, and an account no more than [`super::attempts::MAX_RECORDED`].
pub fn failure(state: &State, sent: &Sent, account: &Account, name: Option<&str>) {
    let (Some(trail), Some(console)) = (&state.app.trail, &state.console) else { return };
    if !console.attempts.may_record(account.id, std::time::Instant::now()) {
        return;
    }
    let user = name.and_then(|name| account.users.get(&name_key(name)));
    let known =
        UserIdentity { account: Some(account.id), access_key_id: Some(String::new()), ..UserIdentity::default() };
    let (identity, why) = match (name, user) {
        (None, _) => {
            let (principal_id, arn) = (Some(account.id.to_string()), Some(account.id.root_arn()));
            (UserIdentity { kind: IdentityKind::Root, principal_id, arn, ..known }, "Failed authentication")
        }
        (Some(_), Some(user)) => {
            let (principal_id, user_name) = (Some(user.id.clone()), Some(user.name.clone()));
            (UserIdentity { kind: IdentityKind::IamUser, principal_id, user_name, ..known }, "Failed authentication")
        }
        (Some(_), None) => {
            let user_name = Some("HIDDEN_DUE_TO_SECURITY_REASONS".to_owned());
            let why = "No username found in supplied account";
            (UserIdentity { kind: IdentityKind::IamUser, user_name, ..known }, why)
        }
    };
    trail.add(event(sent, account, identity, &additional(sent, None), Some(why)));
}

/// Notes another event of AWS Sign-In about somebody who is signed in, or about to be.
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
