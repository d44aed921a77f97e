//! The server's key: what seals session tokens and markers, and what session secrets derive from.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::shapes::Secret;
use crate::sigv4::hmac;

/// Real session tokens begin with these bytes, which makes them `IQoJ…` in base64.
const TOKEN_PREFIX: &[u8] = b"!\n\t\x01";
const NONCE_LENGTH: usize = 24;

/// A key of 32 bytes. Servers that share it accept each other's session tokens.
pub struct ServerKey {
    sessions: XChaCha20Poly1305,
    secrets: [u8; 32],
    markers: [u8; 32],
}

impl ServerKey {
    /// Derives what is needed from the key.
    pub fn new(key: &[u8; 32]) -> Self {
        let derive = |purpose: &str| mac(key, &[purpose.as_bytes()]);
        Self {
            sessions: XChaCha20Poly1305::new(&Key::from(derive("session tokens"))),
            secrets: derive("secrets of sessions"),
            markers: derive("markers"),
        }
    }

    /// Seals a session: only a server with this key can read or make one.
    pub fn seal(&self, session: &[u8], nonce: [u8; NONCE_LENGTH]) -> Option<String> {
        let sealed = self.sessions.encrypt(&XNonce::from(nonce), session).ok()?;
        Some(STANDARD.encode([TOKEN_PREFIX, &nonce, &sealed].concat()))
    }

    /// Opens a session token; `None` if it is not one of ours or was altered.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(token).ok()?;
        let (nonce, sealed) = bytes.strip_prefix(TOKEN_PREFIX)?.split_first_chunk::<NONCE_LENGTH>()?;
        self.sessions.decrypt(&XNonce::from(*nonce), sealed).ok()
    }

    /// The secret access key of a session: 40 characters, derived from its access key id, so that it need not be kept.
    pub fn session_secret(&self, access_key_id: &str) -> Secret {
        let bytes = mac(&self.secrets, &[access_key_id.as_bytes()]);
        Secret::new(STANDARD.encode(bytes.split_at(30).0))
    }

    /// An opaque marker for the place behind `key` in a listing; `listing` says which.
    pub fn marker(&self, listing: &str, key: &str) -> String {
        let tag = mac(&self.markers, &[listing.as_bytes(), b"\0", key.as_bytes()]);
        URL_SAFE_NO_PAD.encode([tag.split_at(12).0, key.as_bytes()].concat())
    }

    /// The key that a marker stands for; `None` if this listing did not give it out.
    pub fn read_marker(&self, listing: &str, marker: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(marker).ok()?;
        let key = std::str::from_utf8(bytes.get(12..)?).ok()?;
        (self.marker(listing, key) == marker).then(|| key.to_owned())
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    hmac(key, &parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_with_its_key_only() {
        let key = ServerKey::new(&[1; 32]);
        let token = key.seal(b"session", [9; 24]).unwrap();
        assert!(token.starts_with("IQoJ"), "{token}");
        assert_eq!(key.open(&token).as_deref(), Some(&b"session"[..]));
        assert_eq!(ServerKey::new(&[2; 32]).open(&token), None);
        for position in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(altered == token || key.open(&altered).is_none(), "altered at {position}");
        }
    }

    #[test]
    fn markers_belong_to_their_listing() {
        let key = ServerKey::new(&[1; 32]);
        let marker = key.marker("ListUsers", "bob");
        assert_eq!(key.read_marker("ListUsers", &marker).as_deref(), Some("bob"));
        assert_eq!(key.read_marker("ListRoles", &marker), None);
        assert_eq!(key.read_marker("ListUsers", &format!("{marker}A")), None);
        assert_eq!(key.read_marker("ListUsers", "x"), None);
    }

    #[test]
    fn session_secrets_look_like_secret_access_keys() {
        let secret = ServerKey::new(&[1; 32]).session_secret("ASIAQAAAAAAAAAAAAAAA");
        assert_eq!(secret.reveal().len(), 40);
        assert!(!secret.reveal().contains('='));
    }
}
