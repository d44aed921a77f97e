//! Federation: identities that others vouch for.

mod address;
pub mod fetch;
mod issuers;
mod propagation;

pub mod saml;

mod tls;
mod vouched;
mod web_identity;

pub use address::Reach;
pub use issuers::{Fetched, Inquiry, IssuerSettings, Issuers, no_key};

pub use propagation::{ISSUER, PROVIDER, SUBJECT, TrustedIdentityPropagationContext, is_propagated};
pub use vouched::Vouched;
pub use web_identity::{Issuer, WebIdentity, not_a_token};
