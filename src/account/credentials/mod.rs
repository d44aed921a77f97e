//! What a user, or the root user, signs in and signs requests with.

mod login_profile;
mod mfa_device;
mod owner;
mod password_policy;
mod server_certificate;
mod service_specific_credential;
mod sign_in;
mod uploaded_keys;
mod used_codes;

pub use login_profile::*;
pub use mfa_device::*;
pub use owner::*;
pub use password_policy::*;
pub use server_certificate::*;
pub use service_specific_credential::*;
pub use sign_in::*;
pub use uploaded_keys::*;
pub use used_codes::*;

use serde::{Deserialize, Serialize};

use crate::account::Reference;
use crate::error::{Error, Result};
use crate::shapes::{Secret, Status, Timestamp};

/// The credentials of a user or of the root user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credentials {
    /// Access keys in the order of their creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_keys: Vec<AccessKey>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_profile: Option<LoginProfile>,
    /// MFA devices in the order in which they were enabled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mfa_devices: Vec<EnabledMfaDevice>,
    /// Signing certificates in the order of their upload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signing_certificates: Vec<SigningCertificate>,
    /// SSH public keys in the order of their upload; the root user has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssh_public_keys: Vec<SshPublicKey>,
    /// Credentials for single services in the order of their creation; the root user has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_specific_credentials: Vec<ServiceSpecificCredential>,
}

impl Credentials {
    /// Refuses the deletion of a user that still has credentials.
    ///
    /// # Errors
    /// `DeleteConflict`.
    pub fn must_be_gone(&self) -> Result<()> {
        if self.login_profile.is_some() {
            return Err(Error::delete_first("delete login profile"));
        }
        if !self.access_keys.is_empty() {
            return Err(Error::delete_first("delete access keys"));
        }
        if !self.mfa_devices.is_empty() {
            return Err(Error::delete_first("delete MFA device"));
        }
        if !self.signing_certificates.is_empty() {
            return Err(Error::delete_first("delete signing certificates"));
        }
        if !self.ssh_public_keys.is_empty() || !self.service_specific_credentials.is_empty() {
            return Err(Error::delete_first("remove referenced objects"));
        }
        Ok(())
    }

    /// What can be looked up by its id.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        let keys = self.access_keys.iter().map(|key| Reference::AccessKey(key.id.clone()));
        let devices = self.mfa_devices.iter().map(|device| Reference::MfaDevice(device.serial_number.clone()));
        let certificates = self.signing_certificates.iter();
        keys.chain(devices).chain(certificates.map(|one| Reference::SigningCertificate(one.fingerprint.clone())))
    }
}

/// A long-term access key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// What requests are signed with.
    pub secret: Secret,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl AccessKey {
    /// The status as answers show it.
    pub fn status(&self) -> Status {
        if self.active { Status::Active } else { Status::Inactive }
    }
}
