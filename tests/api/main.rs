//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;

mod account_properties;
mod admin;
mod groups;
mod organization;
mod service_access;
mod users;
