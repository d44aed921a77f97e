//! `GET /_iamd/events`: the audit trail as server-sent events.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use chrono::DateTime;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::audit::{Event, EventFilter};
use crate::http::State;
use crate::http::feed::{Feed, Follower, InvalidLastEvent, Sight, last_event};
use crate::http::listener::Stopping;
use crate::http::refusal::refused;
use crate::shapes::{AccountId, Timestamp};

/// How many may follow at a time.
pub const MAX_FOLLOWERS: usize = 64;

/// Which events are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    since: Option<String>,
    #[serde(default)]
    denied: bool,
    principal: Option<String>,
    action: Option<String>,
    account: Option<String>,
    /// Whether the answer goes on with what happens from now on.
    follow: Option<bool>,
}

/// What is wrong with the request, or with the server.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(
        "account must be twelve digits, after another partition and a colon where it is of one: aws-cn:123456789012"
    )]
    Account,
    #[error("since must be a time such as 2030-01-01T00:00:00Z, or how long ago: 90s, 15m, 6h, 2d")]
    Since,
    #[error(transparent)]
    LastEvent(#[from] InvalidLastEvent),
    #[error("the audit trail is off: --audit")]
    Off,
}

/// The operator, who sees everything that the filter lets through.
struct Operator(EventFilter);

impl Follower for Operator {
    async fn sees(&self, event: &Event) -> Sight {
        if self.0.fits(event) { Sight::Shown(event.shown()) } else { Sight::Hidden }
    }

    async fn is_admitted(&self) -> bool {
        true
    }
}

/// The events that fit: those since a time, and then those that happen.
pub async fn follow(
    Shared(state): Shared<Arc<State>>,
    stopping: Option<Extension<Stopping>>,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let feed = match feed(&state, &query, &headers) {
        Ok(feed) => feed,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let Ok(place) = state.followers.clone().try_acquire_owned() else {
        let why = format!("{MAX_FOLLOWERS} clients follow the audit trail already");
        return refused(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    feed.answer(query.follow.unwrap_or(true), place, stopping)
}

fn feed(state: &State, query: &EventsQuery, headers: &HeaderMap) -> Result<Feed<Operator>, FollowError> {
    let trail = state.app.trail.clone().ok_or(FollowError::Off)?;
    let partition = state.app.authenticator.partition.unwrap_or_default();
    let account = query.account.as_deref().map(|text| match text.split_once(':') {
        Some(_) => AccountId::parse_qualified(text),
        None => AccountId::parse(text).map(|account| account.in_partition(partition)),
    });
    let account = match account {
        Some(None) => return Err(FollowError::Account),
        Some(account) => account,
        None => None,
    };
    let now = state.app.environment.clock.now().into();
    let since = query.since.as_deref().map(|text| since(text, now).ok_or(FollowError::Since)).transpose()?;
    let last = last_event(headers)?;
    let filter =
        EventFilter { denied: query.denied, principal: query.principal.clone(), action: query.action.clone(), account };
    Ok(Feed::new(trail, Operator(filter), since, last))
}

/// A time, or how long before now: `90s`, `15m`, `6h`, `2d`.
pub(super) fn since(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc().into());
    }
    let unit = match text.chars().next_back()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return None,
    };
    let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
    Some(now.plus(-i64::from(number) * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_ago() {
        let now = Timestamp::from_seconds(1_000_000);
        for (text, expected) in [
            ("1970-01-01T00:00:07Z", Some(7)),
            ("1970-01-01T01:00:07+01:00", Some(7)),
            ("90s", Some(999_910)),
            ("15m", Some(999_100)),
            ("1h", Some(996_400)),
            ("2d", Some(827_200)),
            ("4294967295d", Some(1_000_000 - 4_294_967_295 * 86_400)),
            ("99999999999d", None),
            ("-1h", None),
            ("1", None),
            ("", None),
            ("é", None),
            ("1ü", None),
            ("yesterday", None),
        ] {
            assert_eq!(since(text, now).map(Timestamp::seconds), expected, "{text}");
        }
    }
}
