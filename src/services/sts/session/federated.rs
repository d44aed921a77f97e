//! What the operations for web identities and for SAML have in common: a role's session for someone whom a provider
//! vouches for.

use super::credentials::{Issued, begin, issue};
use super::session_policies::session_policies;
use crate::account::Role;
use crate::audit::Use;
use crate::call::{Access, Need, Target, View};
use crate::error::{Code, Error, Result};
use crate::federation::{TrustedIdentityPropagationContext, Vouched, is_propagated};
use crate::identity::{ProviderValue, Session};
use crate::services::sts::assume_role::{AssumedRoleUser, role_session, session_duration};
use crate::shapes::{MinimumSessionTokenSize, PolicyDescriptor, RoleDurationSeconds};

/// What must be allowed: that someone with these marks may assume the role, and bring tags and a source identity.
pub fn access<'a>(vouched: &'a Vouched, role_arn: &'a str, session_name: &'a str) -> Access<'a> {
    let transitive = (!vouched.transitive_tag_keys.is_empty()).then(|| vouched.transitive_tag_keys.clone());
    let mut access = Access::to(Target::Trust(role_arn))
        .by_provider(&vouched.provider)
        .key("sts:RoleSessionName", Some(session_name))
        .key("sts:SourceIdentity", vouched.source_identity.as_deref())
        .key("sts:TransitiveTagKeys", transitive)
        .request_tags(Some(&vouched.tags));
    for (name, value) in vouched.keys.iter() {
        access = access.key(name.to_owned(), Some(value.values()));
    }
    access.again("sts:TagSession", Need::Tags).again("sts:SetSourceIdentity", Need::SourceIdentity)
}

/// The session that is wanted.
pub struct Wanted<'a> {
    /// The operation, for the denial.
    pub action: &'static str,
    /// The role.
    pub role_arn: &'a str,
    /// The session's name.
    pub session_name: &'a str,
    /// What narrows the session.
    pub policy: Option<&'a str>,
    /// What narrows the session.
    pub policy_arns: Option<Vec<PolicyDescriptor>>,
    /// Its life.
    pub duration: Option<RoleDurationSeconds>,
    /// The longest life in seconds that the provider lets it have.
    pub longest: Option<i64>,
    /// The least size of its token.
    pub least_size: Option<MinimumSessionTokenSize>,
    /// Whether later requests name the provider: `aws:FederatedProvider`.
    pub names_provider: bool,
    /// Which of the provider's condition keys later requests carry.
    pub lasting: fn(&str) -> bool,
}

/// The session that was issued.
pub struct Assumed {
    /// Its credentials.
    pub issued: Issued,
    /// Who has it.
    pub user: AssumedRoleUser,
    /// What it carries on of the subject's identity.
    pub propagated: Option<TrustedIdentityPropagationContext>,
}

/// Issues the session to the vouched identity.
///
/// # Errors
/// `ValidationError`, `MalformedPolicyDocument`, `PackedPolicyTooLarge`.
pub fn assume(cx: &View<'_>, vouched: Vouched, wanted: Wanted<'_>) -> Result<Assumed> {
    let role = cx.account.role(wanted.role_arn).filter(|_| !cx.is_closed(cx.account.id));
    let role: Role = role.cloned().ok_or_else(|| denied(wanted.action))?;
    let seconds = session_duration(&role, cx.caller, wanted.duration)?;
    let longest = wanted.longest.and_then(|longest| i32::try_from(longest).ok()).unwrap_or(i32::MAX);
    let lasting = vouched.keys.into_iter().filter(|(name, _)| (wanted.lasting)(name) || is_propagated(name));
    let session = Session {
        policies: session_policies(cx.account, wanted.policy, wanted.policy_arns)?,
        source_identity: vouched.source_identity,
        transitive_tag_keys: vouched.transitive_tag_keys,
        tags: vouched.tags,
        federated_provider: wanted.names_provider.then_some(vouched.provider),
        provider_keys: lasting.collect::<Vec<(String, ProviderValue)>>(),
        ..begin(cx, role_session(&role, wanted.session_name), seconds.min(longest))
    };
    let issued = issue(cx, &session, wanted.least_size)?;
    let call = Use { account: cx.account.id, used: cx.now, service: "sts", region: &cx.facts.region };
    cx.environment.volatile.usage.note(&role.id, call);
    Ok(Assumed {
        issued,
        user: AssumedRoleUser::of(&role, cx.account.id, wanted.session_name),
        propagated: TrustedIdentityPropagationContext::of(&session.provider_keys),
    })
}

/// The denial of a caller who has no name.
pub fn denied(action: &str) -> Error {
    Error::new(Code::AccessDenied, format!("Not authorized to perform {action}"))
}
