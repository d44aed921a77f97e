//! The endpoint at which the command line changes its code, and later its refresh tokens, for credentials.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::grant::{self, Companions, Grant, Ticket, Unfit};
use super::proof::{self, Proof};
use super::{Client, permission};
use crate::console::records;
use crate::console::session::still_exists;
use crate::console::visit::Sent;
use crate::http::State;
use crate::identity::{Caller, ProviderValue, SIGN_IN_SESSION_KEY, Session};
use crate::keys::{Algorithm, SigningKey};
use crate::shapes::{Ids, Secret, Timestamp};

const ACTION: &str = "signin:CreateOAuth2Token";
/// The life of credentials, in seconds.
const LIFE: i64 = 900;
/// The most bytes of a refresh token.
const MAX_REFRESH: usize = 12_288;

/// What a client sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Wanted {
    client_id: String,
    grant_type: String,
    code: Option<Secret>,
    code_verifier: Option<Secret>,
    redirect_uri: Option<String>,
    refresh_token: Option<Secret>,
}

/// Why there are no credentials: status, exception, code and sentence.
struct Refusal(StatusCode, &'static str, &'static str, String);

impl Refusal {
    fn denied(code: &'static str, why: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, "AccessDeniedException", code, why.to_owned())
    }

    fn invalid(why: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, "ValidationException", "INVALID_REQUEST", why.to_owned())
    }

    fn changed() -> Self {
        Self::denied("USER_CREDENTIALS_CHANGED", "The password was changed, or the principal is gone.")
    }

    fn failed() -> Self {
        let why = "The server failed; its log says why.".to_owned();
        Self(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", "server_error", why)
    }
}

/// Changes a code or a refresh token for credentials.
pub async fn token(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let sent = match Sent::read(&state, peer.0, request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    match answer(&state, &sent).await {
        Ok(credentials) => Json(credentials).into_response(),
        Err(Refusal(status, exception, code, message)) => {
            let kind = [("x-amzn-errortype", exception)];
            (status, kind, Json(json!({"error": code, "message": message}))).into_response()
        }
    }
}

async fn answer(state: &State, sent: &Sent) -> Result<Value, Refusal> {
    let wanted = read(sent)?;
    let client =
        Client::parse(&wanted.client_id).ok_or_else(|| Refusal::invalid("clientId is not one of aws login's."))?;
    let proofs: Vec<_> = sent.parts.headers.get_all("dpop").iter().collect();
    let [given] = proofs.as_slice() else { return Err(Refusal::invalid("The request must have one DPoP header.")) };
    let proof = given.to_str().ok().and_then(|given| proof::check(given, Utc::now().timestamp()));
    let proof = proof.ok_or_else(|| Refusal::invalid("The DPoP proof is not valid."))?;
    let now = sent.facts.now;
    match wanted.grant_type.as_str() {
        "authorization_code" => {
            let (ticket, grant) = begin(state, &wanted, client, proof, now).await?;
            issue(state, sent, ticket, &grant, true).await
        }
        "refresh_token" => {
            let (ticket, grant) = go_on(state, &wanted, client, proof, now).await?;
            issue(state, sent, ticket, &grant, false).await
        }
        _ => Err(Refusal::invalid("grantType must be authorization_code or refresh_token.")),
    }
}

/// The parameters, which come in JSON or as a form.
fn read(sent: &Sent) -> Result<Wanted, Refusal> {
    let kind = sent.parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let field = |name: &str| Some(sent.field(name)).filter(|value| !value.is_empty());
        return Ok(Wanted {
            client_id: sent.field("clientId").to_owned(),
            grant_type: sent.field("grantType").to_owned(),
            code: field("code").map(Secret::new),
            code_verifier: field("codeVerifier").map(Secret::new),
            redirect_uri: field("redirectUri").map(str::to_owned),
            refresh_token: field("refreshToken").map(Secret::new),
        });
    }
    serde_json::from_slice(&sent.body).map_err(|_| Refusal::invalid("The body must be an object in JSON."))
}

/// The beginning of a chain: a code that was not used, with its verifier.
async fn begin(
    state: &State,
    wanted: &Wanted,
    client: Client,
    proof: Proof,
    now: Timestamp,
) -> Result<(Ticket, Grant), Refusal> {
    let missing = || Refusal::invalid("code, codeVerifier and redirectUri are required.");
    let code = wanted.code.as_ref().ok_or_else(missing)?;
    let verifier = wanted.code_verifier.as_ref().ok_or_else(missing)?.reveal();
    let redirect_uri = wanted.redirect_uri.as_ref().ok_or_else(missing)?;
    let is_verifier = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if !(43..=128).contains(&verifier.len()) || !verifier.chars().all(is_verifier) {
        return Err(Refusal::invalid("codeVerifier must have 43 to 128 characters of A-Z, a-z, 0-9, -, ., _ and ~."));
    }
    let over = || Refusal::denied("AUTHCODE_EXPIRED", "The authorization code has expired or was used.");
    let ticket = Ticket::of_code(state, code).ok_or_else(over)?;
    let companions = Companions { client, redirect_uri, verifier, key: proof.key };
    let taken = grant::take(state, ticket, &companions, now).await.map_err(|_| Refusal::failed())?;
    let companions = "The code does not go with clientId, codeVerifier and redirectUri.";
    let grant = taken.map_err(|unfit| refusal(unfit, over(), companions))?;
    must_be_first_used(state, &proof, ticket, now).await?;
    Ok((ticket, grant))
}

/// The chain of a refresh token, which its own client shows with its own key.
async fn go_on(
    state: &State,
    wanted: &Wanted,
    client: Client,
    proof: Proof,
    now: Timestamp,
) -> Result<(Ticket, Grant), Refusal> {
    let token = wanted.refresh_token.as_ref().ok_or_else(|| Refusal::invalid("refreshToken is required."))?;
    let over = || Refusal::denied("TOKEN_EXPIRED", "The refresh token is not valid, or the sign-in has ended.");
    let token = Some(token).filter(|token| token.reveal().len() <= MAX_REFRESH);
    let ticket = token.and_then(|token| Ticket::of_refresh_token(state, token)).ok_or_else(over)?;
    let found = grant::find(state, ticket, client, proof.key, now).await.map_err(|_| Refusal::failed())?;
    let companions = "The refresh token is bound to another client or another key.";
    let grant = found.map_err(|unfit| refusal(unfit, over(), companions))?;
    must_be_first_used(state, &proof, ticket, now).await?;
    Ok((ticket, grant))
}

/// A proof is good once. It is used up last, so that only who has a code or token can fill the memory of proofs.
async fn must_be_first_used(state: &State, proof: &Proof, ticket: Ticket, now: Timestamp) -> Result<(), Refusal> {
    match proof.is_first_used(state, ticket.account(), now).await {
        Ok(true) => Ok(()),
        Err(_) => Err(Refusal::failed()),
        Ok(false) => Err(Refusal::invalid("The DPoP proof was used before.")),
    }
}

/// The refusal of a grant that is of no use, which is worded by what the client sent for it.
fn refusal(unfit: Unfit, over: Refusal, companions: &str) -> Refusal {
    match unfit {
        Unfit::Over => over,
        Unfit::Companions => Refusal::invalid(companions),
        Unfit::Password => Refusal::changed(),
    }
}

async fn issue(state: &State, sent: &Sent, ticket: Ticket, grant: &Grant, is_new: bool) -> Result<Value, Refusal> {
    let (now, environment) = (sent.facts.now, &state.app.environment);
    let base = grant.session(state).ok_or_else(Refusal::failed)?;
    let ends = grant.ends.min(base.expires);
    if now >= ends {
        return Err(Refusal::denied("TOKEN_EXPIRED", "The sign-in has ended."));
    }
    let base_account = base.account;
    let account = state.app.accounts.get(base.account).await.map_err(|_| Refusal::failed())?.durable();
    let access_key_id = Ids::new(&mut rand::rng()).access_key("ASIA", base.account);
    let number = uuid::Builder::from_random_bytes(ticket.number()).into_uuid();
    let arn =
        format!("arn:{}:signin:{}:{}:session/{number}", base.account.partition(), sent.facts.region, base.account);
    let mut session =
        Session { access_key_id: access_key_id.clone(), issued: now, expires: ends.min(now.plus(LIFE)), ..base };
    session.provider_keys.push((SIGN_IN_SESSION_KEY.to_owned(), ProviderValue::One(arn)));
    let expires = session.expires;
    let caller = Caller::of_session(session.clone());
    let is_closed = state.app.accounts.is_closed(base_account).await.map_err(|_| Refusal::failed())?;
    if is_closed || !still_exists(&caller, &account) {
        return Err(Refusal::changed());
    }
    let grant_type = if is_new { "authorization_code" } else { "refresh_token" };
    let keys = [("signin:OAuthGrantType".to_owned(), vec![grant_type.to_owned()])];
    permission::ask(state, &caller, &sent.facts, ACTION, grant.client, &keys).await.map_err(|error| {
        Refusal::denied("INSUFFICIENT_PERMISSIONS", error.message().unwrap_or("The principal may not sign in."))
    })?;
    let data = json!({"clientId": grant.client.id(), "grantType": grant_type});
    records::note(state, sent, &caller, "CreateOAuth2Token", data).await;
    let token = session.token(&environment.key, rand::random(), 0).ok_or_else(Refusal::failed)?;
    let refresh = ticket.refresh_token(state).ok_or_else(Refusal::failed)?;
    let mut answer = json!({
        "accessToken": {
            "accessKeyId": access_key_id,
            "secretAccessKey": environment.key.session_secret(&access_key_id).reveal(),
            "sessionToken": token,
        },
        "tokenType": "aws_sigv4",
        "expiresIn": expires.seconds() - now.seconds(),
        "refreshToken": refresh,
    });
    if is_new && let Some(members) = answer.as_object_mut() {
        let subject = caller.arn(&account).map_err(|_| Refusal::failed())?;
        members.insert("idToken".to_owned(), id_token(&subject, now, expires).ok_or_else(Refusal::failed)?.into());
    }
    Ok(answer)
}

/// Says who signed in. Clients read the subject and verify nothing, so that its key is made for it and thrown away.
fn id_token(subject: &str, now: Timestamp, expires: Timestamp) -> Option<String> {
    let claims = json!({
        "iss": "https://signin.aws.amazon.com/signin",
        "aud": "arn:aws:signin:::cli/same-device",
        "sub": subject,
        "session_arn": subject,
        "iat": now.seconds(),
        "exp": expires.seconds(),
    });
    SigningKey::generate(Algorithm::Es384).ok()?.sign(&claims).ok()
}
