//! `GET /_iamd/accounts`: which accounts there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::http::State;

/// The accounts that something was written to, with what they hold.
pub async fn list(Shared(state): Shared<Arc<State>>) -> Response {
    match state.app.store.accounts().await {
        Ok(accounts) => Json(json!({"accounts": accounts})).into_response(),
        Err(error) => {
            tracing::error!(%error, "the accounts could not be read");
            let why = json!({"error": "the database failed; the log says why"});
            (StatusCode::INTERNAL_SERVER_ERROR, Json(why)).into_response()
        }
    }
}
