//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;

mod access_keys;
mod account;
mod account_properties;
mod admin;
mod groups;
mod oidc_providers;
mod organization;
mod saml_providers;
mod instance_profiles;
mod roles;
mod service_linked_roles;
mod trust_policies;
mod organization;
mod passwords;
mod service_access;
mod users;
