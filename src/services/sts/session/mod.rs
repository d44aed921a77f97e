//! What sessions have in common: credentials, policies, tags, MFA, and what identity providers vouch for.

pub(super) mod credentials;
pub(super) mod federated;
pub(super) mod mfa;
pub(super) mod session_policies;
pub(super) mod session_tags;
pub(super) mod subject_mode;
