//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;
mod principals;

mod access_key_info;
mod assume_role;
mod authorization_message;
mod caller_identity;
mod federation_token;
mod groups;
mod role_chaining;
mod session_policies;
mod session_tags;
mod session_token;
mod sessions;
mod users;
