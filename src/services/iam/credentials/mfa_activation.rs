//! Enabling MFA devices, and bringing them back into step.

use serde::Deserialize;

use crate::account::{CredentialsOwner, EnabledMfaDevice, Quota, Reference, User};
use crate::call::{Access, AccountRef, Command, Context, Operation, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::identity::Principal;
use crate::keys::{RESYNC_SKEW, SKEW, Seed, around, step_at};
use crate::services::iam::credentials::mfa_device::unknown_device;
use crate::shapes::{AuthenticationCode, ExistingUserName, Kind, SerialNumber};

/// The name that stands for the root user where a name must be given and the root user calls. A user of that name wins.
const ROOT: &str = "root";

/// The two consecutive codes that prove possession of the device.
struct Pair<'a> {
    first: &'a AuthenticationCode,
    second: &'a AuthenticationCode,
}

impl Pair<'_> {
    /// The step of the second code, if the codes follow each other and the second is at most `skew` steps off.
    ///
    /// # Errors
    /// `InvalidAuthenticationCode`.
    fn step(&self, seed: &Seed, skew: u64, cx: &Context<'_, impl AccountRef>) -> Result<u64> {
        let step = seed.step_of_pair(self.first, self.second, around(step_at(cx.now), skew))?;
        step.ok_or_else(invalid_code)
    }
}

fn invalid_code() -> Error {
    Error::new(Code::InvalidAuthenticationCode, "Authentication code for device is not valid.")
}

fn not_of_user() -> Error {
    Error::new(Code::NoSuchEntity, "MFA Device invalid for user.")
}

impl<A: AccountRef> Context<'_, A> {
    /// Whose devices a call is about.
    fn mfa_owner(&self, name: Option<&str>) -> Result<CredentialsOwner> {
        let is_root = name == Some(ROOT) && self.caller.principal == Principal::Root;
        if is_root && self.account.get::<User>(ROOT).is_none() {
            return Ok(CredentialsOwner::Root);
        }
        self.credentials_owner(name)
    }
}

impl Transaction<'_> {
    /// Takes both codes of a pair: neither can be used again.
    fn take_pair(&mut self, serial_number: &str, step: u64) -> Result<()> {
        for step in [step.saturating_sub(1), step] {
            self.account.take_code(serial_number, &[step])?.ok_or_else(invalid_code)?;
        }
        Ok(())
    }
}

/// Gives a device to a user, who proves to have it by two consecutive codes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableMFADevice {
    user_name: ExistingUserName,
    serial_number: SerialNumber,
    authentication_code1: AuthenticationCode,
    authentication_code2: AuthenticationCode,
}

impl Operation for EnableMFADevice {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::EntityTemporarilyUnmodifiable,
        Code::InvalidAuthenticationCode,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for EnableMFADevice {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.mfa_owner(Some(&self.user_name))?;
        let (serial_number, seed) = cx.account.mfa_device(&self.serial_number)?;
        if cx.account.owner_of(&Reference::MfaDevice(serial_number.clone())).is_some() {
            return Err(Error::new(Code::EntityAlreadyExists, "MFA Device is already in use."));
        }
        let pair = Pair { first: &self.authentication_code1, second: &self.authentication_code2 };
        let paired_at = pair.step(&seed, SKEW, cx)?;
        cx.check_quota(Quota::MFADevicesPerUser, cx.account.credentials(&owner)?.mfa_devices.len())?;
        cx.take_pair(&serial_number, paired_at)?;
        let device = EnabledMfaDevice { serial_number, enabled: cx.now, drift: 0 };
        cx.account.update_credentials(&owner, |credentials| {
            credentials.mfa_devices.push(device);
            Ok(())
        })
    }
}

/// Learns how far a device's clock is off, from two consecutive codes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResyncMFADevice {
    user_name: ExistingUserName,
    serial_number: SerialNumber,
    authentication_code1: AuthenticationCode,
    authentication_code2: AuthenticationCode,
}

impl Operation for ResyncMFADevice {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::InvalidAuthenticationCode,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for ResyncMFADevice {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.mfa_owner(Some(&self.user_name))?;
        let (serial_number, seed) =
            cx.account.mfa_device(&self.serial_number).map_err(|_| unknown_device(&self.serial_number))?;
        cx.account.enabled_mfa_device(&owner, &serial_number).ok_or_else(not_of_user)?;
        let pair = Pair { first: &self.authentication_code1, second: &self.authentication_code2 };
        let paired_at = pair.step(&seed, RESYNC_SKEW, cx)?;
        cx.take_pair(&serial_number, paired_at)?;
        let drift = paired_at.checked_signed_diff(step_at(cx.now)).unwrap_or_default();
        cx.account.update_credentials(&owner, |credentials| {
            let mut devices = credentials.mfa_devices.iter_mut();
            let device = devices.find(|device| device.serial_number == serial_number).ok_or_else(not_of_user)?;
            device.drift = drift;
            Ok(())
        })
    }
}

/// Takes a device away from a user. A virtual one stays, and can be enabled again.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeactivateMFADevice {
    user_name: Option<ExistingUserName>,
    serial_number: SerialNumber,
}

impl Operation for DeactivateMFADevice {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityTemporarilyUnmodifiable,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    of_user_or_caller!();
}

impl Command for DeactivateMFADevice {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.mfa_owner(self.user_name.as_deref())?;
        let (serial_number, _) =
            cx.account.mfa_device(&self.serial_number).map_err(|_| unknown_device(&self.serial_number))?;
        cx.account.enabled_mfa_device(&owner, &serial_number).ok_or_else(not_of_user)?;
        cx.account.forget_old_codes(step_at(cx.now));
        cx.account.update_credentials(&owner, |credentials| {
            credentials.mfa_devices.retain(|device| device.serial_number != serial_number);
            Ok(())
        })
    }
}

operations!(IAM: command DeactivateMFADevice, EnableMFADevice, ResyncMFADevice);
