//! The codes of MFA devices that were used: a code is good for one use (RFC 6238, section 5.2).

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity};
use crate::error::Result;

/// The steps for which used codes are remembered: a day. Older codes are refused for their age.
const KEPT_STEPS: u64 = 2880;

/// The most codes that are remembered of a device. A code is taken for five steps, or for 241 when a device is brought
/// back into step.
const MAX_CODES: usize = 512;

/// The used codes of one device. They go with the device: another one of its name has a seed of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UsedCodes {
    /// The device's serial number.
    pub serial_number: String,
    /// The steps of the codes, in the order of their use.
    pub steps: Vec<u64>,
}

impl Entity for UsedCodes {
    fn key(&self) -> String {
        self.serial_number.clone()
    }
}

impl Account {
    /// Takes the first of `steps` whose code was not used before, and remembers that it is used now.
    ///
    /// # Errors
    /// Only for a fault of ours; see [`Account::put`].
    pub fn take_code(&mut self, serial_number: &str, steps: &[u64]) -> Result<Option<u64>> {
        let used = self.used_codes.get(serial_number).map(|used| used.steps.as_slice()).unwrap_or_default();
        let Some(step) = steps.iter().copied().find(|step| !used.contains(step)) else { return Ok(None) };
        let mut used: Vec<u64> = used.iter().copied().filter(|old| old.abs_diff(step) <= KEPT_STEPS).collect();
        used.push(step);
        let forgotten = used.len().saturating_sub(MAX_CODES);
        self.put(UsedCodes { serial_number: serial_number.to_owned(), steps: used.split_off(forgotten) })?;
        Ok(Some(step))
    }

    /// Forgets the used codes of hardware tokens that are no longer enabled and whose codes are older than a day.
    pub fn forget_old_codes(&mut self, now: u64) {
        let old = |used: &UsedCodes| {
            !used.serial_number.contains(':') && used.steps.iter().all(|step| now.saturating_sub(*step) > KEPT_STEPS)
        };
        let old: Vec<_> = self.used_codes.iter().filter(|used| old(used)).map(|used| used.key()).collect();
        old.iter().for_each(|key| self.remove::<UsedCodes>(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::{AccountId, Timestamp};

    #[test]
    fn a_code_is_taken_once() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        let mut take = |device: &str, steps: &[u64]| account.take_code(device, steps).unwrap();
        assert_eq!(take("a", &[7]), Some(7));
        assert_eq!(take("a", &[7]), None);
        assert_eq!(take("a", &[7, 8]), Some(8));
        assert_eq!(take("b", &[7]), Some(7), "each device has its own codes");
        assert_eq!(take("a", &[8 + KEPT_STEPS]), Some(8 + KEPT_STEPS));
        assert_eq!(account.used_codes.get("a").unwrap().steps, [8, 8 + KEPT_STEPS]);
    }

    #[test]
    fn old_codes_of_hardware_tokens_are_forgotten() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        for (device, step) in [("old", 1), ("new", 2), ("arn:virtual", 1)] {
            account.take_code(device, &[step]).unwrap();
        }
        account.forget_old_codes(2 + KEPT_STEPS);
        let kept: Vec<_> = account.used_codes.iter().map(|used| used.serial_number.as_str()).collect();
        assert_eq!(kept, ["arn:virtual", "new"]);
    }
}
