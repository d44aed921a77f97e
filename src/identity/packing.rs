//! The compressed form of what travels in sealed texts.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The value in its compressed form; `None` only for what postcard cannot write, which is a fault of ours.
pub(super) fn pack<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&postcard::to_stdvec(value).ok()?).ok()?;
    packer.finish().ok()
}

/// The value that was packed.
pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Option<T> {
    let mut plain = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut plain).ok()?;
    postcard::from_bytes(&plain).ok()
}
