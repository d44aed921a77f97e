//! `GET /_iamd/requests`: what the principals of an account asked for, in the form that `iamd diff --requests` reads.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::audit::RecordedRequest;
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::{AccountId, Timestamp};
use crate::store::MAX_ACTIVITY;

/// Whose requests, and since when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestsQuery {
    account: Option<String>,
    since: Option<String>,
}

/// Each request once, whatever came of it.
pub async fn recorded(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<RequestsQuery>, QueryRejection>,
) -> Response {
    let bad = |why: &str| refused(StatusCode::BAD_REQUEST, why);
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return bad(&error.body_text()),
    };
    let partition = state.app.authenticator.partition;
    let account = match query.account.as_deref() {
        None => Some(AccountId::DEFAULT.in_partition(partition.unwrap_or_default())),
        Some(text) => super::audit::account(text, partition),
    };
    let Some(account) = account else { return bad("account must be twelve digits") };
    let since = query.since.as_deref().map(DateTime::parse_from_rfc3339).transpose();
    let Ok(since) = since else { return bad("since must be a time such as 2030-01-01T00:00:00Z") };
    let since = since.map_or(Timestamp::from_seconds(0), |time| time.to_utc().into());
    let Some(trail) = &state.app.trail else { return bad("the audit trail is off: --audit") };
    match trail.requests(account, since).await {
        Ok(recorded) if !recorded.is_complete => {
            bad(&format!("more than {MAX_ACTIVITY} calls were seen; take a shorter time"))
        }
        Ok(recorded) => {
            let requests: Vec<_> = recorded.requests.iter().map(shown).collect();
            Json(json!({"requests": requests})).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the audit trail cannot be read");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the audit trail cannot be read; the log says why")
        }
    }
}

fn shown(request: &RecordedRequest) -> Value {
    let mut context = json!({"aws:RequestedRegion": request.region});
    // A service that calls has no address.
    if let (Ok(address), Some(context)) = (request.source.parse::<IpAddr>(), context.as_object_mut()) {
        context.insert("aws:SourceIp".to_owned(), address.to_string().into());
    }
    json!({
        "principals": [request.principal],
        "actions": [request.action],
        "resources": [request.resource],
        "context": context,
    })
}
