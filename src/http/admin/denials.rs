//! `GET /_iamd/authorization-details`: why a request was denied; the page to which denials link.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::audit::AuthorizationId;
use crate::http::State;
use crate::http::refusal::refused;

/// The details of the last denial that has some.
pub async fn last(state: Shared<Arc<State>>, headers: HeaderMap) -> Response {
    show(&state, None, &headers).await
}

/// The details of a denial.
pub async fn one(state: Shared<Arc<State>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match AuthorizationId::parse(&id) {
        Ok(id) => show(&state, Some(id), &headers).await,
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// All details as JSON for those who ask for it, an explanation else.
async fn show(state: &State, id: Option<AuthorizationId>, headers: &HeaderMap) -> Response {
    let Some(trail) = &state.app.trail else {
        return refused(StatusCode::BAD_REQUEST, "the audit trail is off: --audit");
    };
    let now = state.app.environment.clock.now().into();
    let found = match id {
        Some(id) => trail.denial(id, now).await,
        None => trail.last_denial(now).await,
    };
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match found {
        Ok(Some(details)) if accepts.contains("application/json") => Json(&*details).into_response(),
        Ok(Some(details)) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], details.text()).into_response(),
        Ok(None) => {
            let why = match id {
                Some(_) => "there are no details of a denial with this id: they are kept for 24 hours",
                None => "nothing was denied in the last 24 hours that has an authorization id",
            };
            refused(StatusCode::NOT_FOUND, why)
        }
        Err(error) => {
            tracing::error!(%error, "the audit trail cannot be read");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the audit trail cannot be read; the log says why")
        }
    }
}
