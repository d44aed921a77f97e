//! Chunked bodies: data comes out only once it is known to be what was signed.

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::canonical::hex;
use super::framing::{ChunkError, Frame, Frames};
use super::signing_key::hmac;

/// The most bytes of a signed chunk, which is held back until its signature is checked. SDKs send up to a mebibyte.
pub const MAX_CHUNK: u64 = 4 << 20;

/// The headers behind the last chunk, by their names in lower case.
pub type Trailer = Vec<(String, String)>;

const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Computes the signatures of a body's chunks, each of which covers the one before; the first covers the request's.
pub struct ChunkSigner {
    key: Zeroizing<[u8; 32]>,
    time_and_scope: String,
    previous: String,
}

impl ChunkSigner {
    pub(super) fn new(key: Zeroizing<[u8; 32]>, time: &str, scope: &str, seed: &str) -> Self {
        Self { key, time_and_scope: format!("{time}\n{scope}"), previous: seed.to_owned() }
    }

    /// The signature of the next chunk, of which this is the SHA-256.
    pub fn chunk(&mut self, digest: &[u8; 32]) -> String {
        let empty = hex(&Sha256::digest(b"").into());
        self.advance("AWS4-HMAC-SHA256-PAYLOAD", &format!("{empty}\n{}", hex(digest)))
    }

    /// The signature of the headers behind the last chunk: of the lines `name:value\n` this is the SHA-256.
    pub fn trailer(&mut self, digest: &[u8; 32]) -> String {
        self.advance("AWS4-HMAC-SHA256-TRAILER", &hex(digest))
    }

    fn advance(&mut self, kind: &str, hashes: &str) -> String {
        let string_to_sign = format!("{kind}\n{}\n{}\n{hashes}", self.time_and_scope, self.previous);
        self.previous = HEXLOWER.encode(&hmac(self.key.as_ref(), string_to_sign.as_bytes()));
        self.previous.clone()
    }
}

/// The signature of the chunk that is being received, and its data so far.
struct Held {
    signature: String,
    data: BytesMut,
}

/// A chunked body on its way in.
pub struct Chunks {
    frames: Frames,
    signer: Option<ChunkSigner>,
    /// Whether headers may follow the last chunk.
    has_trailer: bool,
    held: Option<Held>,
    /// How many bytes of data are still to come.
    left: u64,
    lines: String,
    trailer: Trailer,
}

impl Chunks {
    /// A body with so many bytes of data. Its chunks are signed if there is a signer.
    pub fn new(signer: Option<ChunkSigner>, has_trailer: bool, length: u64) -> Self {
        Self {
            frames: Frames::new(),
            signer,
            has_trailer,
            held: None,
            left: length,
            lines: String::new(),
            trailer: Trailer::new(),
        }
    }

    /// Takes what was received, and gives out the data that is good.
    ///
    /// # Errors
    /// When the frames, the length or a signature are wrong. Nothing of a chunk with a wrong signature is given out.
    pub fn receive(&mut self, mut bytes: Bytes, mut give: impl FnMut(Bytes)) -> Result<(), ChunkError> {
        while let Some(frame) = self.frames.next(&mut bytes)? {
            match frame {
                Frame::Chunk { size, signature } => self.begin(size, signature)?,
                Frame::Data(data) => match &mut self.held {
                    Some(held) => held.data.extend_from_slice(&data),
                    None => give(data),
                },
                Frame::End => {
                    if let Some(data) = self.checked()? {
                        give(data);
                    }
                }
                Frame::Trailer(line) => self.add(&line)?,
                Frame::Done => self.end()?,
            }
        }
        Ok(())
    }

    /// The headers behind the last chunk, without their signature, which has been checked.
    ///
    /// # Errors
    /// When the body has not ended.
    pub fn finish(&mut self) -> Result<Trailer, ChunkError> {
        if self.frames.is_done() { Ok(std::mem::take(&mut self.trailer)) } else { Err(ChunkError::Incomplete) }
    }

    fn begin(&mut self, size: u64, signature: Option<String>) -> Result<(), ChunkError> {
        self.left = self.left.checked_sub(size).ok_or(ChunkError::Length)?;
        if size == 0 && self.left > 0 {
            return Err(ChunkError::Length);
        }
        match (&self.signer, signature) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) if size > MAX_CHUNK => Err(ChunkError::TooLarge),
            (Some(_), Some(signature)) => {
                self.held = Some(Held { signature, data: BytesMut::new() });
                // The last chunk has no data, and so no end of it.
                if size == 0 { self.checked().map(drop) } else { Ok(()) }
            }
            (Some(_), None) | (None, Some(_)) => Err(ChunkError::Malformed),
        }
    }

    fn checked(&mut self) -> Result<Option<Bytes>, ChunkError> {
        let (Some(signer), Some(Held { signature, data })) = (&mut self.signer, self.held.take()) else {
            return Ok(None);
        };
        let expected = signer.chunk(&Sha256::digest(&data).into());
        match bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            true => Ok(Some(data.freeze())),
            false => Err(ChunkError::Signature),
        }
    }

    fn add(&mut self, line: &str) -> Result<(), ChunkError> {
        let (name, value) = line.split_once(':').filter(|_| self.has_trailer).ok_or(ChunkError::Malformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if self.trailer.iter().any(|(known, _)| *known == name) {
            return Err(ChunkError::Malformed);
        }
        if name != TRAILER_SIGNATURE {
            self.lines += &format!("{name}:{value}\n");
        }
        self.trailer.push((name, value.to_owned()));
        Ok(())
    }

    /// Checks the signature of the headers.
    fn end(&mut self) -> Result<(), ChunkError> {
        let given = self.trailer.iter().position(|(name, _)| name == TRAILER_SIGNATURE);
        let given = given.map(|place| self.trailer.remove(place).1);
        match (&mut self.signer, given) {
            (Some(signer), given) if self.has_trailer => {
                let expected = signer.trailer(&Sha256::digest(self.lines.as_bytes()).into());
                let given = given.unwrap_or_default();
                if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
                    Ok(())
                } else {
                    Err(ChunkError::Signature)
                }
            }
            (_, Some(_)) => Err(ChunkError::Malformed),
            (_, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::credential::Credential;
    use crate::sigv4::signing_key;

    /// The example of the S3 User Guide, "Transferring a Payload in Multiple Chunks".
    fn signer() -> ChunkSigner {
        let credential = Credential::read("AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request".into()).unwrap();
        let key = signing_key::derive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &credential);
        let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
        ChunkSigner::new(key, "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", seed)
    }

    const SIGNATURES: [&str; 3] = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];

    fn body(signatures: [&str; 3]) -> Vec<u8> {
        let [first, second, last] = signatures;
        [
            format!("10000;chunk-signature={first}\r\n").into_bytes(),
            vec![b'a'; 65_536],
            format!("\r\n400;chunk-signature={second}\r\n").into_bytes(),
            vec![b'a'; 1024],
            format!("\r\n0;chunk-signature={last}\r\n\r\n").into_bytes(),
        ]
        .concat()
    }

    fn received(mut chunks: Chunks, body: &[u8]) -> (usize, Result<Trailer, ChunkError>) {
        let mut given = 0;
        for packet in body.chunks(10_000) {
            if let Err(error) = chunks.receive(Bytes::copy_from_slice(packet), |data| given += data.len()) {
                return (given, Err(error));
            }
        }
        (given, chunks.finish())
    }

    #[test]
    fn the_example_of_the_documentation_is_good() {
        let chunks = || Chunks::new(Some(signer()), false, 66_560);
        assert_eq!(received(chunks(), &body(SIGNATURES)), (66_560, Ok(Trailer::new())));
        let zero = "0".repeat(64);
        let [first, second, last] = SIGNATURES;
        assert_eq!(received(chunks(), &body([&zero, second, last])), (0, Err(ChunkError::Signature)));
        assert_eq!(received(chunks(), &body([first, &zero, last])), (65_536, Err(ChunkError::Signature)));
        assert_eq!(received(chunks(), &body([first, second, &zero])), (66_560, Err(ChunkError::Signature)));
        let mut changed = body(SIGNATURES);
        changed[100] = b'b';
        assert_eq!(received(chunks(), &changed), (0, Err(ChunkError::Signature)));
        let whole = body(SIGNATURES);
        assert_eq!(received(chunks(), &whole[..66_000]).1, Err(ChunkError::Incomplete));
    }

    #[test]
    fn lengths_must_be_as_announced() {
        for length in [66_559, 66_561, 0] {
            let (_, result) = received(Chunks::new(Some(signer()), false, length), &body(SIGNATURES));
            assert_eq!(result, Err(ChunkError::Length), "{length}");
        }
        let large = format!("{:x};chunk-signature={}\r\n", MAX_CHUNK + 1, SIGNATURES[0]);
        let (_, result) = received(Chunks::new(Some(signer()), false, 1 << 40), large.as_bytes());
        assert_eq!(result, Err(ChunkError::TooLarge));
    }

    #[test]
    fn a_signed_body_cannot_pass_for_an_unsigned_one() {
        let unsigned = b"5\r\nhello\r\n0\r\n\r\n";
        assert_eq!(received(Chunks::new(Some(signer()), false, 5), unsigned), (0, Err(ChunkError::Malformed)));
        let (given, result) = received(Chunks::new(None, true, 66_560), &body(SIGNATURES));
        assert_eq!((given, result), (0, Err(ChunkError::Malformed)));
    }

    #[test]
    fn headers_follow_the_last_chunk() {
        let body = b"5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32: NhCmhg==\r\n\r\n";
        let trailer = vec![("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned())];
        assert_eq!(received(Chunks::new(None, true, 5), body), (5, Ok(trailer)));
        assert_eq!(received(Chunks::new(None, false, 5), body).1, Err(ChunkError::Malformed));
        let twice = b"0\r\na:1\r\nA:2\r\n\r\n";
        assert_eq!(received(Chunks::new(None, true, 0), twice).1, Err(ChunkError::Malformed));
    }

    #[test]
    fn headers_behind_signed_chunks_are_signed() {
        let mut same = signer();
        let last = same.chunk(&Sha256::digest(b"").into());
        let seal = same.trailer(&Sha256::digest(b"x-amz-checksum-crc32:AAAAAA==\n").into());
        let with = |value: &str, seal: &str| {
            let body = format!(
                "0;chunk-signature={last}\r\nx-amz-checksum-crc32:{value}\r\nx-amz-trailer-signature:{seal}\r\n\r\n"
            );
            received(Chunks::new(Some(signer()), true, 0), body.as_bytes()).1
        };
        let trailer = vec![("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned())];
        assert_eq!(with("AAAAAA==", &seal), Ok(trailer));
        assert_eq!(with("AAAAAB==", &seal), Err(ChunkError::Signature));
        assert_eq!(with("AAAAAA==", &last), Err(ChunkError::Signature));
        let unsigned = format!("0;chunk-signature={last}\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
        assert_eq!(received(Chunks::new(Some(signer()), true, 0), unsigned.as_bytes()).1, Err(ChunkError::Signature));
    }
}
