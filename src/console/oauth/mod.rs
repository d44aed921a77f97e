//! `aws login`: a person lets the command line act for them, and it gets temporary credentials again and again until the
//! console session would end (AWS CLI User Guide, "Sign in for AWS local development using console credentials").

pub mod authorize;
mod permission;
mod proof;
pub mod token;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::session::Revision;
use crate::identity::Caller;
use crate::shapes::Timestamp;

/// The life of a code, in seconds.
const CODE_LIFE: i64 = 300;
/// The most codes that wait to be used.
const MAX_CODES: usize = 10_000;
/// How long proofs are remembered: longer than they are good.
const PROOF_KEPT: Duration = Duration::from_secs(660);
/// The most proofs that are remembered. More are refused until some are too old to count.
const MAX_PROOFS: usize = 100_000;

/// A program that `aws login` acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Client {
    /// It runs beside the browser and listens for the code.
    SameDevice,
    /// It runs elsewhere, and the person carries the code to it.
    CrossDevice,
}

impl Client {
    fn parse(id: &str) -> Option<Self> {
        [Self::SameDevice, Self::CrossDevice].into_iter().find(|client| client.id() == id)
    }

    /// The client's id.
    fn id(self) -> &'static str {
        match self {
            Self::SameDevice => "arn:aws:signin:::devtools/same-device",
            Self::CrossDevice => "arn:aws:signin:::devtools/cross-device",
        }
    }

    /// The end of the ARN on which its use needs permission.
    fn resource(self) -> &'static str {
        match self {
            Self::SameDevice => "localhost",
            Self::CrossDevice => "remote",
        }
    }
}

/// What a person agreed to.
#[derive(Clone)]
pub struct Grant {
    client: Client,
    redirect_uri: String,
    /// The SHA-256 of the verifier that goes with the code.
    challenge: Vec<u8>,
    caller: Caller,
    revision: Option<Revision>,
    /// When credentials are given for the last time.
    ends: Timestamp,
    good_until: Timestamp,
}

/// Codes that wait to be used, and proofs that were used. A restart of the server forgets both: codes are then no longer
/// good, and proofs are too old within minutes.
#[derive(Default)]
pub struct Codes {
    grants: Mutex<HashMap<String, Grant>>,
    proofs: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Codes {
    fn grants(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A code for what a person agreed to; `None` if too many wait.
    fn give(&self, grant: Grant, now: Timestamp) -> Option<String> {
        let mut grants = self.grants();
        if grants.len() >= MAX_CODES {
            grants.retain(|_, grant| now < grant.good_until);
        }
        let code = BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>());
        (grants.len() < MAX_CODES).then(|| {
            grants.insert(code.clone(), grant);
            code
        })
    }

    /// Uses a code up.
    fn take(&self, code: &str) -> Option<Grant> {
        self.grants().remove(code)
    }

    /// Uses a proof up; whether it was not used before.
    fn use_proof(&self, proof: [u8; 32], now: Instant) -> bool {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= MAX_PROOFS {
            proofs.retain(|_, used| now.duration_since(*used) < PROOF_KEPT);
        }
        proofs.len() < MAX_PROOFS && proofs.insert(proof, now).is_none()
    }
}
