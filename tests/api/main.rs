//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;
mod principals;

mod access_key_info;
mod access_keys;
mod account;
mod account_properties;
mod admin;
mod assume_role;
mod authorization_message;
mod caller_identity;
mod federation_token;
mod groups;
mod groups;
mod instance_profiles;
mod organization;
mod passwords;
mod role_chaining;
mod roles;
mod service_access;
mod service_linked_roles;
mod session_policies;
mod session_tags;
mod session_token;
mod sessions;
mod trust_policies;
mod users;
