//! Wrong codes of MFA devices: who guesses is refused before long.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::shapes::AccountId;

/// The wrong codes that a device forgives in a step of thirty seconds. Of a million codes five are good at a time, so
/// that guessing takes years.
const MAX_WRONG_CODES: u32 = 10;

/// Devices beyond this number are looked through for those whose step is over.
const MAX_DEVICES: usize = 1024;

type Device = (AccountId, String);

/// The wrong codes that were given for each device in the present step. A restart of the server forgets them.
#[derive(Default)]
pub struct WrongCodes(Mutex<HashMap<Device, Tally>>);

#[derive(Clone, Copy)]
struct Tally {
    step: u64,
    count: u32,
}

impl WrongCodes {
    /// Whether so many codes were wrong in this step that no more are looked at.
    pub fn are_too_many(&self, account: AccountId, serial_number: &str, step: u64) -> bool {
        let tally = self.lock().get(&(account, serial_number.to_owned())).copied();
        tally.is_some_and(|tally| tally.step == step && tally.count >= MAX_WRONG_CODES)
    }

    /// Notes a wrong code.
    pub fn note(&self, account: AccountId, serial_number: &str, step: u64) {
        let mut devices = self.lock();
        if devices.len() > MAX_DEVICES {
            devices.retain(|_, tally| tally.step == step);
        }
        let tally = devices.entry((account, serial_number.to_owned())).or_insert(Tally { step, count: 0 });
        if tally.step != step {
            *tally = Tally { step, count: 0 };
        }
        tally.count = tally.count.saturating_add(1);
    }

    /// Forgets a device: another one of its name has a seed of its own.
    pub fn forget_device(&self, account: AccountId, serial_number: &str) {
        self.lock().remove(&(account, serial_number.to_owned()));
    }

    /// Forgets one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        self.lock().retain(|(owner, _), _| account.is_some_and(|account| account != *owner));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Device, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_codes_end_a_step() {
        let codes = WrongCodes::default();
        let [own, other] = [1, 2].map(|number| AccountId::from_number(number).unwrap());
        for _ in 0..MAX_WRONG_CODES {
            assert!(!codes.are_too_many(own, "a", 7));
            codes.note(own, "a", 7);
        }
        assert!(codes.are_too_many(own, "a", 7));
        assert!(!codes.are_too_many(own, "b", 7) && !codes.are_too_many(other, "a", 7));
        assert!(!codes.are_too_many(own, "a", 8), "the next step begins anew");
        codes.forget(Some(other));
        assert!(codes.are_too_many(own, "a", 7));
        codes.forget_device(own, "a");
        assert!(!codes.are_too_many(own, "a", 7));
    }
}
