//! Sealing what is stored with a key of the user's.
//!
//! With a key, each row's body is sealed whole by authenticated encryption that binds it to its table, account and key,
//! so that no secret can be forgotten and no row can be put in another's place. Beside it the body keeps, in plain
//! text, the members that the readable columns show: names, paths, ids and times.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::fault::Fault;
use crate::sigv4::hmac;

/// The form of what is sealed, in case there will be another.
const VERSION: u8 = 1;

const NONCE_LENGTH: usize = 24;

/// The members of bodies that stay readable.
const READABLE: &[&str] = &[
    "alias",
    "created",
    "expires",
    "id",
    "name",
    "owner_account",
    "path",
    "requestor",
    "states",
    "status",
    "uploaded",
    "url",
    "uuid",
];

/// The member that holds the sealed body.
const SEALED: &str = "sealed";

/// The value of the server's that says that the database is sealed, and by which key.
pub(super) const MARK: &str = "seal";

/// A key of 32 bytes. It is wiped when dropped.
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// The key that 64 hexadecimal digits give.
    pub fn parse(hex: &str) -> Option<Self> {
        let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }
}

/// Seals and opens.
#[derive(Clone)]
pub(super) struct Sealer(XChaCha20Poly1305);

/// Where a sealed text belongs: table, account and key.
type Place<'p> = (&'p str, &'p str, &'p str);

impl Sealer {
    pub fn new(key: &SealingKey) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(hmac(&*key.0, b"rows of the database"))))
    }

    /// Seals a text for its place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let payload = Payload { msg: plain, aad: &bound_to(place) };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Fault::Content("a row could not be sealed".to_owned()))?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let opened = sealed.strip_prefix(&[VERSION]).and_then(|rest| rest.split_first_chunk::<NONCE_LENGTH>());
        let opened = opened.and_then(|(nonce, sealed)| {
            let payload = Payload { msg: sealed, aad: &bound_to(place) };
            self.0.decrypt(&XNonce::from(*nonce), payload).ok()
        });
        opened.map(Zeroizing::new).ok_or_else(|| Fault::Content("its seal is broken".to_owned()))
    }

    /// The body to be stored in the place of a plain one.
    pub fn seal_body(&self, place: Place<'_>, body: &str) -> Result<String, Fault> {
        let broken = |error: serde_json::Error| Fault::Content(error.to_string());
        let mut members: Map<String, Value> = serde_json::from_str(body).map_err(broken)?;
        members.retain(|name, _| READABLE.contains(&name.as_str()));
        members.insert(SEALED.to_owned(), STANDARD.encode(self.seal(place, body.as_bytes())?).into());
        serde_json::to_string(&members).map_err(broken)
    }

    /// The plain body of a stored one.
    pub fn open_body(&self, place: Place<'_>, body: &str) -> Result<Zeroizing<String>, Fault> {
        let members: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
        let sealed = members.get(SEALED).and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        let sealed = sealed.ok_or_else(|| Fault::Content("it is not sealed".to_owned()))?;
        let plain = self.open(place, &sealed)?;
        let plain = std::str::from_utf8(&plain).map_err(|error| Fault::Content(error.to_string()))?;
        Ok(Zeroizing::new(plain.to_owned()))
    }
}

/// A change of the key. Without an old one, what is stored is plain text; without a new one, it becomes so.
#[derive(Clone, Copy)]
pub(super) struct Resealing<'s> {
    pub old: Option<&'s Sealer>,
    pub new: Option<&'s Sealer>,
}

impl Resealing<'_> {
    /// The body to be stored in the place of another one.
    pub fn body(&self, place: Place<'_>, stored: &str) -> Result<Zeroizing<String>, Fault> {
        let plain = match self.old {
            Some(old) => old.open_body(place, stored)?,
            None => Zeroizing::new(stored.to_owned()),
        };
        self.new.map_or(Ok(plain.clone()), |new| new.seal_body(place, &plain).map(Zeroizing::new))
    }

    /// The value to be stored in the place of another one.
    pub fn value(&self, place: Place<'_>, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let plain = match self.old {
            Some(old) => old.open(place, stored)?,
            None => Zeroizing::new(stored.to_vec()),
        };
        self.new.map_or(Ok(plain.clone()), |new| new.seal(place, &plain).map(Zeroizing::new))
    }
}

/// The associated data. Of the three only the key, which comes last, may hold a zero.
fn bound_to((table, account, key): Place<'_>) -> Vec<u8> {
    [table.as_bytes(), account.as_bytes(), key.as_bytes()].join(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(digit: &str) -> Sealer {
        Sealer::new(&SealingKey::parse(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn keys_are_64_hexadecimal_digits() {
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            assert!(SealingKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_body_opens_in_its_place_with_its_key_only() {
        let body = r#"{"name":"bob","path":"/","secret":"hunter2"}"#;
        let place = ("users", "000000000001", "bob");
        let sealed = sealer("a").seal_body(place, body).unwrap();
        assert!(
            sealed.starts_with(r#"{"name":"bob","path":"/","sealed":""#) && !sealed.contains("hunter2"),
            "{sealed}"
        );
        assert_eq!(*sealer("a").open_body(place, &sealed).unwrap(), body);
        for (table, account, key) in
            [("roles", "000000000001", "bob"), ("users", "000000000002", "bob"), ("users", "000000000001", "ann")]
        {
            assert!(sealer("a").open_body((table, account, key), &sealed).is_err());
        }
        assert!(sealer("b").open_body(place, &sealed).is_err());
        assert!(sealer("a").open_body(place, body).is_err(), "a plain row is refused");
        let altered = sealed.replace("sealed\":\"", "sealed\":\"A");
        assert!(sealer("a").open_body(place, &altered).is_err());
    }

    #[test]
    fn the_key_changes_and_goes() {
        let place = ("users", "000000000001", "bob");
        let (a, b) = (sealer("a"), sealer("b"));
        let body = r#"{"name":"bob","secret":"hunter2"}"#;
        let mut stored = body.to_owned();
        for (old, new) in [(None, Some(&a)), (Some(&a), Some(&b))] {
            stored = Resealing { old, new }.body(place, &stored).unwrap().to_string();
            assert!(!stored.contains("hunter2"), "{stored}");
        }
        assert!(Resealing { old: Some(&a), new: None }.body(place, &stored).is_err(), "it has another key by now");
        assert_eq!(*Resealing { old: Some(&b), new: None }.body(place, &stored).unwrap(), body);
    }

    #[test]
    fn equal_bodies_are_sealed_differently() {
        let place = ("users", "1", "bob");
        assert_ne!(sealer("a").seal(place, b"x").unwrap(), sealer("a").seal(place, b"x").unwrap());
    }
}
