//! The public keys of issuers: JSON Web Key Sets (RFC 7517, RFC 7518 section 6).

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::jws::Algorithm;

/// The most keys of each type that AWS takes from one issuer.
const MAX_KEYS: usize = 100;

/// The keys of an issuer that verify signatures.
#[derive(Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

/// One key.
#[derive(Debug)]
struct PublicKey {
    id: Option<String>,
    /// What the issuer uses it for, if it says.
    algorithm: Option<String>,
    numbers: Numbers,
}

/// The key itself.
#[derive(Debug)]
enum Numbers {
    Rsa(PublicKeyComponents<Vec<u8>>),
    /// The curve's name, and the point as `04`, x, y.
    Ec(String, Vec<u8>),
}

/// A key as it is in a key set.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Jwk {
    /// `RSA` or `EC`.
    pub kty: String,
    /// The key's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig` or `enc`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The one algorithm that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The modulus of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The curve of an EC key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The point of an EC key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The point of an EC key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// A key set as it is published.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Jwks {
    /// Its keys.
    pub keys: Vec<Jwk>,
}

impl KeySet {
    /// Reads a published key set. Keys that do not verify signatures, or that are unusable, are left out, as RFC
    /// 7517 section 5 wants it. `None` if it is no key set, or has too many keys.
    pub fn read(json: &[u8]) -> Option<Self> {
        let published: Jwks = serde_json::from_slice(json).ok()?;
        let count = |kty: &str| published.keys.iter().filter(|key| key.kty == kty).count();
        let few = count("RSA") <= MAX_KEYS && count("EC") <= MAX_KEYS;
        few.then(|| Self(published.keys.into_iter().filter_map(PublicKey::read).collect()))
    }

    /// Whether there is a key of this id; of any, if none is named.
    pub fn has(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// Whether a key of this id has signed a message by this algorithm.
    pub fn verifies(&self, id: Option<&str>, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.named(id).any(|key| key.verifies(algorithm, message, signature))
    }

    fn named(&self, id: Option<&str>) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().filter(move |key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
    }
}

impl PublicKey {
    fn read(jwk: Jwk) -> Option<Self> {
        if jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let number = |text: Option<String>| BASE64URL_NOPAD.decode(text?.trim_end_matches('=').as_bytes()).ok();
        let numbers = match jwk.kty.as_str() {
            "RSA" => Numbers::Rsa(PublicKeyComponents { n: unpadded(number(jwk.n)?), e: unpadded(number(jwk.e)?) }),
            "EC" => Numbers::Ec(jwk.crv?, [&[4], &*number(jwk.x)?, &*number(jwk.y)?].concat()),
            _ => return None,
        };
        Some(Self { id: jwk.kid, algorithm: jwk.alg, numbers })
    }

    /// The key's type and curve must be the algorithm's, or else one could be passed off as another.
    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if self.algorithm.as_deref().is_some_and(|own| own != algorithm.name()) {
            return false;
        }
        let rsa = |parameters| match &self.numbers {
            Numbers::Rsa(key) => key.verify(parameters, message, signature).is_ok(),
            Numbers::Ec(..) => false,
        };
        let ec = |parameters, curve| match &self.numbers {
            Numbers::Ec(own, point) => {
                own == curve && UnparsedPublicKey::new(parameters, point).verify(message, signature).is_ok()
            }
            Numbers::Rsa(_) => false,
        };
        match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED, "P-256"),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED, "P-384"),
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED, "P-521"),
        }
    }
}

/// Some issuers write leading zeros, which the library refuses.
fn unpadded(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}
