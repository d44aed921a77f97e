//! Console sessions. A cookie holds the sealed secret of a session; all else is a row of the account of who signed in. A
//! session lasts as long as that row does, on every server of the database.

use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::account::{Account, CredentialsOwner, PasswordHash, Reference, SignIn, SignInSecret, User};
use crate::error::{Error, Result};
use crate::http::State;
use crate::identity::{Caller, Session};
use crate::shapes::{AccountId, Secret, Timestamp};
use crate::sigv4::hmac;

/// What tickets of the server's key are for here.
const PURPOSE: &str = "console session";
/// The same of what the account keeps.
const CONTENT: &str = "console session content";

/// What a session depends on besides its time: the password that opened it, as it was.
pub type Revision = [u8; 32];

/// Somebody who is signed in.
pub struct SignedIn {
    ticket: Ticket,
    /// What forms of this session carry.
    pub csrf: Secret,
    /// Who acts.
    pub caller: Caller,
    /// The unique id of who signed in.
    pub owner: String,
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
    /// Whose password it is.
    pub password_of: Option<CredentialsOwner>,
    /// Who switches to a role.
    pub switched_from: Option<Arc<SignedIn>>,
    /// What the person calls the role.
    pub display_name: Option<String>,
}

impl Opening {
    /// A session that depends on nothing but its time and who acts.
    pub fn new(caller: Caller, began: Timestamp, ends: Timestamp) -> Self {
        let (revision, password_of, switched_from, display_name) = (None, None, None, None);
        Self { caller, began, ends, revision, password_of, switched_from, display_name }
    }
}

/// A cookie's content: the account that keeps the session, its secret, and that of the person's own session if a role
/// was switched to.
#[derive(Clone, Serialize, Deserialize)]
struct Ticket {
    account: AccountId,
    secret: SignInSecret,
    person: Option<SignInSecret>,
}

/// What the account keeps, sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    session: String,
    revision: Option<Revision>,
    display_name: Option<String>,
}

impl SignedIn {
    /// The session of the person: of who switched to a role, if somebody did.
    pub fn person(&self) -> &SignedIn {
        self.switched_from.as_deref().unwrap_or(self)
    }

    /// The account that keeps the session: that of the person.
    pub fn home(&self) -> AccountId {
        self.ticket.account
    }

    /// The session of an account's row.
    fn read(state: &State, ticket: Ticket, row: &SignIn) -> Option<Self> {
        let key = &state.app.environment.key;
        let Content { session, revision, display_name } = key.open_ticket(CONTENT, &row.content)?;
        Some(Self {
            csrf: Secret::new(BASE64URL_NOPAD.encode(&hmac(&ticket.secret, b"forms of the console"))),
            caller: Caller::of_session(Session::open(&session, key)?),
            owner: row.person.clone(),
            ends: row.ends,
            revision,
            switched_from: None,
            display_name,
            ticket,
        })
    }
}

/// Opens a session, which the account of the person keeps. One commit.
///
/// # Errors
/// When the account cannot be read or written.
pub async fn open(state: &State, opening: Opening) -> Result<SignedIn> {
    let Opening { caller, began, ends, revision, password_of, switched_from, display_name } = opening;
    let key = &state.app.environment.key;
    let person = switched_from.as_deref();
    let ticket = Ticket {
        account: person.map_or(caller.account, SignedIn::home),
        secret: rand::random(),
        person: person.map(|person| person.ticket.secret),
    };
    let session = caller.session.as_deref().and_then(|session| session.token(key, rand::random(), 0));
    let session = session.ok_or_else(|| Error::internal("a console session has no session"))?;
    let content = key.seal_ticket(CONTENT, &Content { session, revision, display_name }, rand::random());
    let row = SignIn {
        key: SignIn::key_of(&ticket.secret),
        person: person.map_or_else(|| caller.user_id(), |person| person.owner.clone()),
        began,
        ends,
        content: content.ok_or_else(|| Error::internal("a console session could not be sealed"))?,
    };
    let change = |account: &mut Account| {
        if let Some(owner) = &password_of {
            account.note_password_use(owner, began)?;
        }
        account.add_sign_in(row.clone(), began)
    };
    state.app.change(ticket.account, change).await?;
    let opened = SignedIn::read(state, ticket, &row);
    let opened = opened.ok_or_else(|| Error::internal("a console session could not be read"))?;
    Ok(SignedIn { switched_from, ..opened })
}

/// Ends a session, and that of the person with it if `with_person` says so.
///
/// # Errors
/// When the account cannot be written.
pub async fn close(state: &State, session: &SignedIn, with_person: bool) -> Result<()> {
    let person = session.ticket.person.as_ref().filter(|_| with_person);
    let keys: Vec<_> = [&session.ticket.secret].into_iter().chain(person).map(SignIn::key_of).collect();
    let end = |account: &mut Account| {
        keys.iter().for_each(|key| account.remove::<SignIn>(key));
        Ok(())
    };
    state.app.change(session.home(), end).await
}

/// Ends all sessions of the same person, those of the command line too.
///
/// # Errors
/// When the account cannot be written.
pub async fn close_all_of(state: &State, session: &SignedIn) -> Result<()> {
    let end = |account: &mut Account| {
        account.end_sign_ins_of(&session.owner);
        Ok(())
    };
    state.app.change(session.home(), end).await
}

/// The name of a cookie. Cookies do not know ports, and several servers may run on this machine; those on one database
/// have the same cookies, whatever their ports.
fn cookie_name(state: &State, kind: &str) -> String {
    if state.app.store.is_shared() {
        let name = state.app.environment.key.fingerprint("cookies");
        return format!("iamd-{kind}-{}", HEXLOWER.encode(name.first_chunk::<8>().unwrap_or(&[0; 8])));
    }
    format!("iamd-{kind}-{}", state.listen.port())
}

/// A cookie that no script reads and no other site sends.
pub fn written(state: &State, kind: &str, value: &str, life: &str, over_tls: bool) -> Option<HeaderValue> {
    let secure = if over_tls { "; Secure" } else { "" };
    let name = cookie_name(state, kind);
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{life}")).ok()
}

/// The value of a cookie of this server.
pub fn sent_cookie<'h>(state: &State, kind: &str, headers: &'h HeaderMap) -> Option<&'h str> {
    let name = cookie_name(state, kind);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The cookie of a session.
pub fn cookie(state: &State, session: &SignedIn, over_tls: bool) -> Option<HeaderValue> {
    let sealed = state.app.environment.key.seal_ticket(PURPOSE, &session.ticket, rand::random())?;
    written(state, "console", &sealed, "", over_tls)
}

/// The cookie that takes a session's place when it has ended.
pub fn no_cookie(state: &State, over_tls: bool) -> Option<HeaderValue> {
    written(state, "console", "", "; Max-Age=0", over_tls)
}

/// Who is signed in, by the cookie of a request. A session whose time or whose password is over has ended.
pub async fn signed_in(state: &State, headers: &HeaderMap, now: Timestamp) -> Option<Arc<SignedIn>> {
    let sealed = sent_cookie(state, "console", headers)?;
    let ticket: Ticket = state.app.environment.key.open_ticket(PURPOSE, sealed)?;
    let home = state.app.accounts.get(ticket.account).await.ok()?.durable();
    let person = match ticket.person {
        Some(secret) => Some(find(state, &home, Ticket { secret, person: None, ..ticket.clone() }, now).await?),
        None => None,
    };
    match (find(state, &home, ticket, now).await, person) {
        (Some(session), person) => Some(Arc::new(SignedIn { switched_from: person.map(Arc::new), ..session })),
        // The role's time is over, the person's is not.
        (None, person) => person.map(Arc::new),
    }
}

/// A session that goes on: its row is there, its password is the same, and who acts still exists.
async fn find(state: &State, home: &Account, ticket: Ticket, now: Timestamp) -> Option<SignedIn> {
    let row = home.sign_in(&ticket.secret, now)?;
    let session = SignedIn::read(state, ticket, row)?;
    let expired = session.caller.session.as_ref().is_none_or(|session| now >= session.expires);
    if expired || !is_unchanged(state, home, &session.owner, session.revision) {
        return None;
    }
    for id in [home.id, session.caller.account] {
        if state.app.accounts.is_closed(id).await.ok()? {
            return None;
        }
    }
    let account = state.app.accounts.get(session.caller.account).await.ok()?.durable();
    still_exists(&session.caller, &account).then_some(session)
}

/// Whether the password that somebody signed in with is still the one. Who came without one need not have one.
pub fn is_unchanged(state: &State, home: &Account, person: &str, revision: Option<Revision>) -> bool {
    revision.is_none_or(|revision| revision_of(state, home, person) == Some(revision))
}

/// Whether the user or role behind a session is still there.
pub fn still_exists(caller: &Caller, account: &Account) -> bool {
    !caller.has_lost_its_role(account) && caller.acting_user(account).is_ok()
}

/// The revision of the password of a user or root user, by its unique id; `None` without a password.
pub fn revision_of(state: &State, account: &Account, person: &str) -> Option<Revision> {
    if person == account.id.to_string() {
        let password = state.console.as_ref()?.root_password_of(account.id)?;
        return Some(revision_of_root(&password));
    }
    let user = account.referrers::<User>(&Reference::UniqueId(person.to_owned())).next()?;
    user.credentials.login_profile.as_ref()?.password.as_ref().map(PasswordHash::revision)
}

/// What stands for the root user's password, which the settings have.
pub fn revision_of_root(password: &Secret) -> Revision {
    hmac(b"root password", password.reveal().as_bytes())
}
