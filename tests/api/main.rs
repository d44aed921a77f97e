//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;
mod fixtures;

mod account_properties;
mod admin;
mod attachments;
mod boundaries;
mod enforcement;
mod groups;
mod inline_policies;
mod managed_policies;
mod organization;
mod policy_entities;
mod policy_versions;
mod service_access;
mod tags;
mod users;
