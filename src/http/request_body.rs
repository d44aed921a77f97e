//! Reads the bodies of requests into memory, within a budget for all of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::State;
use super::listener::BodyError;
use super::refusal::refused;

/// How much of each body is outside of the budget. Ordinary requests fit in and are answered no matter what others send;
/// the number of connections bounds them.
const FREE: usize = 16 * 1024;
/// The unit that the budget is counted in.
const KIB: usize = 1024;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It has more than so many bytes.
    #[error("the request body must be smaller than {0} bytes")]
    TooLarge(usize),
    /// All bodies together need more memory than they may have.
    #[error("the server is receiving too many large requests; try again later")]
    Busy,
    /// It was not sent in time.
    #[error("the request body was not sent in time")]
    Late,
    /// The connection broke, or what came is not HTTP.
    #[error("the request body ended early")]
    Ended,
}

impl ReadError {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Ended => StatusCode::BAD_REQUEST,
        }
    }
}

/// How much the bodies of all requests may take.
#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// The most bytes of one body.
    pub max: usize,
    budget: Arc<Semaphore>,
}

impl BodyLimits {
    /// At most `max` bytes each, and `total` bytes of memory together.
    pub fn new(max: usize, total: usize) -> Self {
        Self { max, budget: Arc::new(Semaphore::new((total / KIB).min(Semaphore::MAX_PERMITS))) }
    }

    /// How much of the budget is not taken.
    pub fn free_bytes(&self) -> usize {
        self.budget.available_permits().saturating_mul(KIB)
    }

    /// A body that nothing is read of yet.
    pub fn receive(&self, body: Body) -> Receiving {
        Receiving { body, bytes: Vec::new(), memory: Memory { budget: self.budget.clone(), held: None } }
    }
}

/// The share of the budget that one body holds.
struct Memory {
    budget: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// Takes what a buffer of this capacity needs from the budget. Waiting for it could have many unfinished bodies wait
    /// for each other.
    fn grow(&mut self, capacity: usize) -> Result<(), ReadError> {
        let needed = capacity.saturating_sub(FREE).div_ceil(KIB);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(needed.saturating_sub(held)).map_err(|_| ReadError::Busy)?;
        if more == 0 {
            return Ok(());
        }
        let permit = self.budget.clone().try_acquire_many_owned(more);
        let permit = permit.map_err(|_: TryAcquireError| ReadError::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

/// A body that is being read. It holds its memory until it is dropped.
pub struct Receiving {
    body: Body,
    bytes: Vec<u8>,
    memory: Memory,
}

impl Receiving {
    /// Reads on until the body ends, or is known to have more than `limit` bytes. Whether it ended.
    ///
    /// # Errors
    /// All of [`ReadError`] but `TooLarge`.
    pub async fn fill(&mut self, limit: usize) -> Result<bool, ReadError> {
        while self.bytes.len() <= limit {
            let Some(frame) = self.body.frame().await else { return Ok(true) };
            let frame = frame.map_err(|error| match error.into_inner().downcast_ref() {
                Some(BodyError::Late) => ReadError::Late,
                _ => ReadError::Ended,
            })?;
            if let Ok(data) = frame.into_data() {
                self.push(&data)?;
            }
        }
        Ok(false)
    }

    /// How many bytes the body has, if its length was announced.
    pub fn announced(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// What was read so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes what has been read. Its memory stays taken from the budget.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The rest of the body, which is not held in memory.
    pub fn stream(&mut self) -> Body {
        std::mem::take(&mut self.body)
    }

    fn push(&mut self, data: &[u8]) -> Result<(), ReadError> {
        let length = self.bytes.len().saturating_add(data.len());
        if length > self.bytes.capacity() {
            let capacity = length.max(self.bytes.capacity().saturating_mul(2));
            self.memory.grow(capacity)?;
            self.bytes.reserve_exact(capacity.saturating_sub(self.bytes.len()));
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// Reads the body before the handler runs, so that none has to care for its limits.
pub async fn receive(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let limit = state.bodies.max;
    let mut body = state.bodies.receive(body);
    let whole = body.fill(limit).await;
    let error = match whole {
        Ok(true) if body.bytes.len() <= limit => {
            let bytes = std::mem::take(&mut body.bytes);
            // The memory stays taken until the handler is done.
            return next.run(Request::from_parts(parts, Body::from(bytes))).await;
        }
        Ok(_) => ReadError::TooLarge(limit),
        Err(error) => error,
    };
    refused(error.status(), &error.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    /// Frames of a body.
    struct Frames(std::vec::IntoIter<Vec<u8>>);

    impl hyper::body::Body for Frames {
        type Data = hyper::body::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            Poll::Ready(self.0.next().map(|bytes| Ok(hyper::body::Frame::data(bytes.into()))))
        }
    }

    /// The result of reading a body of so many bytes, sent in two halves.
    async fn read(limits: &BodyLimits, size: usize) -> (Result<bool, ReadError>, Receiving) {
        let frames = vec![vec![1; size / 2], vec![1; size - size / 2]];
        let mut body = limits.receive(Body::new(Frames(frames.into_iter())));
        (body.fill(limits.max).await, body)
    }

    #[tokio::test]
    async fn bodies_share_a_budget_and_give_it_back() {
        let limits = BodyLimits::new(1 << 20, 128 * KIB);
        let (whole, first) = read(&limits, 100 * KIB).await;
        assert!(matches!(whole, Ok(true)));
        assert!(matches!(read(&limits, 100 * KIB).await.0, Err(ReadError::Busy)));
        let (whole, small) = read(&limits, FREE).await;
        assert!(matches!(whole, Ok(true)), "small bodies are always read");
        assert_eq!(small.bytes().len(), FREE);
        drop(first);
        assert!(matches!(read(&limits, 100 * KIB).await.0, Ok(true)));
        assert_eq!(limits.free_bytes(), 128 * KIB);
    }

    #[tokio::test]
    async fn reading_stops_beyond_the_limit() {
        let limits = BodyLimits::new(1000, 1 << 20);
        let (whole, body) = read(&limits, 4000).await;
        assert!(matches!(whole, Ok(false)));
        assert_eq!(body.bytes().len(), 2000);
        assert!(matches!(read(&limits, 1000).await.0, Ok(true)));
    }
}
