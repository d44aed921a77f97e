//! The compressed form of what travels in sealed texts.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Up to so many bytes are kept as they are: to set up the compressor takes longer than all else of a call.
const MAX_STORED: usize = 512;

/// The value in its compressed form; `None` only for what postcard cannot write, which is a fault of ours.
pub(super) fn pack<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let plain = postcard::to_stdvec(value).ok()?;
    if plain.len() <= MAX_STORED {
        return stored(&plain);
    }
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&plain).ok()?;
    packer.finish().ok()
}

/// One block without compression (RFC 1951, section 3.2.4).
fn stored(plain: &[u8]) -> Option<Vec<u8>> {
    const LAST_AND_STORED: u8 = 1;
    let length = u16::try_from(plain.len()).ok()?;
    Some([&[LAST_AND_STORED], &length.to_le_bytes()[..], &(!length).to_le_bytes(), plain].concat())
}

/// The value that was packed.
pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Option<T> {
    let mut plain = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut plain).ok()?;
    postcard::from_bytes(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_whatever_its_size() {
        for size in [0, 1, MAX_STORED - 2, MAX_STORED - 1, MAX_STORED, MAX_STORED + 1, 100_000] {
            let text = "x".repeat(size);
            let packed = pack(&text).unwrap();
            assert!(packed.len() <= MAX_STORED + 5, "{size} bytes take {}", packed.len());
            assert_eq!(unpack::<String>(&packed), Some(text));
        }
    }
}
