//! The MFA codes with which callers ask for sessions.

use super::{AccountRef, Context};
use crate::account::{Account, CredentialsOwner};
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal};
use crate::keys::{SKEW, Seed, around, step_at};
use crate::shapes::{SessionSerialNumber, Timestamp, TokenCode};

/// A code of a device that the caller says to be its own.
#[derive(Clone, Copy)]
pub struct MfaCode<'a> {
    serial_number: &'a SessionSerialNumber,
    code: &'a TokenCode,
}

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaCheck {
    /// It is right, and was not used before.
    Right,
    /// The caller has no such device.
    UnknownDevice,
    /// It is wrong, or used, or too many were wrong.
    Wrong,
}

impl<'a> MfaCode<'a> {
    /// The code that a request gives together with a serial number.
    pub fn given(serial_number: Option<&'a SessionSerialNumber>, code: Option<&'a TokenCode>) -> Option<Self> {
        Some(Self { serial_number: serial_number?, code: code? })
    }

    /// Checks the code, and uses it up in the caller's account if it is right.
    ///
    /// # Errors
    /// Only for faults of ours.
    pub fn check(&self, caller: &Caller, account: &mut Account, now: Timestamp) -> Result<MfaCheck> {
        let Some((serial_number, seed, drift)) = self.device(caller, account)? else {
            return Ok(MfaCheck::UnknownDevice);
        };
        let steps = seed.steps(self.code, around(step_at(now).saturating_add_signed(drift), SKEW))?;
        let taken = account.take_code(&serial_number, &steps)?;
        Ok(if taken.is_some() { MfaCheck::Right } else { MfaCheck::Wrong })
    }

    /// By what wrong codes of the device are counted in the present step: a secret, which another device of the same name
    /// does not have. `None` if the caller has no such device.
    ///
    /// # Errors
    /// Only for faults of ours.
    pub fn guessed(&self, caller: &Caller, account: &Account, now: Timestamp) -> Result<Option<String>> {
        let device = self.device(caller, account)?;
        let subject = |(_, seed, _): (String, Seed, i64)| {
            format!("code {} {} {}", account.id.qualified(), seed.reveal(), step_at(now))
        };
        Ok(device.map(subject))
    }

    /// The caller's device: its serial number, its seed and the steps that its clock is ahead.
    fn device(&self, caller: &Caller, account: &Account) -> Result<Option<(String, Seed, i64)>> {
        let owner = match caller.user(account)? {
            Some(user) => CredentialsOwner::User(user.name.clone()),
            None if caller.principal == Principal::Root => CredentialsOwner::Root,
            None => return Ok(None),
        };
        let Ok((serial_number, seed)) = account.mfa_device(self.serial_number) else { return Ok(None) };
        let drift = account.enabled_mfa_device(&owner, &serial_number).map(|device| device.drift);
        Ok(drift.map(|drift| (serial_number, seed, drift)))
    }
}

impl<A: AccountRef> Context<'_, A> {
    /// Refuses a call whose code is not right.
    ///
    /// # Errors
    /// `AccessDenied` in STS's words.
    pub fn must_be_right(&self, _: MfaCode<'_>) -> Result<()> {
        let message = match self.mfa {
            Some(MfaCheck::Right) => return Ok(()),
            Some(MfaCheck::Wrong) => "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            Some(MfaCheck::UnknownDevice) | None => {
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number \
                 is valid and associated with this user."
            }
        };
        Err(Error::new(Code::AccessDenied, message))
    }
}
