//! What product providers would learn by SNS of their delegation requests.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::http::State;
use crate::services;
use crate::shapes::AccountId;

/// Which topic's messages are wanted; all, if none is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticesQuery {
    topic: Option<String>,
}

/// The messages to a topic, with the tokens that are good now.
pub async fn notices(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<NoticesQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({"error": error.body_text()}))).into_response(),
    };
    let account = match state.app.accounts.get(AccountId::AWS).await {
        Ok(cell) => cell.durable(),
        Err(error) => {
            tracing::error!(%error, "the delegation requests could not be read");
            let why = json!({"error": "the database failed; the log says why"});
            return (StatusCode::INTERNAL_SERVER_ERROR, Json(why)).into_response();
        }
    };
    let environment = &state.app.environment;
    let now = environment.clock.now().into();
    let notices = services::notices(&account, query.topic.as_deref(), &environment.key, now, rand::random);
    Json(json!({"notices": notices})).into_response()
}
