//! What a person agreed to, as their account keeps it: at first it waits for its code, then it is what refresh tokens stand
//! for. It ends with the person's sign-ins.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Client;
use crate::account::{Account, SignIn, SignInSecret};
use crate::console::session::{Revision, is_unchanged};
use crate::console::visit::Visit;
use crate::error::{Error, Result};
use crate::http::State;
use crate::identity::Session;
use crate::shapes::{AccountId, Secret, Timestamp};

/// What tickets of the server's key are for here: codes, refresh tokens, and what the account keeps.
const CODE: &str = "aws login code";
const REFRESH_TOKEN: &str = "aws login refresh token";
const CONTENT: &str = "aws login content";
/// How refresh tokens begin, as AWS's do.
const REFRESH: &str = "ASOR";
/// The life of a code, in seconds.
const CODE_LIFE: i64 = 300;

/// What a code or refresh token holds: the account that keeps the grant, and the grant's secret.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Ticket {
    account: AccountId,
    secret: SignInSecret,
}

impl Ticket {
    /// The ticket in a code; `None` if this server gave no such code.
    pub fn of_code(state: &State, code: &Secret) -> Option<Self> {
        state.app.environment.key.open_ticket(CODE, code.reveal())
    }

    /// The ticket in a refresh token; `None` if this server gave no such token.
    pub fn of_refresh_token(state: &State, token: &Secret) -> Option<Self> {
        state.app.environment.key.open_ticket(REFRESH_TOKEN, token.reveal().strip_prefix(REFRESH)?)
    }

    /// The account that keeps the grant.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A refresh token, another one each time.
    pub fn refresh_token(&self, state: &State) -> Option<String> {
        let sealed = state.app.environment.key.seal_ticket(REFRESH_TOKEN, self, rand::random())?;
        Some(format!("{REFRESH}{sealed}"))
    }

    /// Sixteen bytes that name the sign-in. They say nothing of the secret.
    pub fn number(&self) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::digest([b"sign-in session".as_slice(), &self.secret].concat()).into();
        *digest.first_chunk().unwrap_or(&[0; 16])
    }
}

/// What a person agreed to.
#[derive(Serialize, Deserialize)]
pub struct Grant {
    /// The program that acts for the person.
    pub client: Client,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// The SHA-256 of the verifier that goes with the code.
    challenge: [u8; 32],
    /// Who acts, as a session token.
    session: String,
    /// The password of the person.
    revision: Option<Revision>,
    /// When credentials are given for the last time.
    pub ends: Timestamp,
    /// The thumbprint of the client's key, once the code was used.
    key: Option<[u8; 32]>,
}

/// What must go with a code.
pub struct Companions<'c> {
    /// The client.
    pub client: Client,
    /// Where the client says that the code was sent.
    pub redirect_uri: &'c str,
    /// The verifier of the challenge.
    pub verifier: &'c str,
    /// The thumbprint of the client's key.
    pub key: [u8; 32],
}

/// Why a grant gives no credentials.
#[derive(Clone, Copy)]
pub enum Unfit {
    /// There is no such grant any more, or its code was used.
    Over,
    /// What came with the code or token is not what goes with it.
    Companions,
    /// The person has another password.
    Password,
}

/// Keeps what the signed-in person agreed to; the code for it. One commit.
///
/// # Errors
/// When the account cannot be read or written.
pub async fn give(visit: &Visit, client: Client, redirect_uri: &str, challenge: [u8; 32]) -> Result<String> {
    let (state, session, now) = (&*visit.state, &visit.session, visit.sent.facts.now);
    let key = &state.app.environment.key;
    let acting = session.caller.session.as_deref().and_then(|acting| acting.token(key, rand::random(), 0));
    let sealing = || Error::internal("what a person agreed to could not be sealed");
    let grant = Grant {
        client,
        redirect_uri: redirect_uri.to_owned(),
        challenge,
        session: acting.ok_or_else(sealing)?,
        revision: session.revision,
        ends: session.ends.min(session.person().ends),
        key: None,
    };
    let ticket = Ticket { account: session.home(), secret: rand::random() };
    let row = SignIn {
        key: SignIn::key_of(&ticket.secret),
        person: session.owner.clone(),
        began: now,
        ends: now.plus(CODE_LIFE),
        content: key.seal_ticket(CONTENT, &grant, rand::random()).ok_or_else(sealing)?,
    };
    let code = key.seal_ticket(CODE, &ticket, rand::random()).ok_or_else(sealing)?;
    state.app.change(ticket.account, |account| account.add_sign_in(row.clone(), now)).await?;
    Ok(code)
}

/// Uses a code up, whatever comes with it: who has it without its companions has stolen it. A code that was used before
/// ends what it began (RFC 6749, section 4.1.2). One commit.
///
/// # Errors
/// When the account cannot be read or written.
pub async fn take(
    state: &State,
    ticket: Ticket,
    with: &Companions<'_>,
    now: Timestamp,
) -> Result<Result<Grant, Unfit>> {
    let key = &state.app.environment.key;
    let use_up = |account: &mut Account| {
        let Some(row) = account.sign_in(&ticket.secret, now).cloned() else { return Ok(Err(Unfit::Over)) };
        let grant: Option<Grant> = key.open_ticket(CONTENT, &row.content);
        account.remove::<SignIn>(&row.key);
        let Some(grant) = grant.filter(|grant| grant.key.is_none()) else { return Ok(Err(Unfit::Over)) };
        let challenge: [u8; 32] = Sha256::digest(with.verifier).into();
        let fits = grant.client == with.client && grant.redirect_uri == with.redirect_uri;
        if !fits || grant.challenge != challenge {
            return Ok(Err(Unfit::Companions));
        }
        if !is_unchanged(state, account, &row.person, grant.revision) {
            return Ok(Err(Unfit::Password));
        }
        let grant = Grant { key: Some(with.key), ..grant };
        let content = key.seal_ticket(CONTENT, &grant, rand::random());
        let content = content.ok_or_else(|| Error::internal("a sign-in could not be sealed"))?;
        account.add_sign_in(SignIn { ends: grant.ends, content, ..(*row).clone() }, now)?;
        Ok(Ok(grant))
    };
    state.app.change(ticket.account, use_up).await
}

/// The grant of a refresh token that its own client sends, with a proof by its own key. Nothing is written.
///
/// # Errors
/// When the account cannot be read.
pub async fn find(
    state: &State,
    ticket: Ticket,
    client: Client,
    key: [u8; 32],
    now: Timestamp,
) -> Result<Result<Grant, Unfit>> {
    let account = state.app.accounts.get(ticket.account).await?.durable();
    let Some(row) = account.sign_in(&ticket.secret, now) else { return Ok(Err(Unfit::Over)) };
    let grant: Option<Grant> = state.app.environment.key.open_ticket(CONTENT, &row.content);
    let Some(grant) = grant else { return Ok(Err(Unfit::Over)) };
    if grant.client != client || grant.key != Some(key) {
        return Ok(Err(Unfit::Companions));
    }
    if !is_unchanged(state, &account, &row.person, grant.revision) {
        return Ok(Err(Unfit::Password));
    }
    Ok(Ok(grant))
}

impl Grant {
    /// The session of who acts.
    pub fn session(&self, state: &State) -> Option<Session> {
        Session::open(&self.session, &state.app.environment.key)
    }
}
