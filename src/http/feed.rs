//! The audit trail as server-sent events (WHATWG HTML, "Server-sent events"), for those who follow it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver, Sender, error::SendError};
use tokio::time::Instant;

use super::listener::Stopping;
use crate::audit::Event;
use crate::error::Error;
use crate::shapes::Timestamp;
use crate::store::Trail;

/// The header with which clients go on where they were.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// After so long without an event, a line says that the connection lives.
const QUIET: Duration = Duration::from_secs(15);

/// How many events may wait for the network.
const BUFFER: usize = 16;

/// Who follows, and what of it they see.
pub trait Follower: Send + Sync + 'static {
    /// What the follower sees of an event.
    fn sees(&self, event: &Event) -> impl Future<Output = Sight> + Send;

    /// Whether the follower may go on, asked while nothing happens.
    fn is_admitted(&self) -> impl Future<Output = bool> + Send;
}

/// What a follower sees of an event.
pub enum Sight {
    /// This.
    Shown(Value),
    /// Nothing.
    Hidden,
    /// Nothing, nor of what follows.
    Dismissed,
}

/// A `Last-Event-ID` that is not the id of an event.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{LAST_EVENT_ID} must be the id of an event of this stream")]
pub struct InvalidLastEvent;

/// The last event that a client has, if it goes on with a stream.
///
/// # Errors
/// For what is not the id of an event.
pub fn last_event(headers: &HeaderMap) -> Result<Option<u64>, InvalidLastEvent> {
    let Some(id) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    id.to_str().ok().and_then(|id| id.parse().ok()).map(Some).ok_or(InvalidLastEvent)
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
pub struct Feed<F> {
    trail: Arc<Trail>,
    follower: F,
    start: Timestamp,
    /// The last event that was looked at.
    last: u64,
    /// How many events the trail has lost so far.
    lost: u64,
}

/// Why a feed ends.
enum Ended {
    /// Nobody reads it.
    Unread,
    /// The trail cannot be read.
    Failed(Error),
    /// The follower may not see more.
    Dismissed,
}

impl From<SendError<Bytes>> for Ended {
    fn from(_: SendError<Bytes>) -> Self {
        Self::Unread
    }
}

impl<F: Follower> Feed<F> {
    /// A feed of the events since a time, or behind the last one that the follower has; else of those from now on.
    pub fn new(trail: Arc<Trail>, follower: F, since: Option<Timestamp>, last: Option<u64>) -> Self {
        Self {
            follower,
            start: since.unwrap_or(Timestamp::from_seconds(i64::MIN)),
            last: last.or(since.map(|_| 0)).unwrap_or_else(|| trail.last()),
            lost: trail.dropped(),
            trail,
        }
    }

    /// The answer that the events go into. It ends with the events that there are, or goes on until the follower or the
    /// server leaves.
    pub fn answer(self, goes_on: bool, place: OwnedSemaphorePermit, stopping: Option<Extension<Stopping>>) -> Response {
        let (sender, receiver) = mpsc::channel(BUFFER);
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
                _ = self.run(goes_on, sender) => {}
                () = stopped => {}
            }
        });
        let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
        (headers, Body::new(Stream(receiver))).into_response()
    }

    async fn run(mut self, goes_on: bool, sender: Sender<Bytes>) -> Result<(), Ended> {
        let ended = self.feed(goes_on, &sender).await;
        if let Err(Ended::Failed(error)) = &ended {
            tracing::error!(%error, "the audit trail cannot be read");
            let why = json!({"error": "the audit trail cannot be read; the log says why"});
            send(&sender, &format!("event: failed\ndata: {why}\n\n")).await?;
        }
        if let Err(Ended::Dismissed) = &ended {
            send(&sender, "event: dismissed\ndata: {}\n\n").await?;
        }
        ended
    }

    async fn feed(&mut self, goes_on: bool, sender: &Sender<Bytes>) -> Result<(), Ended> {
        let mut newest = self.trail.newest();
        let mut last = Instant::now();
        // A comment, so that the client sees at once that it is connected.
        send(sender, ": following\n\n").await?;
        loop {
            newest.mark_unchanged();
            while self.send_next(sender).await? {
                last = Instant::now();
            }
            if !goes_on {
                return send(sender, "event: end\ndata: {}\n\n").await;
            }
            let news = self.trail.wait_for_news(&mut newest);
            match tokio::time::timeout_at(last + QUIET, news).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(_) if !self.follower.is_admitted().await => return Err(Ended::Dismissed),
                Err(_) => {
                    last = Instant::now();
                    send(sender, ": quiet\n\n").await?;
                }
            }
        }
    }

    /// Sends the next events; whether there were some.
    async fn send_next(&mut self, sender: &Sender<Bytes>) -> Result<bool, Ended> {
        let events = self.trail.after(self.last, self.start).await.map_err(Ended::Failed)?;
        let lost = self.trail.dropped();
        if lost > self.lost {
            let skipped = json!({"skipped": lost - self.lost});
            self.lost = lost;
            send(sender, &format!("event: skipped\ndata: {skipped}\n\n")).await?;
        }
        for event in &events {
            self.last = event.sequence;
            if event.time < self.start {
                continue;
            }
            match self.follower.sees(event).await {
                Sight::Shown(shown) => send(sender, &text_of(event, &shown)).await?,
                Sight::Hidden => {}
                Sight::Dismissed => return Err(Ended::Dismissed),
            }
        }
        Ok(!events.is_empty())
    }
}

async fn send(sender: &Sender<Bytes>, text: &str) -> Result<(), Ended> {
    Ok(sender.send(Bytes::copy_from_slice(text.as_bytes())).await?)
}

/// An event of the stream. JSON has no line breaks of its own making, so no name can end the line.
fn text_of(event: &Event, shown: &Value) -> String {
    format!("id: {}\nevent: call\ndata: {shown}\n\n", event.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_the_line_of_an_event() {
        let mut event = crate::audit::example_event(5, "GetUser");
        let forged = "x\n\nevent: call\ndata: {}\r\rid: 9\u{2028}";
        event.user_agent = forged.to_owned();
        Arc::make_mut(&mut event.identity).arn = Some(forged.to_owned());
        event.region = forged.to_owned();
        let text = text_of(&event, &event.shown());
        let (lines, end) = text.split_at(text.len() - 2);
        assert_eq!((lines.lines().count(), end), (3, "\n\n"), "{text}");
        assert!(!lines.contains('\r'), "{text}");
    }
}
