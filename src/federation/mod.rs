//! Federation: identities that others vouch for.

mod address;
mod fetch;
mod issuers;

pub mod saml;

mod tls;
mod vouched;
mod web_identity;

pub use address::Reach;
pub use issuers::{Fetched, Inquiry, IssuerSettings, Issuers, no_key};

pub use vouched::Vouched;
pub use web_identity::{Issuer, WebIdentity, not_a_token};
