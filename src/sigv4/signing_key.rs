//! The key that a secret yields for one day, region and service.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::credential::Credential;

/// Derives the signing key for a credential's scope.
pub(super) fn derive(secret: &str, credential: &Credential<'_>) -> Zeroizing<[u8; 32]> {
    let Credential { date, region, service, terminator, .. } = credential;
    let mut key = Zeroizing::new(hmac(Zeroizing::new(["AWS4", secret].concat()).as_bytes(), date.as_bytes()));
    for part in [region, service, terminator] {
        key = Zeroizing::new(hmac(key.as_ref(), part.as_bytes()));
    }
    key
}

/// HMAC-SHA256.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
pub fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(data).finalize().into_bytes().into()
}
