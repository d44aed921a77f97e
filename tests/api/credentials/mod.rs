//! What users sign in and sign requests with.

mod access_key_info;
pub mod access_keys;
mod mfa_devices;
mod passwords;
mod server_certificates;
mod service_specific_credentials;
mod signing_certificates;
mod ssh_public_keys;
