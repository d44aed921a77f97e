//! A certificate and key of the operator's, in files.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Identity, RELOAD, TlsError};
use crate::keys::{Certificate, PrivateKey};

/// Reads both files.
pub fn read(certificate: &Path, key: &Path, now: SystemTime) -> Result<Identity, TlsError> {
    let (chain, leaf) = chain(certificate)?;
    let text = text(key)?;
    let no_key = || TlsError::NoKey(key.to_owned());
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| no_key())?;
    if !leaf.is_of(&PrivateKey::read(&text).ok_or_else(no_key)?) {
        return Err(TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() });
    }
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if i64::try_from(seconds).is_ok_and(|now| leaf.not_after().seconds() < now) {
        return Err(TlsError::Expired(certificate.to_owned(), leaf.not_after().to_string()));
    }
    Ok(Identity { chain, key: der, renew: now + RELOAD })
}

/// The certificates of a file, and the first of them, which is the server's.
pub fn chain(path: &Path) -> Result<(Vec<CertificateDer<'static>>, Certificate), TlsError> {
    let text = text(path)?;
    let damaged = || TlsError::NoCertificate(path.to_owned());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let mut read = Certificate::read_all(&text).ok_or_else(damaged)?;
    Ok((chain.map_err(|_| damaged())?, read.swap_remove(0)))
}

fn text(path: &Path) -> Result<String, TlsError> {
    std::fs::read_to_string(path).map_err(|error| TlsError::File(path.to_owned(), error))
}
