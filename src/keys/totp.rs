//! The codes of MFA devices: RFC 6238 with SHA-1, six digits and steps of thirty seconds.

use std::ops::RangeInclusive;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Totp};

use crate::error::{Error, Result};
use crate::shapes::{Secret, Timestamp};

/// Seconds for which a code is valid.
const STEP: u64 = 30;

/// The steps that a device's clock may be off: AWS does not say; this is a minute either way.
pub const SKEW: u64 = 2;

/// The steps that a device's clock may be off when it is brought back into step: an hour either way.
pub const RESYNC_SKEW: u64 = 120;

/// What a device makes its codes of, as base32 text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(Secret);

impl Seed {
    /// The seed of a virtual device, from random bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Secret::new(BASE32_NOPAD.encode(bytes)))
    }

    /// The seed of a hardware token. Only its maker knows the seed of a real one; here it is the SHA-256 of its serial
    /// number, so that anyone who knows the number can compute the codes.
    pub fn of_hardware(serial_number: &str) -> Self {
        Self::new(&Sha256::digest(serial_number))
    }

    /// The base32 text, as authenticator apps take it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The steps in `window` whose code is `code`.
    ///
    /// # Errors
    /// Only for a seed that is no base32, which is a fault of ours.
    pub fn steps(&self, code: &str, window: RangeInclusive<u64>) -> Result<Vec<u64>> {
        let totp = self.totp()?;
        Ok(window.filter(|step| is_code(&totp, code, *step)).collect())
    }

    /// The last step of a window in which two codes follow each other, `second` being within the window.
    ///
    /// # Errors
    /// As with [`Seed::steps`].
    pub fn step_of_pair(&self, first: &str, second: &str, window: RangeInclusive<u64>) -> Result<Option<u64>> {
        let totp = self.totp()?;
        let follows = |step: &u64| is_code(&totp, second, *step) && is_code(&totp, first, step.saturating_sub(1));
        Ok(window.rev().find(follows))
    }

    fn totp(&self) -> Result<Totp> {
        let bytes = BASE32_NOPAD.decode(self.reveal().as_bytes()).map_err(Error::internal)?;
        let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(0).with_step_duration(STEP);
        totp.with_secret(bytes).build().map_err(|error| Error::internal(error.to_string()))
    }
}

fn is_code(totp: &Totp, code: &str, step: u64) -> bool {
    totp.check(code, step.saturating_mul(STEP)).is_some()
}

/// The step that a moment falls into.
pub fn step_at(now: Timestamp) -> u64 {
    u64::try_from(now.seconds()).unwrap_or_default() / STEP
}

/// The steps at most `skew` from `step`.
pub fn around(step: u64, skew: u64) -> RangeInclusive<u64> {
    step.saturating_sub(skew)..=step.saturating_add(skew)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let seed = Seed::new(b"12345678901234567890");
        let cases = [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (2_000_000_000, "279037")];
        for (seconds, code) in cases {
            let step = step_at(Timestamp::from_seconds(seconds));
            assert_eq!(seed.steps(code, around(step, SKEW)).unwrap(), [step], "{seconds}");
            assert!(seed.steps(code, around(step + SKEW + 1, SKEW)).unwrap().is_empty(), "{seconds}: too old");
        }
    }

    #[test]
    fn a_pair_is_of_consecutive_steps() {
        let seed = Seed::new(b"12345678901234567890");
        let (first, second) = ("081804", "050471"); // steps 37037036 and 37037037
        let window = around(37_037_037, SKEW);
        assert_eq!(seed.step_of_pair(first, second, window.clone()).unwrap(), Some(37_037_037));
        assert_eq!(seed.step_of_pair(second, first, window.clone()).unwrap(), None);
        assert_eq!(seed.step_of_pair(second, second, window).unwrap(), None);
    }

    #[test]
    fn debug_shows_no_seed() {
        assert!(!format!("{:?}", Seed::of_hardware("GAHT12345678")).contains("GAHT"));
        assert_eq!(format!("{:?}", Seed::new(b"x")), "Seed([redacted])");
    }
}
