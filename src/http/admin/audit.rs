//! `GET /_iamd/audit`: an account held against rules.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::audit::rules::{Given, Report, RuleError, Subject, audit};
use crate::http::State;
use crate::http::refusal::refused;
use crate::shapes::{AccountId, Partition};

/// What is wrong with the request, or with the server.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error(
        "account must be twelve digits, after another partition and a colon where it is of one: aws-cn:123456789012"
    )]
    Account,
    #[error("there is no parameter {0}; there are account, rule and parameter")]
    Parameter(String),
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error("the database failed; the log says why")]
    Store,
}

/// Which account, which rules, and their parameters.
#[derive(Default)]
struct Asked {
    account: Option<String>,
    rules: Vec<String>,
    parameters: Vec<String>,
}

impl Asked {
    fn read(query: &str) -> Result<Self, AuditError> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "account" => asked.account = Some(value.into_owned()),
                "rule" => asked.rules.push(value.into_owned()),
                "parameter" => asked.parameters.push(value.into_owned()),
                _ => return Err(AuditError::Parameter(name.into_owned())),
            }
        }
        Ok(asked)
    }
}

/// The report. It looks at whole accounts, so other requests go on meanwhile.
pub async fn report(Shared(state): Shared<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    match reported(&state, query.as_deref().unwrap_or_default()).await {
        Ok(report) => Json(report).into_response(),
        Err(error @ AuditError::Store) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Twelve digits, which are of the server's partition, or those of another partition with its name before them:
/// `aws-cn:123456789012`.
pub(super) fn account(text: &str, partition: Option<Partition>) -> Option<AccountId> {
    match text.split_once(':') {
        Some(_) => AccountId::parse_qualified(text),
        None => AccountId::parse(text).map(|account| account.in_partition(partition.unwrap_or_default())),
    }
}

async fn reported(state: &State, query: &str) -> Result<Report, AuditError> {
    let asked = Asked::read(query)?;
    let given = Given::read(asked.parameters.iter().map(String::as_str))?;
    let id = match asked.account.as_deref() {
        Some(text) => account(text, state.app.authenticator.partition).ok_or(AuditError::Account)?,
        None => AccountId::DEFAULT.in_partition(state.app.authenticator.partition.unwrap_or_default()),
    };
    let cell = state.app.accounts.get(id).await.map_err(|error| {
        tracing::error!(%error, "the account could not be read");
        AuditError::Store
    })?;
    let account = cell.durable();
    state.app.gather_usage().await;
    let organizations = state.app.accounts.organizations().await.map_err(|error| {
        tracing::error!(%error, "the organizations could not be read");
        AuditError::Store
    })?;
    let environment = &state.app.environment;
    let subject = Subject {
        account: &account,
        usage: &environment.volatile.usage,
        organization: organizations.of(id).map(|organization| &**organization),
        now: environment.clock.now().into(),
    };
    Ok(state.app.gate.compute(id, || audit(subject, &asked.rules, &given)).await?)
}
