//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;

mod account_properties;
mod admin;
mod groups;
mod oidc_providers;
mod organization;
mod saml_providers;
mod service_access;
mod users;
