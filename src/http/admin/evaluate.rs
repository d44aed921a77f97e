//! `POST /_iamd/evaluate`: what the engine says to a request with all its policies, no state involved.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::http::State;
use crate::shapes::AccountId;
use iam_policy::evaluate::{EvaluateError, Evaluation, with_authorization_message};

/// The decision. A service that asks passes the message on to the caller that it denies, as EC2 does; the caller's
/// account decodes it with `DecodeAuthorizationMessage`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(flatten)]
    evaluation: Evaluation,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_authorization_message: Option<String>,
}

/// Decides the request in the body. That may take a while: it must not keep other requests waiting.
pub async fn decide(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    match state.app.gate.compute(AccountId::ANONYMOUS, || with_authorization_message(&body)).await {
        Ok((evaluation, message)) => {
            let encoded_authorization_message = message.and_then(|(account, message)| seal(&state, &account, &message));
            Json(Answer { evaluation, encoded_authorization_message }).into_response()
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &EvaluateError) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

/// Seals a message for an account.
fn seal(state: &State, account: &str, message: &str) -> Option<String> {
    let account = AccountId::parse(account)?;
    state.app.environment.key.seal_message(account, message, rand::random())
}
