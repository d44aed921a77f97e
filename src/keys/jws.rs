//! Signed tokens: JSON Web Signatures in their compact form (RFC 7515), with the algorithms that AWS takes.
//!
//! The libraries for tokens know `none` and HMAC, which must never count here, and not ES512, which AWS takes. What is
//! left of the format is two dots; the cryptography is AWS's library.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwk::KeySet;
use super::unique_members::UniqueMembers;

/// An algorithm that signs with a private key and verifies with a public one. There are no others here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of RFC 7518")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
    Ps256,
}

impl Algorithm {
    const ALL: [Self; 7] = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256, Self::Es384, Self::Es512, Self::Ps256];

    /// The name in headers and key sets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A token as it came: nothing in it is to be believed before [`Token::is_signed_by`].
#[derive(Debug)]
pub struct Token<'t> {
    algorithm: Algorithm,
    /// The id of the key that is said to have signed it.
    pub key_id: Option<String>,
    /// What it claims.
    pub claims: Map<String, Value>,
    message: &'t str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that a reader must understand; there are none that this one does.
    #[serde(default)]
    crit: Option<Value>,
}

impl<'t> Token<'t> {
    /// Takes a token apart; `None` if it is none, is signed by an algorithm that does not count, or has a claim twice
    /// (RFC 7519, section 4).
    pub fn read(text: &'t str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        let algorithm = Algorithm::parse(&header.alg)?;
        let UniqueMembers(claims) = serde_json::from_slice(&decode(claims)?).ok()?;
        let Value::Object(claims) = claims else { return None };
        Some(Self { algorithm, key_id: header.kid, claims, message, signature: decode(signature)? })
    }

    /// Whether one of the keys has signed it: the one that it names, or any if it names none.
    pub fn is_signed_by(&self, keys: &KeySet) -> bool {
        keys.verifies(self.key_id.as_deref(), self.algorithm, self.message.as_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_comes_twice_makes_no_token() {
        let token = |claims: &str| {
            let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
            let text = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(claims));
            Token::read(&text).map(|token| token.claims.len())
        };
        assert_eq!(token(r#"{"sub":"bad","SUB":"good"}"#), Some(2));
        assert_eq!(token(r#"{"sub":"bad","sub":"good"}"#), None);
        assert_eq!(token(r#"{"t":{"k":"v","k":"w"}}"#), None);
        assert_eq!(token(r#"["sub"]"#), None);
    }
}
