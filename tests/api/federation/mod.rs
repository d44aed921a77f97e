//! Identity providers, and sessions from them.

mod identity_propagation;
mod oidc_providers;
mod outbound_federation;
mod saml;
mod saml_providers;
mod web_identity;
