//! The server's own endpoints, under `/_iamd/`.

mod accounts;
mod apply;
mod audit;
pub(super) mod clock;
mod delegation;
mod denials;
mod detections;
mod evaluate;
mod events;
mod metrics;
mod policy;
mod requests;
mod snapshots;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Query, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::request::Parts;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::events::MAX_FOLLOWERS;
use crate::call::Enforcement;
use crate::http::guard::{host, is_from_foreign_page, is_local, names_one_host};
use crate::http::refusal::{not_found, refused};
use crate::http::{State, operator};

/// The endpoints that [`guard`] protects.
pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/accounts", get(accounts::list))
        .route("/apply", post(apply::apply))
        .route("/audit", get(audit::report))
        .route("/authorization-details", get(denials::last))
        .route("/authorization-details/{id}", get(denials::one))
        .route("/clock", get(clock::read).post(clock::turn))
        .route("/delegation-notices", get(delegation::notices))
        .route("/detections", get(detections::list))
        .route("/evaluate", post(evaluate::decide))
        .route("/export", get(apply::export))
        .route("/events", get(events::follow))
        .route("/metrics", get(metrics::text))
        .route("/policy", get(policy::recorded))
        .route("/requests", get(requests::recorded))
        .route("/reset", post(reset))
        .route("/snapshots", get(snapshots::list))
        .route("/snapshots/{name}", post(snapshots::make).delete(snapshots::delete))
        .route("/snapshots/{name}/restore", post(snapshots::restore))
        .fallback(not_found)
}

/// Lets through who has the token; without a token, who is on this machine. Pages of other sites never.
pub async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match refusal(&state, &parts) {
        Some((status, why)) => refused(status, why),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

fn refusal(state: &State, parts: &Parts) -> Option<(StatusCode, &'static str)> {
    let headers = &parts.headers;
    if !names_one_host(parts) {
        return Some((StatusCode::BAD_REQUEST, "the request must have one Host header"));
    }
    if is_from_foreign_page(headers) {
        return Some((StatusCode::FORBIDDEN, "requests from pages of other origins are refused"));
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    operator::status_of_refusal(state, headers, given)
}

/// Whether the server runs, for everybody: one whose database is gone need not be started anew.
pub async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Whether the server is well, for everybody: probes and load balancers have no token. What it is and what ails it, for
/// those who may use the other endpoints, and for this machine itself.
pub async fn health(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> (StatusCode, Json<Value>) {
    let (parts, _) = request.into_parts();
    let trouble = state.app.store.trouble();
    let ready = if trouble.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let is_own = peer.ip().is_loopback() && is_local(host(&parts.headers)) && !is_from_foreign_page(&parts.headers);
    if !is_own && refusal(&state, &parts).is_some() {
        let status = if trouble.is_none() { "ok" } else { "failing" };
        return (ready, Json(json!({"status": status})));
    }
    let enforcement = match state.app.environment.enforcement {
        Enforcement::On => "on",
        Enforcement::Log => "log",
    };
    let health = json!({
        "status": trouble.as_deref().unwrap_or("ok"),
        "version": env!("CARGO_PKG_VERSION"),
        "enforcement": enforcement,
        "database": state.database,
        "clock": clock::shown(&state.app.environment.clock.read()),
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
    let partition = state.app.authenticator.partition;
    let account = query.account.as_deref().map(|text| audit::account(text, partition));
    let account = match account {
        Some(None) => {
            let why = json!({"error": "account must be twelve digits"});
            return (StatusCode::BAD_REQUEST, Json(why)).into_response();
        }
        Some(account) => account,
        None => None,
    };
    match operator::reset(&state, account).await {
        Ok(()) => {
            let forgotten = account.map_or("everything".to_owned(), |id| id.to_string());
            Json(json!({"reset": forgotten})).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "reset failed");
            let why = json!({"error": "the database could not be reset; the log says why"});
            (StatusCode::INTERNAL_SERVER_ERROR, Json(why)).into_response()
        }
    }
}
