//! Console sessions. A cookie holds the sealed number of a session; all else is kept here, so that a session that is
//! ended is dead at once. A restart of the server ends them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::account::{Account, CredentialsOwner, PasswordHash};
use crate::http::State;
use crate::identity::{Caller, Principal, ServerKey};
use crate::shapes::{Secret, Timestamp};
use crate::sigv4::hmac;

/// What tickets of the server's key are for here.
const PURPOSE: &str = "console session";

/// The most sessions at a time; the oldest makes room.
const MAX_SESSIONS: usize = 10_000;

type Number = [u8; 16];

/// What a session depends on besides its time: the password that opened it, as it was.
pub type Revision = [u8; 32];

/// Somebody who is signed in.
pub struct SignedIn {
    number: Number,
    /// What forms of this session carry.
    pub csrf: Secret,
    /// Who acts.
    pub caller: Caller,
    /// When the session began.
    pub began: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// The password that opened it; sessions of roles that came without one have none.
    pub revision: Option<Revision>,
    /// Who switched to the role that acts.
    pub switched_from: Option<Arc<SignedIn>>,
    /// What the person calls the role that acts.
    pub display_name: Option<String>,
}

/// Who signs in, and until when.
pub struct Opening {
    /// Who acts.
    pub caller: Caller,
    /// When the session begins.
    pub began: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// The password that opens it.
    pub revision: Option<Revision>,
    /// Who switches to a role.
    pub switched_from: Option<Arc<SignedIn>>,
    /// What the person calls the role.
    pub display_name: Option<String>,
}

impl SignedIn {
    /// The session of the person: of who switched to a role, if somebody did.
    pub fn person(&self) -> &SignedIn {
        self.switched_from.as_deref().unwrap_or(self)
    }
}

/// Who is signed in.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<Number, Arc<SignedIn>>>);

/// A cookie's content.
#[derive(Serialize, Deserialize)]
struct Ticket(Number);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Number, Arc<SignedIn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session.
    pub fn open(&self, opening: Opening) -> Arc<SignedIn> {
        let Opening { caller, began, ends, revision, switched_from, display_name } = opening;
        let csrf = Secret::new(BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>()));
        let number = rand::random();
        let session = SignedIn { number, csrf, caller, began, ends, revision, switched_from, display_name };
        let session = Arc::new(session);
        let mut sessions = self.lock();
        if sessions.len() >= MAX_SESSIONS {
            sessions.retain(|_, session| began < session.ends);
            let oldest = sessions.values().min_by_key(|session| session.began).map(|session| session.number);
            if sessions.len() >= MAX_SESSIONS
                && let Some(oldest) = oldest
            {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(number, session.clone());
        session
    }

    /// Ends a session.
    pub fn close(&self, session: &SignedIn) {
        self.lock().remove(&session.number);
    }

    /// Ends all sessions of the same person.
    pub fn close_all_of(&self, session: &SignedIn) {
        let person = &session.person().caller;
        let is_same = |other: &Caller| other.account == person.account && other.user_id() == person.user_id();
        self.lock().retain(|_, other| !is_same(&other.person().caller));
    }

    fn find(&self, number: Number) -> Option<Arc<SignedIn>> {
        self.lock().get(&number).cloned()
    }
}

/// The name of the cookie. Cookies do not know ports, and several servers may run on this machine.
fn cookie_name(state: &State) -> String {
    format!("iamd-console-{}", state.listen.port())
}

/// The cookie of a session.
pub fn cookie(state: &State, session: &SignedIn, over_tls: bool) -> Option<HeaderValue> {
    let key: &ServerKey = &state.app.environment.key;
    let sealed = key.seal_ticket(PURPOSE, &Ticket(session.number), rand::random())?;
    written(state, &sealed, "", over_tls)
}

/// The cookie that takes a session's place when it has ended.
pub fn no_cookie(state: &State, over_tls: bool) -> Option<HeaderValue> {
    written(state, "", "; Max-Age=0", over_tls)
}

fn written(state: &State, value: &str, life: &str, over_tls: bool) -> Option<HeaderValue> {
    let secure = if over_tls { "; Secure" } else { "" };
    let name = cookie_name(state);
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{life}")).ok()
}

/// Who is signed in, by the cookie of a request. A session whose time or whose password is over has ended.
pub async fn signed_in(state: &State, headers: &HeaderMap, now: Timestamp) -> Option<Arc<SignedIn>> {
    let console = state.console.as_ref()?;
    let name = cookie_name(state);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, sealed) = pairs.find(|(own, _)| *own == name)?;
    let Ticket(number) = state.app.environment.key.open_ticket(PURPOSE, sealed)?;
    let session = console.sessions.find(number)?;
    if is_alive(state, &session, now).await {
        return Some(session);
    }
    console.sessions.close(&session);
    None
}

/// Whether a session goes on: its own time, its password's, and of a role also who switched to it.
async fn is_alive(state: &State, session: &SignedIn, now: Timestamp) -> bool {
    let mut parts = vec![session];
    parts.extend(session.switched_from.as_deref());
    for part in parts {
        let expired = part.caller.session.as_ref().is_some_and(|session| now >= session.expires);
        if now >= part.ends || expired {
            return false;
        }
        let Ok(cell) = state.app.accounts.get(part.caller.account).await else { return false };
        let account = cell.durable();
        if part.revision.is_some_and(|revision| revision_of(state, &part.caller, &account) != Some(revision)) {
            return false;
        }
        if part.caller.has_lost_its_role(&account) {
            return false;
        }
    }
    true
}

/// The revision of the password of a user or root user; `None` without a password.
pub fn revision_of(state: &State, caller: &Caller, account: &Account) -> Option<Revision> {
    match &caller.principal {
        Principal::Root => {
            let password = state.console.as_ref()?.root_password_of(caller.account)?;
            Some(revision_of_root(&password))
        }
        _ => {
            let user = caller.user(account).ok()??;
            let owner = CredentialsOwner::User(user.name.clone());
            let profile = account.credentials(&owner).ok()?.login_profile.as_ref()?;
            profile.password.as_ref().map(PasswordHash::revision)
        }
    }
}

/// What stands for the root user's password, which the settings have.
pub fn revision_of_root(password: &Secret) -> Revision {
    hmac(b"root password", password.reveal().as_bytes())
}
