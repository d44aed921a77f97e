//! The server's own endpoints, under `/_iamd/`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Query, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::guard::{host, is_from_foreign_page, is_local};
use crate::operations::Enforcement;
use crate::shapes::{AccountId, Secret};

/// Lets through who has the token; without a token, who is on this machine. Pages of other sites never.
pub async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    match refusal(&state, &request) {
        Some((status, why)) => (status, Json(json!({"error": why}))).into_response(),
        None => next.run(request).await,
    }
}

fn refusal(state: &State, request: &Request) -> Option<(StatusCode, &'static str)> {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if is_from_foreign_page(headers) {
        return Some((StatusCode::FORBIDDEN, "requests from pages of other origins are refused"));
    }
    match &state.admin_token {
        Some(token) => {
            let given = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
            let fits = given.is_some_and(|given| Secret::new(given) == *token);
            (!fits).then_some((StatusCode::UNAUTHORIZED, "the admin token is needed: Authorization: Bearer TOKEN"))
        }
        None if !state.listen.ip().is_loopback() && !is_own_health_check(request) => {
            Some((StatusCode::FORBIDDEN, "set an admin token to use this endpoint on a listener that is not loopback"))
        }
        None if !is_local(host(headers)) => Some((StatusCode::FORBIDDEN, "the Host header does not name this machine")),
        None => None,
    }
}

/// A container's health check comes from inside the container, where the server listens to all the world.
fn is_own_health_check(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    request.uri().path() == "/health" && peer.is_some_and(|ConnectInfo(peer)| peer.ip().is_loopback())
}

/// Whether the server is well, and what it is.
pub async fn health(Shared(state): Shared<Arc<State>>) -> (StatusCode, Json<Value>) {
    let trouble = state.app.store.trouble();
    let enforcement = match state.app.environment.enforcement {
        Enforcement::On => "on",
        Enforcement::Log => "log",
    };
    let ready = if trouble.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let health = json!({
        "status": trouble.as_deref().unwrap_or("ok"),
        "version": env!("CARGO_PKG_VERSION"),
        "enforcement": enforcement,
        "database": state.database,
        "clock": super::clock::shown(&state.app.environment.clock.read()),
    });
    (ready, Json(health))
}

/// Which account to forget.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetQuery {
    account: Option<String>,
}

/// Forgets everything, or one account.
pub async fn reset(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<ResetQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({"error": error.body_text()}))).into_response(),
    };
    let account = query.account.as_deref().map(AccountId::parse);
    let account = match account {
        Some(None) => {
            let why = json!({"error": "account must be twelve digits"});
            return (StatusCode::BAD_REQUEST, Json(why)).into_response();
        }
        Some(account) => account,
        None => None,
    };
    match state.app.accounts.reset(account).await {
        Ok(()) => {
            let forgotten = account.map_or("everything".to_owned(), |id| id.to_string());
            tracing::info!(forgotten, "reset");
            Json(json!({"reset": forgotten})).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "reset failed");
            let why = json!({"error": "the database could not be reset; the log says why"});
            (StatusCode::INTERNAL_SERVER_ERROR, Json(why)).into_response()
        }
    }
}

/// There is no such endpoint.
pub async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is no such endpoint"}))).into_response()
}
