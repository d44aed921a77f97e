//! The checksums that follow chunked bodies (S3 User Guide, "Checking object integrity").

use aws_lc_rs::digest;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use data_encoding::BASE64;

/// A checksum that is being computed.
pub(in crate::gateway) enum Checksum {
    /// A cyclic redundancy check, with the bytes that its text has.
    Crc(Box<Crc>, usize),
    /// A hash.
    Hash(Box<digest::Context>),
}

impl Checksum {
    /// The checksum that a header is for, such as `x-amz-checksum-crc32`; `None` for those that are not known.
    pub fn of_header(name: &str) -> Option<Self> {
        let crc = |algorithm, bytes| Some(Self::Crc(Box::new(Crc::new(algorithm)), bytes));
        let hash = |algorithm| Some(Self::Hash(Box::new(digest::Context::new(algorithm))));
        match name.to_ascii_lowercase().strip_prefix("x-amz-checksum-")? {
            "crc32" => crc(CrcAlgorithm::Crc32IsoHdlc, 4),
            "crc32c" => crc(CrcAlgorithm::Crc32Iscsi, 4),
            "crc64nvme" => crc(CrcAlgorithm::Crc64Nvme, 8),
            "sha1" => hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            "sha256" => hash(&digest::SHA256),
            "sha512" => hash(&digest::SHA512),
            _ => None,
        }
    }

    /// Adds data.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Crc(crc, _) => crc.update(data),
            Self::Hash(hash) => hash.update(data),
        }
    }

    /// How many characters the value has.
    pub fn length(&self) -> usize {
        let bytes = match self {
            Self::Crc(_, bytes) => *bytes,
            Self::Hash(hash) => hash.algorithm().output_len(),
        };
        BASE64.encode_len(bytes)
    }

    /// The value of the header.
    pub fn finish(self) -> String {
        match self {
            Self::Crc(crc, bytes) => {
                let value = crc.finalize().to_be_bytes();
                BASE64.encode(value.get(value.len().saturating_sub(bytes)..).unwrap_or_default())
            }
            Self::Hash(hash) => BASE64.encode(hash.finish().as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that the algorithms' own definitions give for these nine digits.
    #[test]
    fn the_checksums_of_the_check_value() {
        for (name, value) in [
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("X-Amz-Checksum-CRC32C", "4waSgw=="),
            ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
            ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
            ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] {
            let mut checksum = Checksum::of_header(name).unwrap();
            assert_eq!(checksum.length(), value.len(), "{name}");
            checksum.update(b"1234");
            checksum.update(b"56789");
            assert_eq!(checksum.finish(), value, "{name}");
        }
        assert!(Checksum::of_header("x-amz-checksum-md4").is_none());
        assert!(Checksum::of_header("crc32").is_none());
    }
}
