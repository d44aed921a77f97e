//! What can be wrong with a body.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::sigv4::{ChunkError, Payload};

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its hash is not what the request says.
    #[error("the body's hash is not the one in x-amz-content-sha256")]
    Hash,
    /// Its chunks are wrong.
    #[error(transparent)]
    Chunks(#[from] ChunkError),
    /// What follows its last chunk is not what was announced.
    #[error("the headers behind the last chunk are not those that x-amz-trailer announces")]
    Trailer,
    /// The checksum behind its last chunk is wrong. It has this name.
    #[error("the checksum {0} does not match")]
    Checksum(String),
    /// It could not be read.
    #[error("the body could not be read")]
    Unreadable,
}

/// Where the fault of a body is found once its upload has failed.
#[derive(Clone, Debug, Default)]
pub struct FaultSlot(Arc<Mutex<Option<Fault>>>);

impl FaultSlot {
    /// The fault, if there is one.
    pub fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps the fault.
    pub(super) fn put(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }
}

/// Checks a body that has been read whole. One in chunks cannot be read so.
///
/// # Errors
/// When it is not what was signed.
pub fn check_whole(body: &[u8], payload: Payload) -> Result<(), Fault> {
    match payload {
        Payload::Hash(expected) if Sha256::digest(body)[..] != expected => Err(Fault::Hash),
        Payload::Hash(_) | Payload::Unsigned => Ok(()),
        Payload::SignedChunks { .. } | Payload::UnsignedChunks => Err(Fault::Chunks(ChunkError::Malformed)),
    }
}
