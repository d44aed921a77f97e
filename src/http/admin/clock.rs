//! The server's clock, for tests of what happens in an hour.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::State;
use crate::identity::{Clock, OutOfRange, Reading};

/// What the body of a request can say.
const FORMS: &str = r#"send one of {"now": "2030-01-01T00:00:00Z"}, {"advance": 3600} (seconds, negative to go back), {"freeze": true}, {"freeze": false}, {"reset": true}"#;

/// How to move the clock.
enum Move {
    /// Set it to this moment.
    Now(DateTime<Utc>),
    /// Move it by so many seconds; backwards if negative.
    Advance(TimeDelta),
    /// Stop it, or let it go on.
    Freeze(bool),
    /// Go back to real time.
    Reset,
}

/// What time the server has.
pub async fn read(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(shown(&state.app.environment.clock.read()))
}

/// Moves the server's time: the expiry of sessions, dates in conditions and answers, reports and tokens follow. The
/// dates of signatures are judged by real time all the same.
pub async fn turn(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    match turn_by(&state, &body).await {
        Ok(()) => Json(shown(&state.app.environment.clock.read())).into_response(),
        Err((status, why)) => (status, Json(json!({"error": why}))).into_response(),
    }
}

/// Moves the server's time as the body says.
///
/// # Errors
/// The status and the sentence, for a body that means nothing or when the database fails.
pub async fn turn_by(state: &State, body: &[u8]) -> Result<(), (StatusCode, String)> {
    let clock = &state.app.environment.clock;
    let moved = Move::read(body).and_then(|turn| turn.make(clock).map_err(|error| error.to_string()));
    moved.map_err(|why| (StatusCode::BAD_REQUEST, why))?;
    state.app.share_clock().await.map_err(|error| {
        tracing::error!(%error, "the clocks of other servers could not be moved");
        (StatusCode::SERVICE_UNAVAILABLE, "the database failed; the log says why".to_owned())
    })?;
    let reading = clock.read();
    let (now, ahead, frozen) = (time(reading.now), reading.ahead(), reading.frozen);
    tracing::info!(now, ahead, frozen, "the clock was moved");
    Ok(())
}

impl Move {
    /// Reads the body of a request, whatever its content type says.
    fn read(body: &[u8]) -> Result<Self, String> {
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| format!("the body is not a JSON object: {FORMS}"))?;
        let mut members = object.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return Err(format!("the body must have exactly one member: {FORMS}"));
        };
        let read = match (name.as_str(), value) {
            ("now", Value::String(text)) => {
                DateTime::parse_from_rfc3339(text).ok().map(|now| Self::Now(now.with_timezone(&Utc)))
            }
            ("advance", seconds) => seconds.as_i64().and_then(TimeDelta::try_seconds).map(Self::Advance),
            ("freeze", Value::Bool(freeze)) => Some(Self::Freeze(*freeze)),
            ("reset", Value::Bool(true)) => Some(Self::Reset),
            ("now" | "freeze" | "reset", _) => None,
            _ => return Err(format!("{name:?} is not known here: {FORMS}")),
        };
        read.ok_or_else(|| format!("{value} is not a value of {name:?}: {FORMS}"))
    }

    fn make(self, clock: &Clock) -> Result<(), OutOfRange> {
        match self {
            Self::Now(now) => clock.set(now),
            Self::Advance(by) => clock.advance(by),
            Self::Freeze(freeze) => {
                clock.freeze(freeze);
                Ok(())
            }
            Self::Reset => {
                clock.reset();
                Ok(())
            }
        }
    }
}

/// The clock as answers show it.
pub(in crate::http) fn shown(reading: &Reading) -> Value {
    json!({
        "now": time(reading.now),
        "real": time(reading.real),
        "ahead": reading.ahead(),
        "frozen": reading.frozen,
    })
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
