//! The credentials of containers: ECS's endpoint (ECS Developer Guide, "Amazon ECS task IAM role"), which clients find by
//! `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `AWS_CONTAINER_CREDENTIALS_FULL_URI`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, Query, State as Shared};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::RoleArn;
use super::sessions::Workload;
use crate::account::{Resource, Role};
use crate::error::{Code, Error};
use crate::http::State;
use crate::identity::ServicePrincipal;
use crate::shapes::{AccountId, Secret};

/// The service that has containers.
const ECS: &str = "ecs-tasks.amazonaws.com";

/// The credentials of a task of the configuration.
pub async fn of_task(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(task) = state.credentials.tasks.get(&id) else {
        return refusal(StatusCode::BAD_REQUEST, "InvalidIdInRequest", "CredentialsV2Request: Credentials not found");
    };
    if !task.token.as_ref().is_none_or(|token| shows(&headers, token)) {
        return unauthorized();
    }
    give(&state, task.role.clone(), ECS, peer.ip()).await
}

/// Which service the application runs in, if it is not a task of ECS.
#[derive(Deserialize)]
pub struct Runtime {
    service: Option<String>,
}

/// The credentials of the role in the path.
pub async fn by_path(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((account, name)): Path<(String, String)>,
    Query(runtime): Query<Runtime>,
    headers: HeaderMap,
) -> Response {
    match &state.credentials.container_token {
        Some(token) if !shows(&headers, token) => return unauthorized(),
        None if !state.credentials.by_path => {
            let message = "Set a container token to let containers choose their role.";
            return refusal(StatusCode::FORBIDDEN, "AccessDenied", message);
        }
        _ => {}
    }
    let service = runtime.service.as_deref().unwrap_or(ECS);
    if !service.ends_with(".amazonaws.com") {
        return refusal(StatusCode::BAD_REQUEST, "InvalidService", "A service's name ends with .amazonaws.com.");
    }
    match find_role(&state, &account, &name).await {
        Ok(Some(role)) => give(&state, role, service, peer.ip()).await,
        Ok(None) => {
            let message = "CredentialsV2Request: Credentials not found";
            refusal(StatusCode::BAD_REQUEST, "InvalidIdInRequest", message)
        }
        Err(error) => failed(&error, &name),
    }
}

async fn find_role(state: &State, account: &str, name: &str) -> Result<Option<RoleArn>, Error> {
    let Some(id) = AccountId::parse(account) else { return Ok(None) };
    let account = state.app.accounts.get(id).await?.durable();
    Ok(account.get::<Role>(name).map(|role| RoleArn { arn: role.arn(id), account: id }))
}

async fn give(state: &State, role: RoleArn, service: &str, address: IpAddr) -> Response {
    let endpoints = &state.credentials;
    let arn = role.arn.clone();
    // Like the id of a task, and always the same for a role.
    let digest = Sha256::digest(format!("{service}/{arn}"));
    let id = HEXLOWER.encode(digest.split_at(16).0);
    let task = format!("arn:{}:ecs:{}:{}:task/default/{id}", role.account.partition(), endpoints.region, role.account);
    let service = ServicePrincipal {
        name: service.to_owned(),
        source_arn: (service == ECS).then_some(task),
        session_keys: Vec::new(),
    };
    let workload = Workload { service, role, session_name: id, tags: Vec::new() };
    match endpoints.sessions.of(workload, &state.app, &endpoints.region, address).await {
        Ok(credentials) => Json(json!({
            "RoleArn": arn,
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": credentials.expiration.to_string(),
        }))
        .into_response(),
        Err(error) => failed(&error, &arn),
    }
}

/// Whether a request has this token as its `Authorization`, to the letter.
pub fn shows(headers: &HeaderMap, token: &Secret) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| Secret::new(given) == *token)
}

fn unauthorized() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "The Authorization header does not have the container's token.")
}

fn failed(error: &Error, role: &str) -> Response {
    if error.code() != Code::AccessDenied {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return refusal(status, "InternalServerError", "The credentials could not be made; the log says why.");
    }
    let message = format!(
        "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being \
         passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
    );
    refusal(StatusCode::FORBIDDEN, "AccessDenied", &message)
}

/// A refusal as ECS's agent writes it.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({"code": code, "message": message, "HTTPErrorCode": status.as_u16()});
    (status, Json(body)).into_response()
}
