//! Identity providers, and web identity tokens for others.

pub(crate) mod oidc_propagation;
pub(crate) mod oidc_provider;
pub(crate) mod outbound_federation;
pub(crate) mod saml_provider;
pub(crate) mod token_preferences;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 5] = [
    oidc_propagation::OPERATIONS,
    oidc_provider::OPERATIONS,
    outbound_federation::OPERATIONS,
    saml_provider::OPERATIONS,
    token_preferences::OPERATIONS,
];
