//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

mod client;
mod cloudtrail_api;
mod delegation_fixtures;
mod fixtures;
mod principals;
#[path = "../model/published.rs"]
#[expect(dead_code, reason = "the errors are for the test of the model")]
mod published;

mod access_key_info;
mod access_keys;
mod account;
mod account_properties;
mod admin;
mod assume_role;
mod assume_root;
mod attachments;
mod authorization_message;
mod boundaries;
mod caller_identity;
mod context_keys;
mod credential_endpoints;
mod credential_report;
mod delegated_access;
mod delegation_checks;
mod delegation_requests;
mod denials;
mod enforcement;
mod federation_token;
mod groups;
mod hostile_names;
mod hosts;
mod identity_propagation;
mod inline_policies;
mod instance_metadata;
mod instance_profiles;
mod long_decisions;
mod managed_policies;
mod mfa_devices;
mod oidc_providers;
mod organization;
mod organization_api;
mod organization_policies;
mod organizations_access;
mod outbound_federation;
mod partitions;
mod passwords;
mod permissions;
mod policy_entities;
mod policy_simulation;
mod policy_versions;
mod principal_simulation;
mod request_bodies;
mod role_chaining;
mod role_templates;
mod roles;
mod saml;
mod saml_providers;
mod scoped_credentials;
mod server_certificates;
mod service_access;
mod service_linked_roles;
mod service_quotas_api;
mod service_specific_credentials;
mod session_mfa;
mod session_policies;
mod session_tags;
mod session_token;
mod sessions;
mod signin_sessions;
mod signing_certificates;
mod simulation_inputs;
mod snapshots;
mod ssh_public_keys;
mod tagging_api;
mod tags;
mod trust_policies;
mod users;
mod validate_policy;
mod web_identity;
mod wire;
