//! The endpoint at which the command line changes its code, and later its refresh tokens, for credentials.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use data_encoding::BASE64URL_NOPAD;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Client, permission, proof};
use crate::console::federation;
use crate::console::session::{Revision, revision_of};
use crate::console::visit::Sent;
use crate::http::State;
use crate::identity::{Caller, ProviderValue, SIGN_IN_SESSION_KEY, Session};
use crate::keys::{Algorithm, SigningKey};
use crate::shapes::{Ids, Secret, Timestamp};

const ACTION: &str = "signin:CreateOAuth2Token";
const PURPOSE: &str = "aws login";
/// The life of credentials, in seconds.
const LIFE: i64 = 900;
/// How refresh tokens begin.
const REFRESH: &str = "ASOR";
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

/// What a refresh token stands for.
#[derive(Serialize, Deserialize)]
struct Chain {
    client: Client,
    /// The thumbprint of the client's key.
    key: [u8; 32],
    /// Who acts, as a session token.
    session: String,
    revision: Option<Revision>,
    ends: Timestamp,
    /// The number of the sign-in.
    number: [u8; 16],
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
    let console = state.console.as_ref().ok_or_else(Refusal::failed)?;
    let wanted = read(sent)?;
    let client =
        Client::parse(&wanted.client_id).ok_or_else(|| Refusal::invalid("clientId is not one of aws login's."))?;
    let proofs: Vec<_> = sent.parts.headers.get_all("dpop").iter().collect();
    let [given] = proofs.as_slice() else { return Err(Refusal::invalid("The request must have one DPoP header.")) };
    let key = given.to_str().ok().and_then(|given| proof::check(&console.codes, given, Utc::now().timestamp()));
    let key = key.ok_or_else(|| Refusal::invalid("The DPoP proof is not valid."))?;
    let (chain, is_new) = match wanted.grant_type.as_str() {
        "authorization_code" => (begin(state, sent, &wanted, client, key)?, true),
        "refresh_token" => (go_on(state, &wanted, client, key)?, false),
        _ => return Err(Refusal::invalid("grantType must be authorization_code or refresh_token.")),
    };
    issue(state, sent, chain, is_new).await
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
fn begin(state: &State, sent: &Sent, wanted: &Wanted, client: Client, key: [u8; 32]) -> Result<Chain, Refusal> {
    let missing = || Refusal::invalid("code, codeVerifier and redirectUri are required.");
    let code = wanted.code.as_ref().ok_or_else(missing)?.reveal();
    let verifier = wanted.code_verifier.as_ref().ok_or_else(missing)?.reveal();
    let redirect_uri = wanted.redirect_uri.as_ref().ok_or_else(missing)?;
    let is_verifier = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if !(43..=128).contains(&verifier.len()) || !verifier.chars().all(is_verifier) {
        return Err(Refusal::invalid("codeVerifier must have 43 to 128 characters of A-Z, a-z, 0-9, -, ., _ and ~."));
    }
    let console = state.console.as_ref().ok_or_else(Refusal::failed)?;
    let expired = || Refusal::denied("AUTHCODE_EXPIRED", "The authorization code has expired or was used.");
    // A code that comes with wrong companions is used up all the same: somebody else has it.
    let grant = console.codes.take(code).ok_or_else(expired)?;
    if sent.facts.now >= grant.good_until {
        return Err(expired());
    }
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier));
    let fits = Secret::new(challenge) == Secret::new(BASE64URL_NOPAD.encode(&grant.challenge));
    if !fits || grant.client != client || grant.redirect_uri != *redirect_uri {
        return Err(Refusal::invalid("The code does not go with clientId, codeVerifier and redirectUri."));
    }
    let session = grant.caller.session.as_ref().ok_or_else(Refusal::failed)?;
    let session = session.token(&state.app.environment.key, rand::random(), 0).ok_or_else(Refusal::failed)?;
    Ok(Chain { client, key, session, revision: grant.revision, ends: grant.ends, number: rand::random() })
}

/// The chain of a refresh token, which its own client shows with its own key.
fn go_on(state: &State, wanted: &Wanted, client: Client, key: [u8; 32]) -> Result<Chain, Refusal> {
    let token = wanted.refresh_token.as_ref().ok_or_else(|| Refusal::invalid("refreshToken is required."))?;
    let sealed = token.reveal().strip_prefix(REFRESH).filter(|sealed| sealed.len() <= MAX_REFRESH);
    let chain = sealed.and_then(|sealed| state.app.environment.key.open_ticket::<Chain>(PURPOSE, sealed));
    let chain = chain.ok_or_else(|| Refusal::denied("TOKEN_EXPIRED", "The refresh token is not valid."))?;
    if chain.client != client || chain.key != key {
        return Err(Refusal::invalid("The refresh token is bound to another client or another key."));
    }
    Ok(chain)
}

async fn issue(state: &State, sent: &Sent, chain: Chain, is_new: bool) -> Result<Value, Refusal> {
    let (now, environment) = (sent.facts.now, &state.app.environment);
    let base = Session::open(&chain.session, &environment.key).ok_or_else(Refusal::failed)?;
    let ends = chain.ends.min(base.expires);
    if now >= ends {
        return Err(Refusal::denied("TOKEN_EXPIRED", "The sign-in has ended."));
    }
    let account = state.app.accounts.get(base.account).await.map_err(|_| Refusal::failed())?.durable();
    let access_key_id = Ids::new(&mut rand::rng()).access_key("ASIA", base.account);
    let number = uuid::Builder::from_random_bytes(chain.number).into_uuid();
    let arn =
        format!("arn:{}:signin:{}:{}:session/{number}", base.account.partition(), sent.facts.region, base.account);
    let mut session =
        Session { access_key_id: access_key_id.clone(), issued: now, expires: ends.min(now.plus(LIFE)), ..base };
    session.provider_keys.push((SIGN_IN_SESSION_KEY.to_owned(), ProviderValue::One(arn)));
    let expires = session.expires;
    let caller = Caller {
        account: session.account,
        principal: session.acting(),
        access_key_id: access_key_id.clone(),
        session: Some(Arc::new(session.clone())),
    };
    must_be_unchanged(state, &chain, &caller, &account)?;
    let grant_type = if is_new { "authorization_code" } else { "refresh_token" };
    let keys = [("signin:OAuthGrantType".to_owned(), vec![grant_type.to_owned()])];
    permission::ask(state, &caller, &sent.facts, ACTION, chain.client, &keys).await.map_err(|error| {
        Refusal::denied("INSUFFICIENT_PERMISSIONS", error.message().unwrap_or("The principal may not sign in."))
    })?;
    let data = json!({"clientId": chain.client.id(), "grantType": grant_type});
    federation::note(state, sent, &caller, "CreateOAuth2Token", data).await;
    let token = session.token(&environment.key, rand::random(), 0).ok_or_else(Refusal::failed)?;
    let refresh = environment.key.seal_ticket(PURPOSE, &chain, rand::random()).ok_or_else(Refusal::failed)?;
    let mut answer = json!({
        "accessToken": {
            "accessKeyId": access_key_id,
            "secretAccessKey": environment.key.session_secret(&access_key_id).reveal(),
            "sessionToken": token,
        },
        "tokenType": "aws_sigv4",
        "expiresIn": expires.seconds() - now.seconds(),
        "refreshToken": format!("{REFRESH}{refresh}"),
    });
    if is_new && let Some(members) = answer.as_object_mut() {
        let subject = caller.arn(&account).map_err(|_| Refusal::failed())?;
        members.insert("idToken".to_owned(), id_token(&subject, now, expires).ok_or_else(Refusal::failed)?.into());
    }
    Ok(answer)
}

/// A chain ends when the password behind it is another, or its user or role is gone.
fn must_be_unchanged(
    state: &State,
    chain: &Chain,
    caller: &Caller,
    account: &crate::account::Account,
) -> Result<(), Refusal> {
    let is_password =
        chain.revision.is_some() && !matches!(caller.principal, crate::identity::Principal::RoleSession { .. });
    let changed = is_password && revision_of(state, caller, account) != chain.revision;
    if changed || caller.has_lost_its_role(account) || caller.acting_user(account).is_err() {
        return Err(Refusal::denied("USER_CREDENTIALS_CHANGED", "The password was changed, or the principal is gone."));
    }
    Ok(())
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
