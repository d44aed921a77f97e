//! `POST /_iamd/apply`: makes accounts what files describe.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::app::{ApplyError, ApplyMode};
use crate::description::{self, GeneratedSecrets, Reading, Report, SourceFile};
use crate::error::Code;
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::AccountId;

/// What to apply, and how.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Asked {
    files: Vec<AskedFile>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    prune: bool,
    /// The account that AWS's files become, and that templates are for.
    account: Option<String>,
    /// Values that templates do not have themselves.
    #[serde(default)]
    values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFile {
    name: String,
    text: String,
}

/// What came of it. The secrets are in this answer alone.
#[derive(Serialize)]
struct Applied {
    report: Report,
    secrets: GeneratedSecrets,
}

/// Applies files: all of them, or none.
pub async fn apply(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &format!("the request is not understood: {error}")),
    };
    match applied(&state, asked).await {
        Ok(applied) => Json(applied).into_response(),
        Err(error) => {
            let status = match &error {
                ApplyError::Store(error) if error.code() == Code::EntityAlreadyExists => StatusCode::CONFLICT,
                ApplyError::Store(_) | ApplyError::Secrets(_) => StatusCode::INTERNAL_SERVER_ERROR,
                ApplyError::Account | ApplyError::Description(_) => StatusCode::BAD_REQUEST,
            };
            refused(status, &error.to_string())
        }
    }
}

async fn applied(state: &State, asked: Asked) -> Result<Applied, ApplyError> {
    let files = asked.files.into_iter().map(|AskedFile { name, text }| SourceFile { name, text });
    let files: Vec<_> = files.collect();
    // A large file takes its time.
    let account = asked.account.as_deref().map(|text| AccountId::parse_qualified(text).ok_or(ApplyError::Account));
    let reading = Reading { account: account.transpose()?, values: asked.values, prune: asked.prune };
    let descriptions = state.app.gate.compute(AccountId::ANONYMOUS, || description::read(&files, &reading)).await?;
    let mut secrets = GeneratedSecrets::default();
    let mode = ApplyMode { dry_run: asked.dry_run, prune: asked.prune };
    let keep = |made: &GeneratedSecrets| {
        // What a run has made that another server has overtaken is not there.
        secrets = made.clone();
        Ok(())
    };
    let report = state.app.apply(&descriptions, mode, keep).await?;
    Ok(Applied { report, secrets })
}

/// Which account to export.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    account: Option<String>,
    snapshot: Option<String>,
}

/// `GET /_iamd/export`: an account as AWS shows it.
pub async fn export(
    Shared(state): Shared<Arc<State>>,
    query: Result<Query<ExportQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let partition = state.app.authenticator.partition.unwrap_or_default();
    let id = match query.account.as_deref() {
        None => Some(AccountId::DEFAULT.in_partition(partition)),
        Some(text) => super::audit::account(text, state.app.authenticator.partition),
    };
    let Some(id) = id else { return refused(StatusCode::BAD_REQUEST, &ApplyError::Account.to_string()) };
    match state.app.export(id, query.snapshot.as_deref()).await {
        Ok(Some(exported)) => Json(exported).into_response(),
        Ok(None) => refused(StatusCode::NOT_FOUND, "the account has no such snapshot"),
        Err(error) => {
            tracing::error!(%error, "the account could not be read");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the database failed; the log says why")
        }
    }
}
