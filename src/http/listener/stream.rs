//! A stream that fails when its peer stops taking what is written to it.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How many bytes the peer has to take within the timeout. A peer that takes a few bytes at a time must not keep a
/// connection for ever.
const MIN_PROGRESS: usize = 16 * 1024;

/// A stream whose writes end with [`ErrorKind::TimedOut`] when they do not progress. Reads have no deadline of their own:
/// the one of a request's head is in HTTP's state machine, the one of its body in [`super::body`].
pub struct Stream<S> {
    inner: S,
    timeout: Duration,
    /// When the pending write fails. Nothing is pending while there is none.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The bytes taken since the deadline was set.
    taken: usize,
}

impl<S> Stream<S> {
    /// Gives writes to `inner` so much time for [`MIN_PROGRESS`] bytes.
    pub fn new(inner: S, timeout: Duration) -> Self {
        Self { inner, timeout, deadline: None, taken: 0 }
    }

    /// Notes what became of a write of `offered` bytes.
    fn watch(&mut self, cx: &mut Context<'_>, offered: usize, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        match written {
            Poll::Ready(Ok(count)) => {
                self.taken = self.taken.saturating_add(count);
                if count == offered || self.taken >= MIN_PROGRESS {
                    self.deadline = None;
                    self.taken = 0;
                }
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let end = Instant::now() + self.timeout;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
                ready!(deadline.as_mut().poll(cx));
                Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the peer does not read")))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let offered = slices.iter().map(|slice| slice.len()).sum();
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.watch(cx, offered, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_write_that_nobody_takes_fails() {
        let (near, _far) = tokio::io::duplex(8);
        let mut stream = Stream::new(near, Duration::from_millis(20));
        let error = stream.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_takes_a_byte_at_a_time_does_not_hold_the_stream() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut stream = Stream::new(near, Duration::from_millis(100));
        let reading = tokio::spawn(async move {
            while far.read_u8().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let error = stream.write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(stream);
        reading.await.unwrap();
    }

    #[tokio::test]
    async fn progress_renews_the_deadline() {
        let (near, mut far) = tokio::io::duplex(2 * MIN_PROGRESS);
        let mut stream = Stream::new(near, Duration::from_secs(3600));
        stream.write_all(&vec![0; 2 * MIN_PROGRESS]).await.unwrap();
        assert!(stream.deadline.is_none() && stream.taken == 0);
        let reading = tokio::spawn(async move {
            let mut taken = vec![0; 5 * MIN_PROGRESS];
            far.read_exact(&mut taken).await.unwrap();
        });
        stream.write_all(&vec![0; 3 * MIN_PROGRESS]).await.unwrap();
        assert!(stream.deadline.is_none() && stream.taken == 0);
        reading.await.unwrap();
    }
}
