//! MFA devices: virtual ones, which the account keeps, and those that users have enabled.

use serde::{Deserialize, Serialize};

use crate::account::{Account, CredentialsOwner, Entity, Resource, name_key};
use crate::error::{Error, Result};
use crate::keys::Seed;
use crate::shapes::{ArnParts, Kind, Path, TagSet, Timestamp};

/// A virtual MFA device. It stays when it is deactivated, until it is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MfaDevice {
    /// In the spelling it was given.
    pub name: String,
    /// The path; never changes.
    pub path: Path,
    /// When the device was made.
    pub created: Timestamp,
    /// What its codes are made of.
    pub seed: Seed,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

/// A device that a user, or the root user, has enabled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnabledMfaDevice {
    /// The ARN of a virtual device, the serial number of a hardware token.
    pub serial_number: String,
    /// When it was enabled.
    pub enabled: Timestamp,
    /// The steps that its clock is ahead of the server's.
    #[serde(default)]
    pub drift: i64,
}

impl Entity for MfaDevice {
    fn key(&self) -> String {
        key(&self.path, &self.name)
    }
}

/// Devices with different paths may have the same name.
fn key(path: &str, name: &str) -> String {
    name_key(&format!("{path}{name}"))
}

tagged_resource!(MfaDevice, MfaDevice);

impl Account {
    /// The virtual device with this serial number, if it exists.
    pub fn virtual_mfa_device(&self, serial_number: &str) -> Option<&MfaDevice> {
        let parts = ArnParts::parse(serial_number).filter(|parts| parts.account_id() == Some(self.id))?;
        let (path, name) = parts.path_and_name(Kind::MfaDevice)?;
        let device = self.mfa_devices.get(&key(path, name))?;
        // A policy's ARN is matched to the letter, and so must be the one that is acted on.
        (device.arn(self.id) == serial_number).then_some(&**device)
    }

    /// The virtual device with this serial number.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn find_virtual_mfa_device(&self, serial_number: &str) -> Result<&MfaDevice> {
        self.virtual_mfa_device(serial_number).ok_or_else(|| Error::missing(Kind::MfaDevice, serial_number))
    }

    /// The serial number, in its own spelling, and the seed of a device that could be enabled: a virtual one of this
    /// account, or a hardware token, of which any may come from its maker.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn mfa_device(&self, serial_number: &str) -> Result<(String, Seed)> {
        if !serial_number.contains(':') {
            return Ok((serial_number.to_owned(), Seed::of_hardware(serial_number)));
        }
        self.find_virtual_mfa_device(serial_number).map(|device| (device.arn(self.id), device.seed.clone()))
    }

    /// The device with this serial number among those that a user, or the root user, has enabled.
    pub fn enabled_mfa_device(&self, owner: &CredentialsOwner, serial_number: &str) -> Option<&EnabledMfaDevice> {
        let devices = self.credentials(owner).map(|credentials| credentials.mfa_devices.as_slice());
        devices.unwrap_or_default().iter().find(|device| device.serial_number == serial_number)
    }
}
