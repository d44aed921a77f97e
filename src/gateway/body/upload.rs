//! Bodies on their way to an upstream, checked while they pass. What could complete a body that is not what was signed
//! is held back until the check is done; if it fails, the upstream gets fewer bytes than it was promised.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use sha2::{Digest, Sha256};

use super::checksum::Checksum;
use super::fault::{Fault, FaultSlot};
use crate::sigv4::Chunks;

/// What fails when a body cannot be read or is not good.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// How much is held back until a body is known to be good.
const HELD_BACK: usize = 64 * 1024;
/// The data in a frame of a body that is framed again.
const FRAME: usize = 64 * 1024;

/// How a body is checked.
pub enum Check {
    /// Not at all.
    Nothing,
    /// By its hash.
    Hash {
        /// The hash that it must have.
        expected: [u8; 32],
    },
    /// Chunk by chunk.
    Chunks {
        /// The chunks.
        chunks: Box<Chunks>,
        /// The header behind the last chunk, and how its value is computed.
        trailer: Option<(String, Checksum)>,
        /// Whether the upstream gets the data in frames, with that header.
        keep: bool,
    },
}

impl Check {
    /// The length of what the upstream gets, where the data has this length.
    pub fn sent_length(&self, data: u64) -> u64 {
        match self {
            Self::Chunks { trailer, keep: true, .. } => framed_length(data, trailer.as_ref()),
            _ => data,
        }
    }
}

/// How long data is in frames of [`FRAME`] bytes, with the last one and the header behind it.
fn framed_length(data: u64, trailer: Option<&(String, Checksum)>) -> u64 {
    let frame = |length: u64| format!("{length:x}").len() as u64 + length + 4;
    let whole = (data / FRAME as u64).saturating_mul(frame(FRAME as u64));
    let rest = match data % FRAME as u64 {
        0 => 0,
        rest => frame(rest),
    };
    let trailer = trailer.map_or(0, |(name, checksum)| (name.len() + 1 + checksum.length() + 2) as u64);
    whole.saturating_add(rest).saturating_add(3 + trailer + 2)
}

/// A body that is checked while it passes.
pub struct Upload<B> {
    inner: B,
    check: Check,
    hasher: Sha256,
    /// Data that may go out, in order.
    held: VecDeque<Bytes>,
    held_length: usize,
    /// Data for the frame that is being filled.
    frame: Vec<u8>,
    ended: bool,
    /// What is still to be sent once the body has ended.
    left: u64,
    fault: FaultSlot,
}

impl<B> Upload<B> {
    /// A body with so many bytes of data.
    pub fn new(inner: B, check: Check, data: u64) -> (Self, FaultSlot) {
        let fault = FaultSlot::default();
        let left = check.sent_length(data);
        let upload = Self {
            inner,
            check,
            hasher: Sha256::new(),
            held: VecDeque::new(),
            held_length: 0,
            frame: Vec::new(),
            ended: false,
            left,
            fault: fault.clone(),
        };
        (upload, fault)
    }

    fn hold(&mut self, data: Bytes) {
        self.held_length += data.len();
        self.held.push_back(data);
    }

    /// Takes what was received.
    fn receive(&mut self, data: Bytes) -> Result<(), Fault> {
        match &mut self.check {
            Check::Nothing => self.hold(data),
            Check::Hash { .. } => {
                self.hasher.update(&data);
                self.hold(data);
            }
            Check::Chunks { chunks, trailer, .. } => {
                let mut given = Vec::new();
                chunks.receive(data, |data| given.push(data))?;
                for data in given {
                    if let Some((_, checksum)) = trailer {
                        checksum.update(&data);
                    }
                    self.held_length += data.len();
                    self.held.push_back(data);
                }
            }
        }
        Ok(())
    }

    /// Checks the whole body; what comes behind the data, if anything.
    fn finish(&mut self) -> Result<Vec<u8>, Fault> {
        match std::mem::replace(&mut self.check, Check::Nothing) {
            Check::Nothing => Ok(Vec::new()),
            Check::Hash { expected } => {
                let hash: [u8; 32] = std::mem::take(&mut self.hasher).finalize().into();
                if hash == expected { Ok(Vec::new()) } else { Err(Fault::Hash) }
            }
            Check::Chunks { mut chunks, trailer, keep } => {
                let given = chunks.finish()?;
                let value = match (trailer, given.as_slice()) {
                    (None, []) => None,
                    (Some((name, checksum)), [(sent, value)]) if *sent == name => {
                        if checksum.finish() != *value {
                            return Err(Fault::Checksum(name));
                        }
                        Some((name, value.clone()))
                    }
                    _ => return Err(Fault::Trailer),
                };
                if !keep {
                    return Ok(Vec::new());
                }
                let header = value.map(|(name, value)| format!("{name}:{value}\r\n")).unwrap_or_default();
                let frames = self.frames(true);
                Ok([frames, format!("0\r\n{header}\r\n").into_bytes()].concat())
            }
        }
    }

    /// The held data in frames: whole ones, and at the end of the body the rest.
    fn frames(&mut self, all: bool) -> Vec<u8> {
        let mut frames = Vec::new();
        let keep_back = if all { 0 } else { HELD_BACK };
        while let Some(data) = self.released(keep_back) {
            let mut data = data.as_ref();
            while !data.is_empty() {
                let (part, rest) = data.split_at(data.len().min(FRAME - self.frame.len()));
                self.frame.extend_from_slice(part);
                data = rest;
                if self.frame.len() == FRAME {
                    self.end_frame(&mut frames);
                }
            }
        }
        if all && !self.frame.is_empty() {
            self.end_frame(&mut frames);
        }
        frames
    }

    fn end_frame(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{:x}\r\n", self.frame.len()).as_bytes());
        out.append(&mut self.frame);
        out.extend_from_slice(b"\r\n");
    }

    /// The next data that may go out while so much is kept back.
    fn released(&mut self, keep_back: usize) -> Option<Bytes> {
        let front = self.held.front_mut()?;
        let free = self.held_length.saturating_sub(keep_back);
        if free == 0 {
            return None;
        }
        let data = if front.len() <= free { self.held.pop_front()? } else { front.split_to(free) };
        self.held_length = self.held_length.saturating_sub(data.len());
        Some(data)
    }

    /// The next piece for the upstream, if there is one.
    fn next(&mut self) -> Option<Bytes> {
        match &self.check {
            Check::Chunks { keep: true, .. } => {
                let frames = self.frames(false);
                (!frames.is_empty()).then(|| frames.into())
            }
            // Nothing is to be waited for.
            Check::Nothing => self.released(0),
            _ => self.released(HELD_BACK),
        }
    }

    fn sent(&mut self, data: Bytes) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.left = self.left.saturating_sub(data.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn failed(&mut self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.ended = true;
        self.held.clear();
        self.fault.put(fault.clone());
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl<B> Body for Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        loop {
            if let Some(data) = this.next() {
                return this.sent(data);
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if let Err(fault) = this.receive(data) {
                        return this.failed(fault);
                    }
                }
                Some(Err(_)) => return this.failed(Fault::Unreadable),
                None => {
                    this.ended = true;
                    match this.finish() {
                        Ok(rest) if rest.is_empty() => {}
                        Ok(rest) => this.hold(rest.into()),
                        Err(fault) => return this.failed(fault),
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::sigv4::ChunkError;

    /// A body that comes in packets.
    struct Packets(VecDeque<Bytes>);

    impl Body for Packets {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
        }
    }

    /// What the upstream got, and the fault.
    async fn sent(body: &[u8], check: Check, data: u64) -> (Vec<u8>, Option<Fault>) {
        let promised = check.sent_length(data);
        let packets = body.chunks(10_000).map(Bytes::copy_from_slice);
        let (mut upload, fault) = Upload::new(Packets(packets.collect()), check, data);
        let mut sent = Vec::new();
        while let Some(frame) = upload.frame().await {
            match frame {
                Ok(frame) => sent.extend_from_slice(&frame.into_data().unwrap()),
                Err(_) => break,
            }
        }
        let fault = fault.take();
        assert_eq!(fault.is_none(), sent.len() as u64 == promised, "only good bodies are whole");
        (sent, fault)
    }

    #[tokio::test]
    async fn a_body_with_another_hash_is_never_whole() {
        for size in [0, 1, HELD_BACK, HELD_BACK + 1, 300_000] {
            let body = vec![7; size];
            let expected = Sha256::digest(&body).into();
            let (good, fault) = sent(&body, Check::Hash { expected }, size as u64).await;
            assert_eq!((good == body, fault), (true, None), "{size}");
            if size > 0 {
                let (bad, fault) = sent(&vec![8; size], Check::Hash { expected }, size as u64).await;
                assert_eq!(fault, Some(Fault::Hash));
                assert!(bad.len() <= size.saturating_sub(HELD_BACK), "{size}");
            }
        }
    }

    fn chunked(data: &[u8], value: &str) -> Vec<u8> {
        let head = format!("{:x}\r\n", data.len()).into_bytes();
        let first = if data.is_empty() { Vec::new() } else { [&head, data, b"\r\n"].concat() };
        [first, format!("0\r\nx-amz-checksum-crc32:{value}\r\n\r\n").into_bytes()].concat()
    }

    fn check(length: usize, keep: bool) -> Check {
        let name = "x-amz-checksum-crc32".to_owned();
        let trailer = Some((name.clone(), Checksum::of_header(&name).unwrap()));
        Check::Chunks { chunks: Box::new(Chunks::new(None, true, length as u64)), trailer, keep }
    }

    fn crc(data: &[u8]) -> String {
        let mut checksum = Checksum::of_header("x-amz-checksum-crc32").unwrap();
        checksum.update(data);
        checksum.finish()
    }

    #[tokio::test]
    async fn chunks_are_decoded_or_framed_again() {
        for size in [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 200_001] {
            let data: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
            let value = crc(&data);
            let (decoded, fault) = sent(&chunked(&data, &value), check(size, false), size as u64).await;
            assert_eq!((decoded == data, fault), (true, None), "{size}");
            let (kept, fault) = sent(&chunked(&data, &value), check(size, true), size as u64).await;
            assert_eq!(fault, None);
            // What was framed again can be decoded again.
            let (decoded, fault) = sent(&kept, check(size, false), size as u64).await;
            assert_eq!((decoded == data, fault), (true, None), "{size}");
        }
    }

    #[tokio::test]
    async fn what_follows_the_last_chunk_is_checked() {
        let data = vec![1; 100_000];
        for keep in [true, false] {
            let fault = sent(&chunked(&data, "AAAAAA=="), check(data.len(), keep), data.len() as u64).await.1;
            assert_eq!(fault, Some(Fault::Checksum("x-amz-checksum-crc32".to_owned())));
            let other = chunked(&data, &crc(&data));
            let other = String::from_utf8_lossy(&other).replace("crc32", "crc99").into_bytes();
            let fault = sent(&other, check(data.len(), keep), data.len() as u64).await.1;
            assert_eq!(fault, Some(Fault::Trailer));
            let fault = sent(&chunked(&data, "x")[..50_000], check(data.len(), keep), data.len() as u64).await.1;
            assert_eq!(fault, Some(Fault::Chunks(ChunkError::Incomplete)));
        }
    }
}
