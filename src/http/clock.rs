//! The server's clock, for tests of what happens in an hour.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;

/// How to move the clock.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Move {
    /// Set it to this moment, from which it goes on.
    Now(DateTime<Utc>),
    /// Move it by so many seconds; backwards if negative.
    Advance(i64),
    /// Go back to real time, if true.
    Reset(bool),
}

/// What time the server has.
pub async fn read(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(tell(&state))
}

/// Moves the server's time: session expiry, MFA codes, date conditions, reports and tokens follow.
pub async fn turn(Shared(state): Shared<Arc<State>>, request: Result<Json<Move>, JsonRejection>) -> Response {
    let clock = &state.app.environment.clock;
    match request {
        Ok(Json(Move::Now(now))) => clock.set(now),
        Ok(Json(Move::Advance(seconds))) => match TimeDelta::try_seconds(seconds) {
            Some(by) if clock.now().checked_add_signed(by).is_some() => clock.advance(by),
            _ => return refused("the clock cannot be moved that far"),
        },
        Ok(Json(Move::Reset(true))) => clock.reset(),
        Ok(Json(Move::Reset(false))) => {}
        Err(rejection) => return refused(&rejection.body_text()),
    }
    Json(tell(&state)).into_response()
}

fn tell(state: &State) -> Value {
    json!({"now": state.app.environment.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true)})
}

fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response()
}
