//! `aws login`: a person lets the command line act for them, and it gets temporary credentials again and again until the
//! console session would end (AWS CLI User Guide, "Sign in for AWS local development using console credentials").

pub mod authorize;
mod grant;
mod permission;
mod proof;
pub mod token;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

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

/// Proofs that were used. A restart of the server forgets them: they are too old within minutes.
#[derive(Default)]
pub struct Proofs(Mutex<HashMap<[u8; 32], Instant>>);

impl Proofs {
    /// Uses a proof up; whether it was not used before.
    fn take(&self, proof: [u8; 32], now: Instant) -> bool {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= MAX_PROOFS {
            proofs.retain(|_, used| now.duration_since(*used) < PROOF_KEPT);
        }
        proofs.len() < MAX_PROOFS && proofs.insert(proof, now).is_none()
    }
}
