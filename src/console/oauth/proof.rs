//! Proofs that a client has the key to which its tokens are bound (RFC 9449, DPoP).

use std::time::Instant;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::http::State;
use crate::keys::{KeySet, Token};
use crate::shapes::{AccountId, Timestamp};

/// The path that proofs are for.
const PATH: &str = "/v1/token";
/// The seconds that a client's clock may be off.
const SKEW: i64 = 300;
/// The seconds for which used proofs are remembered: longer than they are good.
const KEPT: i64 = 2 * SKEW + 60;
/// The most bytes of a proof, and of its id.
const MAX_PROOF: usize = 4096;
const MAX_ID: usize = 256;

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Value,
}

/// A proof that is right, and perhaps used already.
#[derive(Clone, Copy)]
pub struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub key: [u8; 32],
    id: [u8; 32],
}

impl Proof {
    /// Uses it up; whether it was not used before, on any server. Everybody can make proofs, so that only those that come
    /// with a code or token of an account may be remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_first_used(&self, state: &State, account: AccountId, now: Timestamp) -> Result<bool> {
        let Some(console) = &state.console else { return Ok(false) };
        if !console.proofs.take(self.id, Instant::now()) {
            return Ok(false);
        }
        state.app.store.claim(account, ("aws login", &HEXLOWER.encode(&self.id)), now.plus(KEPT)).await
    }
}

/// Checks a proof. `None` for one that proves nothing.
///
/// The host in it is not compared: a client names the endpoint that it knows, which may be a proxy's.
pub fn check(proof: &str, real_seconds: i64) -> Option<Proof> {
    if proof.len() > MAX_PROOF {
        return None;
    }
    let header = BASE64URL_NOPAD.decode(proof.split('.').next()?.as_bytes()).ok()?;
    let Header { typ, alg, jwk } = serde_json::from_slice(&header).ok()?;
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let is_ours = typ == "dpop+jwt" && alg == "ES256" && member("kty") == Some("EC") && member("crv") == Some("P-256");
    if !is_ours || jwk.get("d").is_some() {
        return None;
    }
    let (x, y) = (member("x")?, member("y")?);
    let public = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y}]});
    let keys = KeySet::read(public.to_string().as_bytes())?;
    let token = Token::read(proof).filter(|token| token.is_signed_by(&keys))?;
    let claim = |name: &str| token.claims.get(name).and_then(Value::as_str);
    let path = url::Url::parse(claim("htu")?).ok()?;
    let issued = token.claims.get("iat")?.as_i64()?;
    let id = claim("jti").filter(|id| (1..=MAX_ID).contains(&id.len()))?;
    if claim("htm") != Some("POST") || path.path() != PATH || issued.abs_diff(real_seconds) > SKEW.unsigned_abs() {
        return None;
    }
    // The members in their order, and nothing else.
    let thumbprint = Sha256::digest(json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}).to_string());
    let id = Sha256::digest([thumbprint.as_slice(), id.as_bytes()].concat());
    Some(Proof { key: thumbprint.into(), id: id.into() })
}
