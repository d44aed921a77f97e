//! The commands that are clients of a running server's own endpoints: `iamd clock`, `iamd reset`, `iamd accounts`.

mod accounts;
mod clock;
mod reset;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::running::AdminOptions;
use crate::http::{self, Answer, PATIENCE, Target};

pub use accounts::{AccountsOptions, accounts};
pub use clock::{ClockOptions, clock};
pub use reset::{ResetOptions, reset};

/// What goes wrong, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

/// Calls an endpoint of the running server's own and reads its answer. Every failure names the server's address.
pub(super) fn call<T: DeserializeOwned>(
    server: &AdminOptions,
    method: &str,
    path: &str,
    body: &str,
) -> Result<T, Failure> {
    call_within(PATIENCE, server, method, path, body)
}

/// The same, of an endpoint that may take so long.
pub(in crate::cli) fn call_within<T: DeserializeOwned>(
    patience: Duration,
    server: &AdminOptions,
    method: &str,
    path: &str,
    body: &str,
) -> Result<T, Failure> {
    let settings = server.settings()?;
    let mut target = server.target(&settings)?;
    target.patience = patience;
    let authorization = settings.admin_token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
    let answer = http::send(&target, method, &format!("/_iamd/{path}"), authorization.as_deref(), body)
        .map_err(|error| format!("no answer from {target}: {error}"))?;
    if answer.status == 200 {
        let read = serde_json::from_str(&answer.body);
        return Ok(read.map_err(|_| format!("what answers at {target} is not this version of iamd"))?);
    }
    Err(refusal(&target, &answer))
}

/// What the server says in an answer that refuses the request.
pub(super) fn refusal(server: &Target, answer: &Answer) -> Failure {
    let refusal: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let why = refusal.get("error").and_then(Value::as_str).map(|why| format!(": {why}")).unwrap_or_default();
    format!("the server at {server} answers {}{why}", answer.status).into()
}
