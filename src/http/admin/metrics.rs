//! `GET /_iamd/metrics`: what the server counts, for Prometheus.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::http::State;
use crate::http::refusal::refused;
use crate::metrics::{CONTENT_TYPE, Now};

/// All metrics.
pub async fn text(Shared(state): Shared<Arc<State>>) -> Response {
    let trail = state.app.trail.as_ref();
    let now = Now {
        accounts_in_memory: state.app.accounts.count_in_memory(),
        events_waiting: trail.map_or(0, |trail| trail.waiting()),
        events_dropped: trail.map_or(0, |trail| trail.dropped()),
    };
    match state.app.environment.metrics.text(now) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written; the log says why")
        }
    }
}
