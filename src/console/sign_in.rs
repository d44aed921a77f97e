//! Sign-in with a password: account, name, password, then a code of an MFA device, then another password where it is time
//! for one (IAM User Guide, "Sign in to the AWS Management Console as an IAM user").

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attempts::Attempt;
use super::form_token::FormToken;
use super::guard::sign_in_host;
use super::password::{check_password, is_expired, is_hard_expired};
use super::session::{self, Opening, Revision, cookie, no_cookie, revision_of};
use super::view::{Card, Field};
use super::visit::{Sent, Visit, sentence};
use super::{answer, records};
use crate::account::{Account, CredentialsOwner};
use crate::http::{State, guard};
use crate::identity::{Caller, Session, SessionPrincipal};
use crate::services;
use crate::shapes::{AccountId, Ids, Timestamp};
use crate::wire::Service;

/// The one sentence for a wrong account, name, password or code.
pub const WRONG: &str = "Your authentication information is incorrect. Please try again.";
/// The sentence for who guesses.
pub const TOO_MANY: &str = "Too many attempts failed. Wait a minute, then try again.";
/// The sentence while failed attempts cannot be counted.
pub const UNAVAILABLE: &str = "The server cannot reach its database. Please try again later.";
/// The sentence for who cannot set a new password.
pub const EXPIRED: &str = "Your password has expired. Ask your administrator to set a new one.";
/// The sentence for a form of another browser, or of before the server's key was another.
const STALE: &str = "The form was too old. Please try again.";
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
        let principal = match &self.user {
            None => SessionPrincipal::Root,
            Some((key, id)) => SessionPrincipal::User { key: key.clone(), id: id.clone() },
        };
        let access_key_id = Ids::new(&mut rand::rng()).access_key("ASIA", self.account);
        Caller::of_session(Session {
            expires: now.plus(life),
            mfa: self.mfa.as_ref().map(|(time, _)| *time),
            ..Session::new(access_key_id, self.account, principal, now)
        })
    }

    /// The unique id of who signs in.
    fn person(&self) -> String {
        self.user.as_ref().map_or_else(|| self.account.to_string(), |(_, id)| id.clone())
    }

    /// The user's name, where a user signs in.
    fn name(&self) -> Option<&str> {
        self.user.as_ref().map(|(key, _)| key.as_str())
    }
}

/// The form for account, name and password.
pub async fn form(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    match Sent::read(&state, peer.0, request).await {
        Ok(sent) => first_card(&state, &sent, None),
        Err(refusal) => refusal,
    }
}

/// Reads a form of sign-in, which must carry the token of this browser.
async fn read_form(state: &State, peer: SocketAddr, request: Request) -> Result<Sent, Response> {
    let sent = Sent::read(state, peer, request).await?;
    if FormToken::fits(state, &sent) {
        return Ok(sent);
    }
    let mut response = first_card(state, &sent, Some(STALE));
    *response.status_mut() = StatusCode::FORBIDDEN;
    Err(response)
}

/// A form of sign-in with the token of this browser.
fn card(state: &State, sent: &Sent, status: StatusCode, card: Card) -> Response {
    let token = FormToken::of(state, sent);
    let mut response = card.hiding("csrf", token.value).answer(status);
    if let Some(cookie) = token.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The status of a form that is shown, after an error or for the first time.
fn status(error: Option<&str>) -> StatusCode {
    if error.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK }
}

fn first_card(state: &State, sent: &Sent, error: Option<&str>) -> Response {
    let kind = Some(sent.field("kind")).filter(|kind| !kind.is_empty()).unwrap_or(sent.field("as"));
    let is_root = kind == "root";
    let of_host = sign_in_host(guard::host(&sent.parts.headers)).unwrap_or_default();
    let account = Some(sent.field("account")).filter(|account| !account.is_empty()).unwrap_or(of_host);
    let mut fields = vec![Field::required("account", "Account ID (12 digits) or alias").with(account)];
    if !is_root {
        fields.push(Field::required("user", "IAM user name").with(sent.field("user")));
    }
    fields.push(Field::required("password", "Password").of_kind("password"));
    let other = if is_root { ("kind", "user", "Sign in as an IAM user") } else { ("kind", "root", "Root user") };
    let title = if is_root { "Sign in as the root user" } else { "Sign in as an IAM user" };
    let form = Card::form(title, "/console/signin", error)
        .hiding("next", sent.field("next"))
        .hiding("as", if is_root { "root" } else { "user" });
    card(state, sent, status(error), Card { buttons: vec![("do", "sign-in", "Sign in"), other], fields, ..form })
}

/// The password of a user or root user.
pub async fn password(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let sent = match read_form(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    if !sent.field("kind").is_empty() {
        return first_card(&state, &sent, None);
    }
    match check_password(&state, &sent).await {
        Ok(step) => go_on(&state, &sent, step).await,
        Err(why) => first_card(&state, &sent, Some(why)),
    }
}

/// Asks for what is still missing, or signs in.
async fn go_on(state: &State, sent: &Sent, step: Step) -> Response {
    let now = sent.facts.now;
    let wrong = || first_card(state, sent, Some(WRONG));
    let Ok(cell) = state.app.accounts.get(step.account).await else { return wrong() };
    let account = cell.durable();
    let Some(owner) = step.owner(&account) else { return wrong() };
    let is_changed = revision_of(state, &account, &step.person()) != Some(step.revision);
    if is_changed || is_hard_expired(&account, &owner, now) {
        return wrong();
    }
    let Ok(credentials) = account.credentials(&owner) else { return wrong() };
    if step.mfa.is_none() && !credentials.mfa_devices.is_empty() {
        return mfa_card(state, sent, &step, None);
    }
    let profile = credentials.login_profile.as_ref().filter(|_| step.user.is_some());
    if profile.is_some_and(|profile| profile.reset_required) || is_expired(&account, &owner, now) {
        return new_password_card(state, sent, &step, None);
    }
    let own = profile.and_then(|profile| profile.max_signin_session_duration).map(i64::from);
    sign_in(state, sent, &step, owner, own.unwrap_or(SESSION_LIFE).min(SESSION_LIFE)).await
}

async fn sign_in(state: &State, sent: &Sent, step: &Step, owner: CredentialsOwner, life: i64) -> Response {
    let now = sent.facts.now;
    let caller = step.caller(now, life);
    let (revision, password_of) = (Some(step.revision), Some(owner));
    let opening = Opening { revision, password_of, ..Opening::new(caller.clone(), now, now.plus(life)) };
    let session = match session::open(state, opening).await {
        Ok(session) => session,
        Err(error) => return first_card(state, sent, Some(&sentence(&error))),
    };
    records::success(state, sent, &caller, step.mfa.as_ref().map(|(_, device)| device.as_str())).await;
    let next = Some(step.next.as_str()).filter(|next| answer::is_own_page(next)).unwrap_or("/console/");
    let mut response = answer::see_other(next);
    if let Some(cookie) = cookie(state, &session, sent.is_tls()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A form of the next step. The step is sealed into it, and goes with the browser's token.
fn step_form(state: &State, step: &Step, title: &str, action: &str, error: Option<&str>) -> Card {
    let ticket = state.app.environment.key.seal_ticket(PURPOSE, step, rand::random());
    Card::form(title, action, error).hiding("step", ticket.unwrap_or_default())
}

fn opened(state: &State, sent: &Sent) -> Option<Step> {
    let step: Step = state.app.environment.key.open_ticket(PURPOSE, sent.field("step"))?;
    (sent.facts.now < step.good_until).then_some(step)
}

fn mfa_card(state: &State, sent: &Sent, step: &Step, error: Option<&str>) -> Response {
    let fields = vec![Field::required("code", "MFA code").of_kind("number").hint("Six digits of any of your devices.")];
    let form = step_form(state, step, "Multi-factor authentication", "/console/signin/mfa", error);
    card(state, sent, status(error), Card { fields, ..form })
}

/// The code of an MFA device.
pub async fn mfa(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let sent = match read_form(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    let wrong = || first_card(&state, &sent, Some(WRONG));
    let Some(step) = opened(&state, &sent) else { return wrong() };
    let Ok(cell) = state.app.accounts.get(step.account).await else { return wrong() };
    let account = cell.durable();
    let Some(owner) = step.owner(&account) else { return wrong() };
    let subject = format!("code {}/{}", step.account, step.name().unwrap_or_default());
    let attempt = match Attempt::begin(&state, sent.facts.source_ip, &subject).await {
        Ok(Some(attempt)) => attempt,
        Ok(None) => return mfa_card(&state, &sent, &step, Some(TOO_MANY)),
        Err(_) => return mfa_card(&state, &sent, &step, Some(UNAVAILABLE)),
    };
    let caller = step.caller(sent.facts.now, STEP_LIFE);
    match state.app.check_sign_in_code(&caller, &owner, sent.field("code").trim(), &sent.facts).await {
        Ok(Some(device)) => {
            attempt.take_back(&state).await;
            records::mfa(&state, &sent, &account, &owner, &caller);
            let mfa = Some((sent.facts.now, device));
            go_on(&state, &sent, Step { mfa, ..step }).await
        }
        Ok(None) => {
            records::failure(&state, &sent, &account, step.name()).await;
            mfa_card(&state, &sent, &step, Some(WRONG))
        }
        Err(error) => mfa_card(&state, &sent, &step, Some(&sentence(&error))),
    }
}

fn new_password_card(state: &State, sent: &Sent, step: &Step, error: Option<&str>) -> Response {
    let fields = vec![
        Field::required("old", "Current password").of_kind("password"),
        Field::required("new", "New password").of_kind("new-password"),
        Field::required("again", "New password again").of_kind("new-password"),
    ];
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let form = step_form(state, step, "Set a new password", "/console/signin/new-password", error);
    let text = "You must set a new password before you can go on.".to_owned();
    card(state, sent, status, Card { fields, text, ..form })
}

/// Another password, where it is time for one. The user must be allowed to change it, as with the API.
pub async fn new_password(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let sent = match read_form(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    let wrong = || first_card(&state, &sent, Some(WRONG));
    let Some(step) = opened(&state, &sent) else { return wrong() };
    let Ok(cell) = state.app.accounts.get(step.account).await else { return wrong() };
    let account = cell.durable();
    let needs_code = step
        .owner(&account)
        .and_then(|owner| account.credentials(&owner).ok())
        .is_none_or(|credentials| step.mfa.is_none() && !credentials.mfa_devices.is_empty());
    if needs_code || revision_of(&state, &account, &step.person()) != Some(step.revision) {
        return wrong();
    }
    if sent.field("new") != sent.field("again") {
        return new_password_card(&state, &sent, &step, Some("The new passwords differ."));
    }
    let caller = step.caller(sent.facts.now, STEP_LIFE);
    let Some(entry) = services::find(Service::IAM, "ChangePassword") else { return wrong() };
    let parameters = [("OldPassword", sent.field("old")), ("NewPassword", sent.field("new"))];
    if let Err(error) = state.app.call_named(&caller, entry, &parameters, &sent.facts).await {
        return new_password_card(&state, &sent, &step, Some(&sentence(&error)));
    }
    records::note(&state, &sent, &caller, "PasswordUpdated", Value::Null).await;
    let Ok(cell) = state.app.accounts.get(step.account).await else { return wrong() };
    match revision_of(&state, &cell.durable(), &step.person()) {
        Some(revision) => go_on(&state, &sent, Step { revision, ..step }).await,
        None => wrong(),
    }
}

/// Ends the session.
pub async fn sign_out(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    end(state, peer.0, request, false).await
}

/// Ends all sessions of the person, and what `aws login` gave to command lines.
pub async fn sign_out_everywhere(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    end(state, peer.0, request, true).await
}

async fn end(state: Arc<State>, peer: SocketAddr, request: Request, everywhere: bool) -> Response {
    let visit = match Visit::begin_form(state.clone(), peer, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let ended = match everywhere {
        true => session::close_all_of(&state, &visit.session).await,
        false => session::close(&state, &visit.session, true).await,
    };
    if let Err(error) = ended {
        return answer::failed(&error);
    }
    let mut response = answer::see_other("/console/signin");
    if let Some(cookie) = no_cookie(&state, visit.sent.is_tls()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
