//! The operations of STS: who the caller is, and temporary credentials.

mod access_key_info;
mod assume_role;
mod assume_root;
mod authorization_message;
mod caller_identity;
mod delegated_access_token;
mod federation_token;
mod saml;
mod scoped_credentials;
mod session;
mod session_token;
mod web_identity;
mod web_identity_token;

use crate::call::Entry;

pub use assume_role::AssumeRole;
pub use session::credentials::CredentialsShape;

/// The operations of STS.
pub(crate) const OPERATIONS: [&[&Entry]; 12] = [
    access_key_info::OPERATIONS,
    assume_role::OPERATIONS,
    assume_root::OPERATIONS,
    authorization_message::OPERATIONS,
    caller_identity::OPERATIONS,
    delegated_access_token::OPERATIONS,
    federation_token::OPERATIONS,
    saml::OPERATIONS,
    scoped_credentials::OPERATIONS,
    session_token::OPERATIONS,
    web_identity::OPERATIONS,
    web_identity_token::OPERATIONS,
];
