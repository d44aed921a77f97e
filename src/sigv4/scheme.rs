//! How services differ in what they want signed, and for how long a signature is good.

use chrono::TimeDelta;

/// How a service wants its requests signed. The default is that of IAM and STS.
#[derive(Clone, Copy, Debug)]
pub struct Scheme<'a> {
    /// In which form the path is signed.
    pub path: PathForm,
    /// The text that takes the place of the body's hash, as the request has it in `x-amz-content-sha256`; `None` where
    /// the hash is computed from the body.
    pub payload: Option<&'a str>,
    /// How far the time of a signature may be from the server's clock.
    pub window: TimeDelta,
    /// Whether a presigned URL is good for as long as its `X-Amz-Expires` says.
    pub expires: bool,
}

/// The form in which a path is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathForm {
    /// Without dot segments and empty segments, and encoded once more than it was sent.
    Normalized,
    /// Encoded once, with every segment in its place: at S3 it is the key of an object.
    AsSent,
}

impl Default for Scheme<'_> {
    fn default() -> Self {
        Self { path: PathForm::Normalized, payload: None, window: TimeDelta::minutes(15), expires: false }
    }
}

/// What `x-amz-content-sha256` says about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The SHA-256 of the body.
    Hash([u8; 32]),
    /// The body is not signed.
    Unsigned,
    /// The body comes in chunks, each with a signature.
    SignedChunks {
        /// Whether headers follow the last chunk, with a signature of their own.
        trailer: bool,
    },
    /// The body comes in chunks without signatures, and headers follow the last one.
    UnsignedChunks,
}

impl Payload {
    /// Reads the header's value; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "UNSIGNED-PAYLOAD" => Some(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Some(Self::SignedChunks { trailer: false }),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Some(Self::SignedChunks { trailer: true }),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::UnsignedChunks),
            hex => {
                let digest = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
                digest.try_into().ok().map(Self::Hash)
            }
        }
    }

    /// Whether the body is framed in chunks.
    pub fn is_chunked(self) -> bool {
        matches!(self, Self::SignedChunks { .. } | Self::UnsignedChunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_payloads() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(matches!(Payload::read(empty), Some(Payload::Hash([0xe3, ..]))));
        assert_eq!(Payload::read("UNSIGNED-PAYLOAD"), Some(Payload::Unsigned));
        for (text, chunked) in [
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true),
            ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", true),
            (empty, false),
        ] {
            assert_eq!(Payload::read(text).map(Payload::is_chunked), Some(chunked), "{text}");
        }
        let upper = empty.to_uppercase();
        for text in ["", "unsigned-payload", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "e3", &upper] {
            assert_eq!(Payload::read(text), None, "{text}");
        }
    }
}
