//! The deadline of a request's body, whichever handler reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

/// Why a body ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It was not sent in time.
    #[error("the request body was not sent in time")]
    Late,
    /// The connection ended, or what came is not HTTP.
    #[error(transparent)]
    Connection(#[from] hyper::Error),
}

/// How fast a body has to arrive: as a whole in the time for it, or, for uploads of any size, so that it never stops for
/// that long.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<AtomicBool>);

impl Pace {
    /// Lets the body take longer, as long as it goes on.
    pub fn relax(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A body that has to arrive before its deadline.
pub struct TimedBody {
    inner: Incoming,
    timeout: Duration,
    pace: Pace,
    end: Instant,
    /// Made when the body has to be waited for.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    /// Gives the body so much time from now.
    pub fn new(inner: Incoming, timeout: Duration, pace: Pace) -> Self {
        Self { inner, timeout, pace, end: Instant::now() + timeout, deadline: None }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            if self.pace.0.load(Ordering::Relaxed) {
                self.end = Instant::now() + self.timeout;
                self.deadline = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)));
        }
        let end = self.end;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyError::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
