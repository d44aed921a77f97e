//! The MFA codes with which callers ask for sessions.

use super::{AccountRef, Context};
use crate::account::{Account, CredentialsOwner};
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal, WrongCodes};
use crate::keys::{SKEW, around, step_at};
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
    pub fn check(
        &self,
        caller: &Caller,
        account: &mut Account,
        wrong: &WrongCodes,
        now: Timestamp,
    ) -> Result<MfaCheck> {
        let owner = match caller.user(account)? {
            Some(user) => CredentialsOwner::User(user.name.clone()),
            None if caller.principal == Principal::Root => CredentialsOwner::Root,
            None => return Ok(MfaCheck::UnknownDevice),
        };
        let Ok((serial_number, seed)) = account.mfa_device(self.serial_number) else {
            return Ok(MfaCheck::UnknownDevice);
        };
        let Some(device) = account.enabled_mfa_device(&owner, &serial_number) else {
            return Ok(MfaCheck::UnknownDevice);
        };
        let step = step_at(now);
        if wrong.are_too_many(account.id, &serial_number, step) {
            return Ok(MfaCheck::Wrong);
        }
        let steps = seed.steps(self.code, around(step.saturating_add_signed(device.drift), SKEW))?;
        if account.take_code(&serial_number, &steps)?.is_some() {
            return Ok(MfaCheck::Right);
        }
        wrong.note(account.id, &serial_number, step);
        Ok(MfaCheck::Wrong)
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
