//! The codes of MFA devices that were used: a code is good for one use (RFC 6238, section 5.2).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::shapes::AccountId;

/// The steps for which used codes are remembered: a day. Older codes are refused for their age.
const KEPT: u64 = 2880;

/// The codes that were used, by device. They are remembered while the server runs, since the operations that take codes
/// to make sessions change nothing in the account.
#[derive(Default)]
pub struct UsedCodes(Mutex<HashMap<(AccountId, String), BTreeSet<u64>>>);

impl UsedCodes {
    /// Takes the first of `steps` whose code was not used before, and remembers that it is used now.
    pub fn take(&self, account: AccountId, serial_number: &str, steps: &[u64]) -> Option<u64> {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = devices.entry((account, serial_number.to_owned())).or_default();
        let step = steps.iter().copied().find(|step| !used.contains(step))?;
        used.retain(|old| old.abs_diff(step) <= KEPT);
        used.insert(step);
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_once() {
        let codes = UsedCodes::default();
        let account = AccountId::from_number(1).unwrap();
        assert_eq!(codes.take(account, "a", &[7]), Some(7));
        assert_eq!(codes.take(account, "a", &[7]), None);
        assert_eq!(codes.take(account, "a", &[7, 8]), Some(8));
        assert_eq!(codes.take(account, "b", &[7]), Some(7), "each device has its own codes");
    }
}
