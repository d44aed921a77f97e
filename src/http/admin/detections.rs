//! `GET /_iamd/detections`: what was detected lately.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::audit::detections::Detection;
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::AccountId;

/// Of which account, and since when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionsQuery {
    account: Option<String>,
    since: Option<String>,
}

/// The latest detections, of an account or of all, the oldest first.
pub async fn list(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<DetectionsQuery>, QueryRejection>,
) -> Response {
    let DetectionsQuery { account, since } = match query {
        Ok(Query(query)) => query,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let known = account.as_deref().map(AccountId::parse);
    if known == Some(None) {
        return refused(StatusCode::BAD_REQUEST, "account must be twelve digits");
    }
    let now = state.app.environment.clock.now().into();
    let start = since.as_deref().map(|text| super::events::since(text, now));
    if start == Some(None) {
        return refused(StatusCode::BAD_REQUEST, &super::events::FollowError::Since.to_string());
    }
    let latest = state.app.detections.latest(known.flatten());
    let is_wanted = |detection: &&Detection| start.flatten().is_none_or(|start| detection.time >= start);
    let latest: Vec<_> = latest.iter().map(|detection| &**detection).filter(is_wanted).collect();
    Json(json!({"detections": latest})).into_response()
}
