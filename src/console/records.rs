//! Sign-ins as events of the audit trail (CloudTrail User Guide, "AWS Management Console sign-in events").

use std::sync::Arc;

use serde_json::{Value, json};

use super::attempts::may_record;
use super::visit::Sent;
use crate::account::{Account, CredentialsOwner, name_key};
use crate::app::{Called, Came, Record};
use crate::audit::{Additions, Event, EventFailure, IdentityKind, UserIdentity};
use crate::http::{State, guard};
use crate::identity::{Caller, RequestFacts};

/// The prefix of AWS Sign-In's actions.
const SERVICE: &str = "signin";
const LOGIN: &str = "ConsoleLogin";

/// What CloudTrail adds to the record of a sign-in that leads to a page.
fn additional(page: &str, device: Option<&str>) -> Value {
    let used = if device.is_some() { "Yes" } else { "No" };
    let mut data = json!({"LoginTo": page, "MobileVersion": "No", "MFAUsed": used});
    if let (Some(device), Some(members)) = (device, data.as_object_mut()) {
        members.insert("MFAIdentifier".to_owned(), device.into());
    }
    data
}

/// The page that a form leads to.
fn page(sent: &Sent) -> String {
    let scheme = if sent.is_tls() { "https" } else { "http" };
    format!("{scheme}://{}/console/", guard::host(&sent.parts.headers))
}

/// What is noted.
struct Noted<'n> {
    name: &'n str,
    identity: UserIdentity,
    data: Value,
    /// What the record shows as the answer, besides that it succeeded.
    result: Option<(&'n str, Value)>,
    failure: Option<&'n str>,
}

fn add(state: &State, facts: &RequestFacts, account: &Account, noted: Noted<'_>) {
    let Noted { name, identity, data, result, failure } = noted;
    let outcome = if failure.is_some() { "Failure" } else { "Success" };
    let mut answer = json!({name: outcome});
    if let (Some((member, value)), Some(members)) = (result, answer.as_object_mut()) {
        members.insert(member.to_owned(), value);
    }
    let event = Event {
        sequence: 0,
        random: rand::random(),
        time: facts.now,
        account: account.id,
        shared_id: None,
        service: SERVICE.into(),
        name: name.to_owned().into(),
        region: facts.region.clone(),
        source: facts.source_ip.to_string(),
        user_agent: facts.user_agent.clone().unwrap_or_default(),
        request_id: facts.request_id.clone(),
        identity: Arc::new(identity),
        read_only: false,
        management: true,
        failure: failure.map(|why| EventFailure { code: "Failure".to_owned(), message: Some(why.to_owned()) }),
        parameters: Some(data.to_string()),
        result: Some(answer.to_string()),
        asked: Vec::new(),
        denial: None,
        micros: 0,
        additions: Additions { tls: facts.tls.clone(), ..Additions::default() },
    };
    state.app.add_event(event, account);
}

/// Notes that somebody signed in.
pub async fn success(state: &State, sent: &Sent, caller: &Caller, device: Option<&str>) {
    let Ok(cell) = state.app.accounts.get(caller.account).await else { return };
    let account = cell.durable();
    let identity = UserIdentity { access_key_id: None, session: None, ..caller.identity(&account) };
    let data = additional(&page(sent), device);
    add(state, &sent.facts, &account, Noted { name: LOGIN, identity, data, result: None, failure: None });
}

/// Notes that the right code of an MFA device was given at a sign-in.
pub fn mfa(state: &State, sent: &Sent, account: &Account, owner: &CredentialsOwner, caller: &Caller) {
    let devices = account.credentials(owner).map_or(0, |credentials| credentials.mfa_devices.len());
    let kind = if devices > 1 { "Multiple MFA Devices" } else { "Virtual MFA" };
    // Nobody has signed in yet.
    let access_key_id = Some(String::new());
    let identity = UserIdentity { access_key_id, session: None, arn: None, ..caller.identity(account) };
    let data = json!({"MfaType": kind});
    add(state, &sent.facts, account, Noted { name: "CheckMfa", identity, data, result: None, failure: None });
}

/// Notes that the session of a role, or of a federated user, opened a page.
pub async fn federated(state: &State, facts: &RequestFacts, caller: &Caller, page: &str) {
    let Ok(cell) = state.app.accounts.get(caller.account).await else { return };
    let account = cell.durable();
    // Whether such a person used an MFA device is for who has let it in to know.
    let (identity, data) = (caller.identity(&account), additional(page, None));
    add(state, facts, &account, Noted { name: LOGIN, identity, data, result: None, failure: None });
}

/// Notes that a session was changed for a sign-in token.
pub fn signin_token(state: &State, facts: &RequestFacts, caller: &Caller, account: &Account) {
    let noted = Noted {
        name: "GetSigninToken",
        identity: caller.identity(account),
        data: json!({"MobileVersion": "No", "MFAUsed": "No"}),
        result: Some(("credentials", json!({"accessKeyId": caller.access_key_id}))),
        failure: None,
    };
    add(state, facts, account, noted);
}

/// Notes that a sign-in failed, as a user or, without a name, as the root user. The name of a user that does not exist
/// may be a password, typed into the wrong field, and is not kept. Strangers cause these events: each address has as
/// many in a minute as it has attempts, and an account no more than [`super::attempts::MAX_RECORDED`].
pub async fn failure(state: &State, sent: &Sent, account: &Account, name: Option<&str>) {
    if state.app.trail.is_none() || !may_record(state, account.id).await {
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
    let data = additional(&page(sent), None);
    add(state, &sent.facts, account, Noted { name: LOGIN, identity, data, result: None, failure: Some(why) });
}

/// Notes another event of AWS Sign-In about somebody who is signed in, or about to be.
pub async fn note(state: &State, sent: &Sent, caller: &Caller, name: &'static str, data: Value) {
    let mut record = Record::begin();
    record.called_by(caller);
    if state.app.note_caller(&mut record, caller).await.is_err() {
        return;
    }
    record.note_parameters(data.to_string());
    let called = Called { service: SERVICE.into(), name: name.into(), read_only: false, management: true };
    state.app.keep_event(&mut record, &sent.facts, called, Came::Result(Some(json!({name: "Success"}).to_string())));
}
