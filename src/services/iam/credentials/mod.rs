//! Access keys, passwords, MFA devices, certificates and other credentials.

pub(crate) mod access_key;
pub(crate) mod login_profile;
pub(crate) mod mfa_activation;
pub(crate) mod mfa_device;
pub(crate) mod server_certificate;
pub(crate) mod service_specific_credential;
pub(crate) mod signing_certificate;
pub(crate) mod ssh_public_key;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 8] = [
    access_key::OPERATIONS,
    login_profile::OPERATIONS,
    mfa_activation::OPERATIONS,
    mfa_device::OPERATIONS,
    server_certificate::OPERATIONS,
    service_specific_credential::OPERATIONS,
    signing_certificate::OPERATIONS,
    ssh_public_key::OPERATIONS,
];
