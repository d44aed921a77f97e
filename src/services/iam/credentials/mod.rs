//! Access keys, passwords, MFA devices, certificates and other credentials.

/// Access and precondition of an operation on the credentials of the user that `user_name` names, or of the caller if it
/// names none.
macro_rules! of_user_or_caller {
    () => {
        fn access(&self) -> $crate::call::Access<'_> {
            $crate::call::Access::to($crate::call::Target::UserOrCaller(self.user_name.as_deref()))
        }

        fn precondition(&self, cx: &$crate::call::View<'_>) -> $crate::error::Result<()> {
            cx.must_name_an_owner(self.user_name.as_deref())
        }
    };
}

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
