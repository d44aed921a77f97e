//! `GET /_iamd/policy`: the policy for what a principal did.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::audit::ActivityQuery;
use crate::audit::generate::{GenerateError, Style, generate};
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::{ArnParts, Kind, Timestamp};
use crate::store::MAX_ACTIVITY;

/// Whose calls, since when, and how the policy is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyQuery {
    principal: String,
    since: Option<String>,
    #[serde(default)]
    generalise: bool,
}

/// What is wrong with the request, or with the server.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("{0} is not the ARN of a user or role")]
    Principal(String),
    #[error("since must be a time such as 2030-01-01T00:00:00Z")]
    Since,
    #[error("the audit trail is off: --audit")]
    Off,
    #[error("more than {MAX_ACTIVITY} calls were seen; take a shorter time")]
    TooMany,
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error("the audit trail cannot be read; the log says why")]
    Trail,
}

/// The policies, and from how many calls they are.
pub async fn recorded(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<PolicyQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let result = record(&state, &query).await;
    match result {
        Ok((calls, policies)) => Json(json!({"calls": calls, "policies": policies})).into_response(),
        Err(error @ (RecordError::Trail | RecordError::Generate(GenerateError::Wrong(_)))) => {
            tracing::error!(%error, "no policy was made");
            refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn record(state: &State, asked: &PolicyQuery) -> Result<(usize, Vec<String>), RecordError> {
    let principal = asked.principal.as_str();
    let no_principal = || RecordError::Principal(principal.to_owned());
    let parts = ArnParts::parse(principal).ok_or_else(no_principal)?;
    let is_one = parts.path_and_name(Kind::User).or(parts.path_and_name(Kind::Role)).is_some();
    let account = parts.account_id().filter(|_| is_one && parts.service == "iam").ok_or_else(no_principal)?;
    let since = asked.since.as_deref().map(DateTime::parse_from_rfc3339).transpose().map_err(|_| RecordError::Since)?;
    let query = ActivityQuery {
        account,
        principal: principal.to_owned(),
        start: since.map_or(Timestamp::from_seconds(0), |time| time.to_utc().into()),
        end: Timestamp::from_seconds(i64::MAX),
        trails: None,
    };
    let trail = state.app.trail.as_ref().ok_or(RecordError::Off)?;
    let activity = trail.activity(&query).await.map_err(|error| {
        tracing::error!(%error, "the audit trail cannot be read");
        RecordError::Trail
    })?;
    if !activity.is_complete {
        return Err(RecordError::TooMany);
    }
    let style = Style { generalise: asked.generalise };
    let seen = activity.seen();
    let policies = state.app.gate.compute(query.account, || generate(principal, &seen, style)).await?;
    Ok((activity.calls, policies))
}
