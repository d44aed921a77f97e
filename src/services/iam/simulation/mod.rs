//! The policy simulators.

pub(crate) mod context_keys;
pub(crate) mod policy_simulation;
pub(crate) mod simulated_caller;
pub(crate) mod simulated_context;
pub(crate) mod simulated_policies;
pub(crate) mod simulated_resources;
pub(crate) mod simulation_result;
pub(crate) mod simulator;

use crate::call::Entry;

/// The operations of this folder.
pub(crate) const OPERATIONS: [&[&Entry]; 2] = [context_keys::OPERATIONS, policy_simulation::OPERATIONS];
