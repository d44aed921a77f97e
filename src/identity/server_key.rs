//! The server's key: what seals session tokens, authorization messages, tickets and markers, and what session secrets
//! derive from.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::packing::{pack, unpack};
use crate::shapes::{AccountId, Secret};
use crate::sigv4::hmac;

/// Real session tokens begin with these bytes, which makes them `IQoJ…` in base64.
const TOKEN_PREFIX: &[u8] = b"!\n\t\x01";
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

/// A key of 32 bytes. Servers that share it accept each other's session tokens.
pub struct ServerKey {
    sessions: XChaCha20Poly1305,
    messages: XChaCha20Poly1305,
    tickets: XChaCha20Poly1305,
    secrets: [u8; 32],
    markers: [u8; 32],
    fingerprints: [u8; 32],
}

impl ServerKey {
    /// Derives what is needed from the key.
    pub fn new(key: &[u8; 32]) -> Self {
        let derive = |purpose: &str| mac(key, &[purpose.as_bytes()]);
        Self {
            sessions: XChaCha20Poly1305::new(&Key::from(derive("session tokens"))),
            messages: XChaCha20Poly1305::new(&Key::from(derive("authorization messages"))),
            tickets: XChaCha20Poly1305::new(&Key::from(derive("tickets"))),
            secrets: derive("secrets of sessions"),
            markers: derive("markers"),
            fingerprints: derive("fingerprints"),
        }
    }

    /// Seals a session: only a server with this key can read or make one. Zeros behind the session make the token at
    /// least `least_size` characters long.
    pub fn seal(&self, mut session: Vec<u8>, nonce: [u8; NONCE_LENGTH], least_size: usize) -> Option<String> {
        let overhead = TOKEN_PREFIX.len() + NONCE_LENGTH + TAG_LENGTH;
        // Four characters of base64 stand for three bytes.
        let padded = (least_size.div_ceil(4) * 3).saturating_sub(overhead);
        session.resize(padded.max(session.len()), 0);
        let sealed = self.sessions.encrypt(&XNonce::from(nonce), &*session).ok()?;
        Some(STANDARD.encode([TOKEN_PREFIX, &nonce, &sealed].concat()))
    }

    /// Opens a session token; `None` if it is not one of ours or was altered.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(token).ok()?;
        let (nonce, sealed) = bytes.strip_prefix(TOKEN_PREFIX)?.split_first_chunk::<NONCE_LENGTH>()?;
        self.sessions.decrypt(&XNonce::from(*nonce), sealed).ok()
    }

    /// Seals an authorization message for an account, in which alone it can be decoded.
    pub fn seal_message(&self, account: AccountId, message: &str, nonce: [u8; NONCE_LENGTH]) -> Option<String> {
        let (packed, account) = (pack(&message)?, account.number().to_be_bytes());
        let payload = Payload { msg: &packed, aad: &account };
        let sealed = self.messages.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens an authorization message; `None` if it is not one of this account's or was altered.
    pub fn open_message(&self, account: AccountId, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
        let account = account.number().to_be_bytes();
        let payload = Payload { msg: sealed, aad: &account };
        unpack(&self.messages.decrypt(&XNonce::from(*nonce), payload).ok()?)
    }

    /// Seals what the server itself wants to be shown again, for one purpose.
    pub fn seal_ticket<T: Serialize>(&self, purpose: &str, content: &T, nonce: [u8; NONCE_LENGTH]) -> Option<String> {
        let content = postcard::to_stdvec(content).ok()?;
        let payload = Payload { msg: &content, aad: purpose.as_bytes() };
        let sealed = self.tickets.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens a ticket; `None` if it is of another purpose, none of ours, or was altered.
    pub fn open_ticket<T: DeserializeOwned>(&self, purpose: &str, ticket: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(ticket).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        postcard::from_bytes(&self.tickets.decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }

    /// The secret access key of a session: 40 characters, derived from its access key id, so that it need not be kept.
    pub fn session_secret(&self, access_key_id: &str) -> Secret {
        let bytes = mac(&self.secrets, &[access_key_id.as_bytes()]);
        Secret::new(STANDARD.encode(bytes.split_at(30).0))
    }

    /// Stands for a text, which only who has this key can guess from it. It is the same on all servers with the key.
    pub fn fingerprint(&self, text: &str) -> [u8; 32] {
        mac(&self.fingerprints, &[text.as_bytes()])
    }

    /// An opaque marker for the place behind `key` in a listing; `listing` says which.
    pub fn marker(&self, listing: &str, key: &str) -> String {
        let tag = mac(&self.markers, &[listing.as_bytes(), b"\0", key.as_bytes()]);
        URL_SAFE_NO_PAD.encode([tag.split_at(12).0, key.as_bytes()].concat())
    }

    /// The key that a marker stands for; `None` if this listing did not give it out.
    pub fn read_marker(&self, listing: &str, marker: &str) -> Option<String> {
        Self::unverified_marker(marker).filter(|key| self.marker(listing, key) == marker)
    }

    /// The key that a marker claims to stand for.
    pub fn unverified_marker(marker: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(marker).ok()?;
        String::from_utf8(bytes.split_off(12.min(bytes.len()))).ok()
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
        let token = key.seal(b"session".to_vec(), [9; 24], 0).unwrap();
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
    fn a_token_is_as_long_as_asked_for() {
        let key = ServerKey::new(&[1; 32]);
        for (least, length) in [(0, 68), (68, 68), (69, 72), (1000, 1000), (4095, 4096), (4096, 4096)] {
            let token = key.seal(b"session".to_vec(), [9; 24], least).unwrap();
            assert_eq!(token.len(), length, "{least}");
            assert!(key.open(&token).unwrap().starts_with(b"session"));
        }
    }

    #[test]
    fn a_message_opens_in_its_account_only() {
        let key = ServerKey::new(&[1; 32]);
        let [own, other] = [1, 2].map(|number| AccountId::from_number(number).unwrap());
        let sealed = key.seal_message(own, "denied", [9; 24]).unwrap();
        assert_eq!(key.open_message(own, &sealed).as_deref(), Some("denied"));
        assert_eq!(key.open_message(other, &sealed), None);
        assert_eq!(ServerKey::new(&[2; 32]).open_message(own, &sealed), None);
        assert_eq!(key.open_message(own, "x"), None);
        assert_eq!(key.open(&sealed), None, "a message is no session");
    }

    #[test]
    fn a_ticket_opens_for_its_purpose_only() {
        let key = ServerKey::new(&[1; 32]);
        let ticket = key.seal_ticket("sign-in", &("ann", 7_i64), [9; 24]).unwrap();
        assert_eq!(key.open_ticket("sign-in", &ticket), Some(("ann".to_owned(), 7_i64)));
        assert_eq!(key.open_ticket::<(String, i64)>("metadata", &ticket), None);
        assert_eq!(ServerKey::new(&[2; 32]).open_ticket::<(String, i64)>("sign-in", &ticket), None);
        assert_eq!(key.open_ticket::<(String, i64)>("sign-in", "x"), None);
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
