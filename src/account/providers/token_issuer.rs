//! Outbound federation: the account as an issuer of web identity tokens.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity};
use crate::keys::{Algorithm, SigningKey};
use crate::shapes::Secret;

/// The account's keys, made when outbound federation is enabled first. There is one row at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenIssuer {
    /// Whether tokens are issued. Keys stay when it ends, for tokens that are still good.
    pub enabled: bool,
    /// The keys: algorithm, and PKCS #8 in base64.
    pub keys: Vec<(String, Secret)>,
}

/// The algorithms that tokens can be signed by.
pub const TOKEN_ALGORITHMS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es384];

impl TokenIssuer {
    /// New keys. `None` when the system has no randomness.
    pub fn new() -> Option<Self> {
        let kept = |algorithm: Algorithm| {
            let der = SigningKey::generate(algorithm).ok()?.to_pkcs8().ok()?;
            Some((algorithm.name().to_owned(), Secret::new(BASE64.encode(&der))))
        };
        Some(Self { enabled: true, keys: TOKEN_ALGORITHMS.into_iter().map(kept).collect::<Option<_>>()? })
    }

    /// The key of an algorithm.
    pub fn signing_key(&self, algorithm: Algorithm) -> Option<SigningKey> {
        let (_, key) = self.keys.iter().find(|(name, _)| name == algorithm.name())?;
        SigningKey::from_pkcs8(algorithm, &BASE64.decode(key.reveal().as_bytes()).ok()?).ok()
    }
}

impl Entity for TokenIssuer {
    fn key(&self) -> String {
        String::new()
    }
}

impl Account {
    /// The account's keys, if it ever had outbound federation.
    pub fn token_issuer(&self) -> Option<&TokenIssuer> {
        self.token_issuers.get("").map(|issuer| &**issuer)
    }
}
