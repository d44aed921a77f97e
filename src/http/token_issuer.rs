//! What verifies the tokens of `GetWebIdentityToken`: each account's discovery document and keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::State;
use crate::account::{Account, TOKEN_ALGORITHMS};
use crate::shapes::AccountId;

/// The account's discovery document (OpenID Connect Discovery 1.0, section 4).
pub async fn discovery(Shared(state): Shared<Arc<State>>, Path(account): Path<String>) -> Response {
    let Some(account) = issuing(&state, &account).await else { return StatusCode::NOT_FOUND.into_response() };
    let issuer = format!("{}/web-identity/{}", state.app.environment.token_issuer, account.id);
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": TOKEN_ALGORITHMS.map(|algorithm| algorithm.name()),
        "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub", "https://sts.amazonaws.com/"],
    }))
    .into_response()
}

/// The account's public keys.
pub async fn keys(Shared(state): Shared<Arc<State>>, Path(account): Path<String>) -> Response {
    let account = issuing(&state, &account).await;
    let Some(issuer) = account.as_ref().and_then(|account| account.token_issuer()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keys: Vec<_> = TOKEN_ALGORITHMS.into_iter().filter_map(|algorithm| issuer.signing_key(algorithm)).collect();
    Json(json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()})).into_response()
}

/// An account that issues tokens, or did.
async fn issuing(state: &State, account: &str) -> Option<Arc<Account>> {
    let account = state.app.accounts.get(AccountId::parse(account)?).await.ok()?.durable();
    account.token_issuer().is_some().then_some(account)
}
