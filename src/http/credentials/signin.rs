//! The console's federation endpoint (IAM User Guide, "Enable custom identity broker access to the AWS console"): it
//! changes a session for a sign-in token, and opens a session of the console for such a token.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Form, FromRequest, FromRequestParts, Query, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use serde_json::json;

use crate::console::{self, Entrant};
use crate::http::aws::{facts, incoming};
use crate::http::{State, Transport, guard, tls_details};
use crate::identity::{Caller, RequestFacts, Session, SessionPrincipal};
use crate::shapes::{Secret, Timestamp};

/// What tickets of the server's key are for here.
const PURPOSE: &str = "sign-in";
const INVALID_SESSION: &str = "The session is not valid, or has expired.";
/// The life of a sign-in token in seconds.
const TOKEN_LIFE: i64 = 900;

type Parameters = HashMap<String, String>;

/// The session that a request wants a sign-in token for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenSession {
    session_id: String,
    session_key: Secret,
    session_token: Secret,
}

/// What a sign-in token holds: a session token, until when the console knows its owner, and until when the sign-in token is good.
type Ticket = (String, Timestamp, Timestamp);

/// Who asks, and how.
struct Asked {
    parameters: Parameters,
    facts: RequestFacts,
    /// Scheme and host of the request.
    origin: String,
    /// Whether a browser may have come over TLS.
    over_tls: bool,
}

impl Asked {
    fn new(state: &State, peer: SocketAddr, parts: &Parts) -> Self {
        let now = state.app.environment.clock.now().into();
        let request_id = uuid::Uuid::new_v4().to_string();
        let partition = state.app.authenticator.partition.unwrap_or_default();
        let facts = RequestFacts {
            region: partition.signing_region().to_owned(),
            tls: tls_details(parts),
            ..facts(&incoming(parts, &[]), request_id, peer, now)
        };
        let transport = Transport::of(parts);
        let origin = format!("{}://{}", transport.scheme(), guard::host(&parts.headers));
        Self { parameters: Parameters::new(), facts, origin, over_tls: transport.is_tls() }
    }
}

/// The parameters in the query.
pub async fn by_query(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let asked = Asked::new(&state, peer, &parts);
    match Query::from_request_parts(&mut parts, &state).await {
        Ok(Query(parameters)) => answer(&state, Asked { parameters, ..asked }).await,
        Err(error) => error.into_response(),
    }
}

/// The parameters in the body.
pub async fn by_form(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // No browser gets here by POST: what it would send is a form of a page of another origin.
    let asked = Asked { over_tls: false, ..Asked::new(&state, peer, &parts) };
    match Form::from_request(Request::from_parts(parts, body), &state).await {
        Ok(Form(parameters)) => answer(&state, Asked { parameters, ..asked }).await,
        Err(error) => error.into_response(),
    }
}

async fn answer(state: &State, asked: Asked) -> Response {
    let answered = match asked.parameters.get("Action").map(String::as_str) {
        Some("getSigninToken") => signin_token(state, &asked).await,
        Some("login") => login(state, &asked).await,
        _ => Err("Action must be getSigninToken or login.".to_owned()),
    };
    answered.unwrap_or_else(|why| (StatusCode::BAD_REQUEST, why + "\n").into_response())
}

async fn signin_token(state: &State, asked: &Asked) -> Result<Response, String> {
    let Asked { parameters, facts, .. } = asked;
    let given = parameters.get("Session").ok_or("Session is missing.")?;
    let given: GivenSession = serde_json::from_str(given).map_err(|error| format!("Session is not valid: {error}."))?;
    let environment = &state.app.environment;
    let now = facts.now;
    let session = Session::open(given.session_token.reveal(), &environment.key)
        .filter(|session| session.access_key_id == given.session_id)
        .filter(|_| environment.key.session_secret(&given.session_id) == given.session_key)
        .filter(|session| now < session.expires)
        .ok_or(INVALID_SESSION)?;
    let ends = console_session_end(&session, now, parameters.get("SessionDuration"))?;
    let account = state.app.accounts.get(session.account).await.map_err(|error| error.to_string())?.durable();
    let caller = Caller::of_session(session);
    if caller.has_lost_its_role(&account) {
        return Err(INVALID_SESSION.to_owned());
    }
    let ticket: Ticket = (given.session_token.reveal().to_owned(), ends, now.plus(TOKEN_LIFE));
    let token = environment.key.seal_ticket(PURPOSE, &ticket, rand::random());
    let token = token.ok_or("The sign-in token could not be sealed.")?;
    console::note_signin_token(state, facts, &caller, &account);
    Ok(Json(json!({"SigninToken": token})).into_response())
}

/// Until when the console would know the session's owner. Sessions of users cannot sign in.
fn console_session_end(session: &Session, now: Timestamp, wanted: Option<&String>) -> Result<Timestamp, String> {
    let may_say = match session.principal {
        SessionPrincipal::Role { .. } => !session.chained,
        SessionPrincipal::Federated { .. } => false,
        SessionPrincipal::User { .. } | SessionPrincipal::Root => {
            return Err("Only sessions of roles and of federated users can sign in.".to_owned());
        }
    };
    let Some(wanted) = wanted else { return Ok(session.expires) };
    let seconds = wanted.parse().ok().filter(|seconds| (900..=43_200).contains(seconds) && may_say);
    seconds.map(|seconds| now.plus(seconds)).ok_or_else(|| {
        "SessionDuration must be between 900 and 43200 seconds, and goes only with sessions of roles that no session of \
         a role has assumed."
            .to_owned()
    })
}

/// Opens a session of the console for who has a sign-in token, and leads to its destination.
async fn login(state: &State, asked: &Asked) -> Result<Response, String> {
    let Asked { parameters, facts, origin, over_tls } = asked;
    let environment = &state.app.environment;
    let now = facts.now;
    let token = parameters.get("SigninToken").ok_or("SigninToken is missing.")?;
    let ticket: Option<Ticket> = environment.key.open_ticket(PURPOSE, token);
    let (token, ends, _) = ticket.filter(|(_, _, good_until)| now < *good_until).ok_or("SigninToken is not valid.")?;
    let destination = parameters.get("Destination").ok_or("Destination is missing.")?;
    let session = Session::open(&token, &environment.key).ok_or(INVALID_SESSION)?;
    // The console may know its owner for longer than the session that was changed for it.
    let caller = Caller::of_session(Session { expires: ends, ..session });
    let entrant = Entrant { caller, ends, destination, facts, origin, over_tls: *over_tls };
    let entered = console::enter(state, entrant).await;
    Ok(entered.unwrap_or_else(|| (StatusCode::NOT_IMPLEMENTED, "The console is off.\n").into_response()))
}
