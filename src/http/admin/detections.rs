//! `GET /_iamd/detections`: what was detected lately.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::AccountId;

/// Of which account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionsQuery {
    account: Option<String>,
}

/// The latest detections, of an account or of all, the oldest first.
pub async fn list(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<DetectionsQuery>, QueryRejection>,
) -> Response {
    let account = match query {
        Ok(Query(query)) => query.account,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let known = account.as_deref().map(AccountId::parse);
    if known == Some(None) {
        return refused(StatusCode::BAD_REQUEST, "account must be twelve digits");
    }
    let latest = state.app.detections.latest(known.flatten());
    let latest: Vec<_> = latest.iter().map(|detection| &**detection).collect();
    Json(json!({"detections": latest})).into_response()
}
