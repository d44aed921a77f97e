//! Users, groups and roles, and what they have in common.

mod groups;
mod hostile_names;
mod instance_profiles;
mod role_templates;
mod roles;
mod service_linked_roles;
mod signin_sessions;
mod tags;
mod users;
