//! `POST /_iamd/evaluate`: what the engine says to a request with all its policies, no state involved.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::audit::AuthorizationId;
use crate::call::details_of_asked;
use crate::http::State;
use crate::shapes::{AccountId, Timestamp};
use iam_policy::authorization_message;
use iam_policy::evaluate::{Asked, EvaluateError, Evaluation, with_asked};

/// The decision. A service that asks passes the message on to the caller that it denies, as EC2 does; the caller's
/// account decodes it with `DecodeAuthorizationMessage`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(flatten)]
    evaluation: Evaluation,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_authorization_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_id: Option<AuthorizationId>,
}

/// Decides the request in the body. That may take a while: it must not keep other requests waiting.
pub async fn decide(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    let decide = || {
        with_asked(&body, |asked, explanation| {
            let evaluation = Evaluation::new(asked.request, explanation);
            let account = asked.request.principal().account().and_then(AccountId::parse);
            let Some(account) = account.filter(|_| !explanation.decision.is_allowed()) else {
                return Answer { evaluation, encoded_authorization_message: None, authorization_id: None };
            };
            let message = authorization_message(asked.request, &explanation.decision);
            Answer {
                evaluation,
                encoded_authorization_message: state.app.environment.key.seal_message(
                    account,
                    &message,
                    rand::random(),
                ),
                authorization_id: keep(&state, account, asked),
            }
        })
    };
    match state.app.gate.compute(AccountId::ANONYMOUS, decide).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refused(&error),
    }
}

/// Keeps the details of a denial to a principal of an account, if all denials can be looked up.
fn keep(state: &State, account: AccountId, asked: &Asked<'_>) -> Option<AuthorizationId> {
    let id = state.app.id_of_answer(account)?;
    let now: Timestamp = state.app.environment.clock.now().into();
    let parts = (asked.request, asked.layers, asked.context);
    let details = details_of_asked(id, account, (now, ""), parts)?;
    state.app.keep_denial(Some(Box::new(details)));
    Some(id)
}

fn refused(error: &EvaluateError) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}
