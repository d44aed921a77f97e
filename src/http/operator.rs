//! What the operator of the server may do: by the server's own endpoints, and from the console.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::State;
use super::admin::clock;
use super::guard::{host, is_local};
use crate::error::Result;
use crate::shapes::{AccountId, Secret};

/// Why a request may not do what is the operator's: without the token, or, where the server has none, from elsewhere than
/// this machine. `None` if it may.
pub fn refusal(state: &State, headers: &HeaderMap, token: Option<&str>) -> Option<&'static str> {
    status_of_refusal(state, headers, token).map(|(_, why)| why)
}

/// The same with the status of an answer.
pub fn status_of_refusal(
    state: &State,
    headers: &HeaderMap,
    token: Option<&str>,
) -> Option<(StatusCode, &'static str)> {
    let Some(wanted) = &state.admin_token else {
        return match (state.listen.ip().is_loopback(), is_local(host(headers))) {
            (false, _) => {
                let why = "set an admin token to use this endpoint on a listener that is not loopback";
                Some((StatusCode::FORBIDDEN, why))
            }
            (true, false) => Some((StatusCode::FORBIDDEN, "the Host header does not name this machine")),
            (true, true) => None,
        };
    };
    let fits = token.is_some_and(|token| Secret::new(token) == *wanted);
    (!fits).then_some((StatusCode::UNAUTHORIZED, "the admin token is needed: Authorization: Bearer TOKEN"))
}

/// What time the server has.
pub fn clock(state: &State) -> Value {
    clock::shown(&state.app.environment.clock.read())
}

/// Turns the clock as a request to the server's own endpoint would.
///
/// # Errors
/// The sentence for a body that means nothing, or when the database fails.
pub async fn turn_clock(state: &State, body: &[u8]) -> std::result::Result<(), String> {
    clock::turn_by(state, body).await.map_err(|(_, why)| why)
}

/// Forgets everything, or one account.
///
/// # Errors
/// When the database fails.
pub async fn reset(state: &State, account: Option<AccountId>) -> Result<()> {
    state.app.reset(account).await?;
    state.credentials.forget(account);
    if let Some(gateway) = &state.gateway {
        gateway.forget(account);
    }
    let forgotten = account.map_or("everything".to_owned(), |id| id.to_string());
    tracing::info!(forgotten, "reset");
    Ok(())
}
