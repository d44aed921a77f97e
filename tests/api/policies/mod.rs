//! Policies as the account keeps them, and the tools that judge them.

mod attachments;
mod boundaries;
mod context_keys;
mod inline_policies;
mod managed_policies;
mod policy_entities;
mod policy_generation;
mod policy_simulation;
mod policy_versions;
mod principal_simulation;
mod simulation_inputs;
mod trust_policies;
mod validate_policy;
