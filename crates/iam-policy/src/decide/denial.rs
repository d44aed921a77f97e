//! The words in which AWS denies (AWS: "Troubleshoot access denied error messages").

use crate::Action;
use crate::decide::{Decision, Layer};

impl Layer {
    /// What AWS calls a policy of this layer.
    pub fn noun(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session | Self::Scoped | Self::Delegation => "session policy",
        }
    }

    /// The layer in a word, for logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::ServiceControl => "scp",
            Self::ResourceControl => "rcp",
            Self::Endpoint => "vpce",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scoped => "scoped",
            Self::Delegation => "delegation",
        }
    }

    /// The noun behind its article.
    pub(crate) fn with_article(self) -> String {
        format!("{} {}", self.article(), self.noun())
    }

    fn article(self) -> &'static str {
        match self {
            Self::Trust => "the",
            Self::Identity => "an",
            _ => "a",
        }
    }
}

impl Decision<'_> {
    /// The layer that denies the request, or the first that had to allow it and does not; `None` if it is allowed.
    pub fn denied_by(&self) -> Option<Layer> {
        match self {
            Self::Allow { .. } => None,
            Self::ExplicitDeny { layer, .. } => Some(*layer),
            Self::ImplicitDeny { missing } => Some(*missing),
        }
    }

    /// The end of AWS's sentence "User: … is not authorized to perform: … on resource: …"; `None` if it is allowed.
    /// `name_policy` appends the ARN of the policy that denies, as AWS does since January 2026 towards callers of the
    /// policy's own account or organization.
    pub fn reason(&self, action: &Action, name_policy: bool) -> Option<String> {
        match self {
            Self::Allow { .. } => None,
            Self::ImplicitDeny { missing } => {
                Some(format!("because no {} allows the {} action", missing.noun(), action.as_str()))
            }
            Self::ExplicitDeny { by, layer } => {
                let named = matches!(layer, Layer::Resource | Layer::Trust | Layer::Endpoint);
                let arn = by.source.arn.as_deref().filter(|_| name_policy && !named);
                let suffix = arn.map(|arn| format!(": {arn}")).unwrap_or_default();
                Some(format!("with an explicit deny in {}{suffix}", layer.with_article()))
            }
        }
    }
}
