//! Identity providers, and the account as an issuer of web identity tokens.

mod identity_propagation;
mod oidc_provider;
mod saml_provider;
mod token_issuer;

pub use identity_propagation::{IdentityPropagation, PropagationChange};
pub use oidc_provider::*;
pub use saml_provider::*;
pub use token_issuer::*;
