//! How the server's own endpoints refuse.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// A refusal with its reason.
pub fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

/// There is nothing at the path.
pub async fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "there is no such endpoint")
}
