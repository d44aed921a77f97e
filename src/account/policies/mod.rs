//! The policies of an account, and what they give its users, groups and roles.

mod granting;
mod managed_policy;
mod permissions;
mod policy_sets;
mod resource_document;
mod stored_policy;

pub use granting::*;
pub use managed_policy::*;
pub use permissions::*;
pub use policy_sets::*;
pub use resource_document::*;
pub use stored_policy::*;
