//! `POST /_iamd/evaluate`: what the engine says to a request with all its policies, no state involved.

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::policy::evaluate::evaluate;

/// Decides the request in the body.
pub async fn decide(body: Bytes) -> Response {
    match evaluate(&body) {
        Ok(evaluation) => Json(evaluation).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response(),
    }
}
