//! The frames of `aws-chunked` bodies (S3 User Guide, "Signature Calculations for the Authorization Header:
//! Transferring a Payload in Multiple Chunks"): `{size}[;chunk-signature={signature}]\r\n{data}\r\n` for each chunk, the
//! last of size 0, then perhaps headers.

use bytes::{Buf, Bytes};

/// The most bytes of a line: a chunk's head, or a header behind the last chunk.
const MAX_LINE: usize = 8 * 1024;
/// The most headers behind the last chunk.
const MAX_TRAILERS: usize = 16;

/// What is wrong with a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// It is not framed as it should be.
    #[error("the body is not framed in chunks")]
    Malformed,
    /// It ended before its last chunk.
    #[error("the body ended before its last chunk")]
    Incomplete,
    /// A chunk is larger than what the server holds back until it has checked the signature.
    #[error("a chunk is too large")]
    TooLarge,
    /// The data is not as long as announced.
    #[error("the data is not as long as x-amz-decoded-content-length says")]
    Length,
    /// A chunk, or what follows the last one, was not made by who signed the request.
    #[error("a chunk's signature does not match")]
    Signature,
}

/// A piece of a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A chunk begins, with so many bytes and this signature.
    Chunk { size: u64, signature: Option<String> },
    /// Data of the chunk that began last.
    Data(Bytes),
    /// The chunk's data ended.
    End,
    /// A header behind the last chunk, as a line without its end.
    Trailer(String),
    /// The body ended.
    Done,
}

/// Where in a body the next byte is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Head,
    Data(u64),
    DataEnd,
    Trailer(usize),
    Done,
}

/// Takes a body apart.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    line: Vec<u8>,
}

impl Frames {
    pub fn new() -> Self {
        Self { place: Place::Head, line: Vec::new() }
    }

    /// Whether the last chunk and what follows it have come.
    pub fn is_done(&self) -> bool {
        self.place == Place::Done
    }

    /// The next piece in `bytes`, which is taken out of them; `None` when more bytes are needed.
    pub fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Frame>, ChunkError> {
        match self.place {
            Place::Data(left) if !bytes.is_empty() => {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let data = bytes.split_to(count);
                let left = left.saturating_sub(data.len() as u64);
                self.place = if left == 0 { Place::DataEnd } else { Place::Data(left) };
                Ok(Some(Frame::Data(data)))
            }
            Place::Data(_) => Ok(None),
            Place::Done if bytes.is_empty() => Ok(None),
            Place::Done => Err(ChunkError::Malformed),
            Place::Head | Place::DataEnd | Place::Trailer(_) => match self.line(bytes)? {
                Some(line) => self.read(&line).map(Some),
                None => Ok(None),
            },
        }
    }

    /// A line without its end, once it is whole.
    fn line(&mut self, bytes: &mut Bytes) -> Result<Option<String>, ChunkError> {
        let end = memchr::memchr(b'\n', bytes);
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        if self.line.len().saturating_add(piece.len()) > MAX_LINE {
            return Err(ChunkError::Malformed);
        }
        self.line.extend_from_slice(piece);
        bytes.advance(piece.len());
        if end.is_none() {
            return Ok(None);
        }
        bytes.advance(1);
        let mut line = std::mem::take(&mut self.line);
        // Signers end the headers behind the last chunk with a bare line feed, or with one more than is needed.
        let in_trailer = matches!(self.place, Place::Trailer(_));
        match line.pop_if(|last| *last == b'\r') {
            None if !in_trailer => Err(ChunkError::Malformed),
            _ => String::from_utf8(line).map(Some).map_err(|_| ChunkError::Malformed),
        }
    }

    fn read(&mut self, line: &str) -> Result<Frame, ChunkError> {
        match self.place {
            Place::DataEnd if line.is_empty() => {
                self.place = Place::Head;
                Ok(Frame::End)
            }
            Place::Head => self.head(line),
            Place::Trailer(_) if line.is_empty() => {
                self.place = Place::Done;
                Ok(Frame::Done)
            }
            Place::Trailer(count) if count < MAX_TRAILERS => {
                self.place = Place::Trailer(count + 1);
                Ok(Frame::Trailer(line.to_owned()))
            }
            _ => Err(ChunkError::Malformed),
        }
    }

    fn head(&mut self, line: &str) -> Result<Frame, ChunkError> {
        let (size, extensions) = line.split_once(';').map_or((line, None), |(size, rest)| (size, Some(rest)));
        let is_hex = !size.is_empty() && size.len() <= 16 && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16).ok().filter(|_| is_hex).ok_or(ChunkError::Malformed)?;
        let signature = match extensions {
            None => None,
            Some(extension) => {
                let signature = extension.strip_prefix("chunk-signature=").ok_or(ChunkError::Malformed)?;
                Some(signature.to_owned())
            }
        };
        self.place = if size == 0 { Place::Trailer(0) } else { Place::Data(size) };
        Ok(Frame::Chunk { size, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a body that comes in packets of so many bytes, adjacent data joined.
    fn frames(body: &str, packet: usize) -> Result<Vec<String>, ChunkError> {
        let mut frames = Frames::new();
        let mut found: Vec<String> = Vec::new();
        for packet in body.as_bytes().chunks(packet) {
            let mut bytes = Bytes::copy_from_slice(packet);
            while let Some(frame) = frames.next(&mut bytes)? {
                match (frame, found.last_mut()) {
                    (Frame::Data(data), Some(last)) if last.starts_with("data ") => {
                        last.push_str(str::from_utf8(&data).unwrap());
                    }
                    (Frame::Data(data), _) => found.push(format!("data {}", str::from_utf8(&data).unwrap())),
                    (Frame::Chunk { size, signature }, _) => {
                        found.push(format!("chunk {size} {}", signature.unwrap_or_default()));
                    }
                    (Frame::End, _) => found.push("end".to_owned()),
                    (Frame::Trailer(line), _) => found.push(format!("trailer {line}")),
                    (Frame::Done, _) => found.push("done".to_owned()),
                }
            }
        }
        if frames.is_done() { Ok(found) } else { Err(ChunkError::Incomplete) }
    }

    #[test]
    fn a_body_is_taken_apart_wherever_packets_end() {
        let body = "5;chunk-signature=ab\r\nhello\r\nA\r\n0123456789\r\n0;chunk-signature=cd\r\na:1\r\nb:2\n\r\n";
        let expected = [
            "chunk 5 ab",
            "data hello",
            "end",
            "chunk 10 ",
            "data 0123456789",
            "end",
            "chunk 0 cd",
            "trailer a:1",
            "trailer b:2",
            "done",
        ];
        for packet in [1, 2, 3, 7, 1000] {
            assert_eq!(frames(body, packet).unwrap(), expected, "{packet}");
        }
        assert_eq!(frames("0\r\n\r\n", 100).unwrap(), ["chunk 0 ", "done"]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for body in ["hello", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", ""] {
            assert_eq!(frames(body, 3), Err(ChunkError::Incomplete), "{body:?}");
        }
        for body in [
            "x\r\n",
            "\r\n",
            "-1\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5;signature=a\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello!\r\n0\r\n\r\n",
            "4\r\nhello\r\n0\r\n\r\n",
            "0\r\n\r\nmore",
            "00000000000000005\r\nhello\r\n0\r\n\r\n",
        ] {
            assert_eq!(frames(body, 3), Err(ChunkError::Malformed), "{body:?}");
        }
        let long = format!("0\r\n{}\r\n\r\n", "a".repeat(MAX_LINE + 1));
        assert_eq!(frames(&long, 100), Err(ChunkError::Malformed));
        let many = format!("0\r\n{}\r\n", "a:b\r\n".repeat(MAX_TRAILERS + 1));
        assert_eq!(frames(&many, 100), Err(ChunkError::Malformed));
    }
}
