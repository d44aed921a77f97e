//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;

mod account_properties;
mod admin;
mod groups;
mod mfa_devices;
mod organization;
mod server_certificates;
mod service_access;
mod service_specific_credentials;
mod signing_certificates;
mod ssh_public_keys;
mod users;
