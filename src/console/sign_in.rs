//! Sign-in with a password: account, name, password, then a code of an MFA device, then another password where it is time
//! for one (IAM User Guide, "Sign in to the AWS Management Console as an IAM user").

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::password::{check_password, is_expired, is_hard_expired};
use super::session::{Opening, Revision, cookie, no_cookie, revision_of};
use super::view::{Card, Field};
use super::visit::{Sent, Visit, sentence};
use super::{Console, answer, federation};
use crate::account::{Account, CredentialsOwner};
use crate::http::State;
use crate::identity::{Caller, Principal, Session, SessionPrincipal};
use crate::services;
use crate::shapes::{AccountId, Ids, Timestamp};
use crate::wire::Service;

/// The one sentence for a wrong account, name, password or code.
pub const WRONG: &str = "Your authentication information is incorrect. Please try again.";
/// The sentence for who guesses.
pub const TOO_MANY: &str = "Too many attempts failed. Wait a minute, then try again.";
/// The sentence for who cannot set a new password.
pub const EXPIRED: &str = "Your password has expired. Ask your administrator to set a new one.";
const PURPOSE: &str = "console sign-in";
/// How long a person may take between two steps, in seconds.
pub const STEP_LIFE: i64 = 300;
/// The life of a session of the console, in seconds.
const SESSION_LIFE: i64 = 43_200;

/// Somebody whose password was right, between two steps. It is sealed into the next form.
#[derive(Serialize, Deserialize)]
pub struct Step {
    /// The account.
    pub account: AccountId,
    /// Key and unique id of the user; none for the root user.
    pub user: Option<(String, String)>,
    /// The password that was right.
    pub revision: Revision,
    /// When the step must be done.
    pub good_until: Timestamp,
    /// When a code was given, and of which device.
    pub mfa: Option<(Timestamp, String)>,
    /// The page to go on to.
    pub next: String,
}

impl Step {
    /// Whose credentials they are; `None` if the user is gone.
    pub fn owner(&self, account: &Account) -> Option<CredentialsOwner> {
        match &self.user {
            None => Some(CredentialsOwner::Root),
            Some((key, id)) => {
                let user = account.users.get(key).filter(|user| user.id == *id)?;
                Some(CredentialsOwner::User(user.name.clone()))
            }
        }
    }

    /// Who acts once the step is passed.
    fn caller(&self, now: Timestamp, life: i64) -> Caller {
        let (principal, of_session) = match &self.user {
            None => (Principal::Root, SessionPrincipal::Root),
            Some((key, id)) => {
                let (key, id) = (key.clone(), id.clone());
                (Principal::User { key: key.clone(), id: id.clone() }, SessionPrincipal::User { key, id })
            }
        };
        let access_key_id = Ids::new(&mut rand::rng()).access_key("ASIA", self.account);
        let session = Session {
            expires: now.plus(life),
            mfa: self.mfa.as_ref().map(|(time, _)| *time),
            ..Session::new(access_key_id.clone(), self.account, of_session, now)
        };
        Caller { account: self.account, principal, access_key_id, session: Some(Arc::new(session)) }
    }
}

/// The form for account, name and password.
pub async fn form(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    match Sent::read(&state, peer.0, request).await {
        Ok(sent) => first_card(&sent, None),
        Err(refusal) => refusal,
    }
}

fn first_card(sent: &Sent, error: Option<&str>) -> Response {
    let is_root = sent.field("kind") == "root" || sent.field("as") == "root";
    let mut fields = vec![Field::required("account", "Account ID (12 digits) or alias").with(sent.field("account"))];
    if !is_root {
        fields.push(Field::required("user", "IAM user name").with(sent.field("user")));
    }
    fields.push(Field::required("password", "Password").of_kind("password"));
    let mut hidden = vec![("next".to_owned(), sent.field("next").to_owned())];
    hidden.push(("as".to_owned(), if is_root { "root" } else { "user" }.to_owned()));
    let other = if is_root { ("kind", "user", "Sign in as an IAM user") } else { ("kind", "root", "Root user") };
    let status = if error.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let title = if is_root { "Sign in as the root user" } else { "Sign in as an IAM user" };
    let buttons = vec![("do", "sign-in", "Sign in"), other];
    card(status, Card { buttons, hidden, fields, ..empty(title, "/console/signin", error) })
}

fn empty(title: &str, action: &str, error: Option<&str>) -> Card {
    Card {
        title: title.to_owned(),
        error: error.map(str::to_owned),
        text: String::new(),
        action: action.to_owned(),
        hidden: Vec::new(),
        fields: Vec::new(),
        buttons: vec![("do", "go-on", "Continue")],
        facts: Vec::new(),
    }
}

fn card(status: StatusCode, card: Card) -> Response {
    answer::page(status, &card)
}

/// The password of a user or root user.
pub async fn password(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let sent = match Sent::read(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    if !sent.field("kind").is_empty() {
        let kind = if sent.field("kind") == "root" { "root" } else { "user" };
        let mut sent = sent;
        sent.fields.retain(|(name, _)| name != "as");
        sent.fields.push(("as".to_owned(), kind.to_owned()));
        return first_card(&sent, None);
    }
    match check_password(&state, &sent).await {
        Ok(step) => go_on(&state, &sent, step).await,
        Err(why) => first_card(&sent, Some(why)),
    }
}

/// Asks for what is still missing, or signs in.
async fn go_on(state: &State, sent: &Sent, step: Step) -> Response {
    let now = sent.facts.now;
    let Ok(cell) = state.app.accounts.get(step.account).await else { return first_card(sent, Some(WRONG)) };
    let account = cell.durable();
    let Some(owner) = step.owner(&account) else { return first_card(sent, Some(WRONG)) };
    let caller = step.caller(now, SESSION_LIFE);
    if revision_of(state, &caller, &account) != Some(step.revision) || is_hard_expired(&account, &owner, now) {
        return first_card(sent, Some(WRONG));
    }
    let Ok(credentials) = account.credentials(&owner) else { return first_card(sent, Some(WRONG)) };
    if step.mfa.is_none() && !credentials.mfa_devices.is_empty() {
        return mfa_card(state, &step, None);
    }
    let profile = credentials.login_profile.as_ref().filter(|_| step.user.is_some());
    if profile.is_some_and(|profile| profile.reset_required) || is_expired(&account, &owner, now) {
        return new_password_card(state, &step, None);
    }
    let own = profile.and_then(|profile| profile.max_signin_session_duration).map(i64::from);
    sign_in(state, sent, &step, own.unwrap_or(SESSION_LIFE).min(SESSION_LIFE)).await
}

async fn sign_in(state: &State, sent: &Sent, step: &Step, life: i64) -> Response {
    let now = sent.facts.now;
    let Some(console) = &state.console else { return first_card(sent, Some(WRONG)) };
    let caller = step.caller(now, life);
    federation::success(state, sent, &caller, step.mfa.as_ref().map(|(_, device)| device.as_str())).await;
    let session = console.sessions.open(Opening {
        caller,
        began: now,
        ends: now.plus(life),
        revision: Some(step.revision),
        switched_from: None,
        display_name: None,
    });
    let next = Some(step.next.as_str()).filter(|next| answer::is_own_page(next)).unwrap_or("/console/");
    let mut response = answer::see_other(next);
    if let Some(cookie) = cookie(state, &session, sent.is_tls()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn sealed(state: &State, step: &Step) -> Vec<(String, String)> {
    let ticket = state.app.environment.key.seal_ticket(PURPOSE, step, rand::random());
    vec![("step".to_owned(), ticket.unwrap_or_default())]
}

fn opened(state: &State, sent: &Sent) -> Option<Step> {
    let step: Step = state.app.environment.key.open_ticket(PURPOSE, sent.field("step"))?;
    (sent.facts.now < step.good_until).then_some(step)
}

fn mfa_card(state: &State, step: &Step, error: Option<&str>) -> Response {
    let fields = vec![Field::required("code", "MFA code").of_kind("number").hint("Six digits of any of your devices.")];
    let status = if error.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let title = "Multi-factor authentication";
    card(status, Card { hidden: sealed(state, step), fields, ..empty(title, "/console/signin/mfa", error) })
}

/// The code of an MFA device.
pub async fn mfa(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let sent = match Sent::read(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    let Some(step) = opened(&state, &sent) else { return first_card(&sent, Some(WRONG)) };
    let (Some(console), Ok(cell)) = (&state.console, state.app.accounts.get(step.account).await) else {
        return first_card(&sent, Some(WRONG));
    };
    let account = cell.durable();
    let Some(owner) = step.owner(&account) else { return first_card(&sent, Some(WRONG)) };
    let name = owner.user_name().unwrap_or_default().to_owned();
    let subject = format!("{}/{name} code", step.account);
    if !console.attempts.begin(sent.facts.source_ip, &subject, Instant::now()) {
        return mfa_card(&state, &step, Some(TOO_MANY));
    }
    let caller = step.caller(sent.facts.now, STEP_LIFE);
    match state.app.check_sign_in_code(&caller, &owner, sent.field("code").trim(), &sent.facts).await {
        Ok(Some(device)) => {
            console.attempts.take_back(sent.facts.source_ip, &subject);
            let mfa = Some((sent.facts.now, device));
            go_on(&state, &sent, Step { mfa, ..step }).await
        }
        Ok(None) => {
            federation::failure(&state, &sent, &account, &name);
            mfa_card(&state, &step, Some(WRONG))
        }
        Err(error) => mfa_card(&state, &step, Some(&sentence(&error))),
    }
}

fn new_password_card(state: &State, step: &Step, error: Option<&str>) -> Response {
    let fields = vec![
        Field::required("old", "Current password").of_kind("password"),
        Field::required("new", "New password").of_kind("password"),
        Field::required("again", "New password again").of_kind("password"),
    ];
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let card = Card { hidden: sealed(state, step), fields, ..empty("", "/console/signin/new-password", error) };
    let text = "You must set a new password before you can go on.".to_owned();
    self::card(status, Card { title: "Set a new password".to_owned(), text, ..card })
}

/// Another password, where it is time for one. The user must be allowed to change it, as with the API.
pub async fn new_password(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let sent = match Sent::read(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    let Some(step) = opened(&state, &sent) else { return first_card(&sent, Some(WRONG)) };
    let Ok(cell) = state.app.accounts.get(step.account).await else { return first_card(&sent, Some(WRONG)) };
    let account = cell.durable();
    let caller = step.caller(sent.facts.now, STEP_LIFE);
    let needs_code = step
        .owner(&account)
        .and_then(|owner| account.credentials(&owner).ok())
        .is_none_or(|credentials| step.mfa.is_none() && !credentials.mfa_devices.is_empty());
    if needs_code || revision_of(&state, &caller, &account) != Some(step.revision) {
        return first_card(&sent, Some(WRONG));
    }
    if sent.field("new") != sent.field("again") {
        return new_password_card(&state, &step, Some("The new passwords differ."));
    }
    let Some(entry) = services::find(Service::IAM, "ChangePassword") else { return first_card(&sent, Some(WRONG)) };
    let parameters = [("OldPassword", sent.field("old")), ("NewPassword", sent.field("new"))];
    if let Err(error) = state.app.call_named(&caller, entry, &parameters, &sent.facts).await {
        return new_password_card(&state, &step, Some(&sentence(&error)));
    }
    let Ok(cell) = state.app.accounts.get(step.account).await else { return first_card(&sent, Some(WRONG)) };
    match revision_of(&state, &caller, &cell.durable()) {
        Some(revision) => go_on(&state, &sent, Step { revision, ..step }).await,
        None => first_card(&sent, Some(WRONG)),
    }
}

/// Ends the session.
pub async fn sign_out(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    end(state, peer.0, request, Console::end).await
}

/// Ends all sessions of the person.
pub async fn sign_out_everywhere(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    end(state, peer.0, request, Console::end_all).await
}

impl Console {
    fn end(&self, visit: &Visit) {
        self.sessions.close(&visit.session);
    }

    fn end_all(&self, visit: &Visit) {
        self.sessions.close_all_of(&visit.session);
    }
}

async fn end(state: Arc<State>, peer: SocketAddr, request: Request, end: fn(&Console, &Visit)) -> Response {
    let visit = match Visit::begin_form(state.clone(), peer, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    if let Some(console) = visit.console() {
        end(console, &visit);
    }
    let mut response = answer::see_other("/console/signin");
    if let Some(cookie) = no_cookie(&state, visit.sent.is_tls()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
