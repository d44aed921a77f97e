//! `GET /_iamd/events`: the audit trail as server-sent events (WHATWG HTML, "Server-sent events").

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use http::{HeaderMap, StatusCode, header};
use hyper::body::Frame;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver, Sender, error::SendError};

use crate::audit::{Event, EventFilter};
use crate::error::Error;
use crate::http::State;
use crate::http::listener::Stopping;
use crate::http::refusal::refused;
use crate::shapes::{AccountId, Timestamp};
use crate::store::Trail;

/// How many may follow at a time.
pub const MAX_FOLLOWERS: usize = 64;

/// After so long without an event, a line says that the connection lives.
const QUIET: Duration = Duration::from_secs(15);

/// How many events may wait for the network.
const BUFFER: usize = 16;

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
enum FollowError {
    #[error(
        "account must be twelve digits, after another partition and a colon where it is of one: aws-cn:123456789012"
    )]
    Account,
    #[error("since must be a time such as 2030-01-01T00:00:00Z, or how long ago: 90s, 15m, 6h, 2d")]
    Since,
    #[error("Last-Event-ID must be the id of an event of this stream")]
    LastEvent,
    #[error("the audit trail is off: --audit")]
    Off,
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
    let (sender, receiver) = mpsc::channel(BUFFER);
    let feed = match Feed::new(&state, &query, &headers, sender) {
        Ok(feed) => feed,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let Ok(place) = state.followers.clone().try_acquire_owned() else {
        let why = format!("{MAX_FOLLOWERS} clients follow the audit trail already");
        return refused(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    let goes_on = query.follow.unwrap_or(true);
    let stopped = async {
        match stopping {
            Some(Extension(mut stopping)) => stopping.stopped().await,
            None => std::future::pending().await,
        }
    };
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            // The client is gone, or has all that it wants.
            _ = feed.run(goes_on) => {}
            () = stopped => {}
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::new(Stream(receiver))).into_response()
}

/// The body of an answer: what a feed sends until it ends.
struct Stream(Receiver<Bytes>);

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// What feeds one follower. It reads the trail at the follower's pace: a slow one waits for nobody, and nobody for it.
struct Feed {
    trail: Arc<Trail>,
    filter: EventFilter,
    start: Timestamp,
    /// The last event that was looked at.
    last: u64,
    /// How many events the trail has lost so far.
    lost: u64,
    sender: Sender<Bytes>,
}

/// Why a feed ends.
enum Ended {
    /// Nobody reads it.
    Unread,
    /// The trail cannot be read.
    Failed(Error),
}

impl From<SendError<Bytes>> for Ended {
    fn from(_: SendError<Bytes>) -> Self {
        Self::Unread
    }
}

impl Feed {
    fn new(
        state: &State,
        query: &EventsQuery,
        headers: &HeaderMap,
        sender: Sender<Bytes>,
    ) -> Result<Self, FollowError> {
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
        let last = match headers.get("last-event-id") {
            Some(id) => Some(id.to_str().ok().and_then(|id| id.parse().ok()).ok_or(FollowError::LastEvent)?),
            None => None,
        };
        Ok(Self {
            filter: EventFilter {
                denied: query.denied,
                principal: query.principal.clone(),
                action: query.action.clone(),
                account,
            },
            start: since.unwrap_or(Timestamp::from_seconds(i64::MIN)),
            last: last.or(since.map(|_| 0)).unwrap_or_else(|| trail.last()),
            lost: trail.dropped(),
            trail,
            sender,
        })
    }

    async fn run(mut self, goes_on: bool) -> Result<(), Ended> {
        let ended = self.feed(goes_on).await;
        if let Err(Ended::Failed(error)) = &ended {
            tracing::error!(%error, "the audit trail cannot be read");
            let why = json!({"error": "the audit trail cannot be read; the log says why"});
            self.send(&format!("event: failed\ndata: {why}\n\n")).await?;
        }
        ended
    }

    async fn feed(&mut self, goes_on: bool) -> Result<(), Ended> {
        let mut newest = self.trail.newest();
        // A comment, so that the client sees at once that it is connected.
        self.send(": following\n\n").await?;
        loop {
            newest.mark_unchanged();
            while self.send_next().await? {}
            if !goes_on {
                return self.send("event: end\ndata: {}\n\n").await;
            }
            match tokio::time::timeout(QUIET, newest.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Ok(()),
                Err(_) => self.send(": quiet\n\n").await?,
            }
        }
    }

    /// Sends the next events; whether there were some.
    async fn send_next(&mut self) -> Result<bool, Ended> {
        let events = self.trail.after(self.last, self.start).await.map_err(Ended::Failed)?;
        let lost = self.trail.dropped();
        if lost > self.lost {
            let skipped = json!({"skipped": lost - self.lost});
            self.lost = lost;
            self.send(&format!("event: skipped\ndata: {skipped}\n\n")).await?;
        }
        for event in &events {
            self.last = event.sequence;
            if event.time >= self.start && self.filter.fits(event) {
                self.send(&text_of(event)).await?;
            }
        }
        Ok(!events.is_empty())
    }

    async fn send(&mut self, text: &str) -> Result<(), Ended> {
        Ok(self.sender.send(Bytes::copy_from_slice(text.as_bytes())).await?)
    }
}

/// An event of the stream. JSON has no line breaks of its own making, so no name can end the line.
fn text_of(event: &Event) -> String {
    format!("id: {}\nevent: call\ndata: {}\n\n", event.sequence, event.shown())
}

/// A time, or how long before now: `90s`, `15m`, `6h`, `2d`.
fn since(text: &str, now: Timestamp) -> Option<Timestamp> {
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

    #[test]
    fn no_name_ends_the_line_of_an_event() {
        let mut event = crate::audit::example_event(5, "GetUser");
        let forged = "x\n\nevent: call\ndata: {}\r\rid: 9\u{2028}";
        event.user_agent = forged.to_owned();
        event.identity.arn = Some(forged.to_owned());
        event.region = forged.to_owned();
        let text = text_of(&event);
        let (lines, end) = text.split_at(text.len() - 2);
        assert_eq!((lines.lines().count(), end), (3, "\n\n"), "{text}");
        assert!(!lines.contains('\r'), "{text}");
    }
}
