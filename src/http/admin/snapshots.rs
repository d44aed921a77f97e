//! `/_iamd/snapshots`: accounts kept under names, and restored.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::app::SnapshotError;
use crate::error::Code;
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::AccountId;

/// Which account; all if it is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    account: Option<String>,
}

type Asked = Result<Query<Which>, QueryRejection>;

/// The account that is asked for, or the refusal.
fn account(state: &State, asked: Asked) -> Result<Option<AccountId>, Box<Response>> {
    let which = match asked {
        Ok(Query(which)) => which,
        Err(error) => return Err(Box::new(refused(StatusCode::BAD_REQUEST, &error.body_text()))),
    };
    let Some(text) = which.account else { return Ok(None) };
    let found = super::audit::account(&text, state.app.authenticator.partition);
    found.map(Some).ok_or_else(|| Box::new(refused(StatusCode::BAD_REQUEST, "account must be twelve digits")))
}

fn answer(name: &str, result: Result<(), SnapshotError>) -> Response {
    let error = match result {
        Ok(()) => return Json(json!({"snapshot": name})).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        SnapshotError::Name => StatusCode::BAD_REQUEST,
        SnapshotError::Missing(_) => StatusCode::NOT_FOUND,
        SnapshotError::TooMany | SnapshotError::OfAll(_) | SnapshotError::Elsewhere { .. } => StatusCode::CONFLICT,
        SnapshotError::Store(error) if error.code() == Code::EntityAlreadyExists => StatusCode::CONFLICT,
        SnapshotError::Store(error) => {
            tracing::error!(%error, "a snapshot failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    refused(status, &error.to_string())
}

/// `POST /_iamd/snapshots/NAME`
pub async fn make(Shared(state): Shared<Arc<State>>, Path(name): Path<String>, asked: Asked) -> Response {
    match account(&state, asked) {
        Ok(account) => answer(&name, state.app.make_snapshot(account, &name).await),
        Err(refusal) => *refusal,
    }
}

/// `POST /_iamd/snapshots/NAME/restore`
pub async fn restore(Shared(state): Shared<Arc<State>>, Path(name): Path<String>, asked: Asked) -> Response {
    match account(&state, asked) {
        Ok(account) => {
            let result = state.app.restore_snapshot(account, &name).await;
            if result.is_ok() {
                // The sessions of services are of roles that may be gone.
                state.credentials.forget(account);
            }
            answer(&name, result)
        }
        Err(refusal) => *refusal,
    }
}

/// `DELETE /_iamd/snapshots/NAME`
pub async fn delete(Shared(state): Shared<Arc<State>>, Path(name): Path<String>, asked: Asked) -> Response {
    match account(&state, asked) {
        Ok(account) => answer(&name, state.app.delete_snapshot(account, &name).await),
        Err(refusal) => *refusal,
    }
}

/// `GET /_iamd/snapshots`
pub async fn list(Shared(state): Shared<Arc<State>>, asked: Asked) -> Response {
    let account = match account(&state, asked) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    match state.app.list_snapshots(account).await {
        Ok(snapshots) => Json(json!({"snapshots": snapshots})).into_response(),
        Err(error) => answer("", Err(error)),
    }
}
