//! Templates of policies and roles, which the configuration gives.

mod document;
mod policy;
mod role;

pub use document::{DocumentTemplate, Replacement, Replacements, invalid, placeholders};
pub use policy::{Asked, PolicyTemplates};
pub use role::{ParameterDefinition, RoleTemplate, RoleTemplateVersion, RoleTemplates, TemplateName};
