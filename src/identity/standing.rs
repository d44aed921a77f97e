//! What bears on a caller: its principal as the engine sees it, its policies by layer, its own condition keys.

use std::borrow::Cow;
use std::sync::Arc;

use super::session::{Session, SessionPolicy, SessionPrincipal};
use super::{Caller, Principal, RequestFacts, ServicePrincipal};
use crate::account::{Account, Compiled, PrincipalPolicies, Resource, StoredPolicy};
use crate::error::Result;
use crate::shapes::{ArnParts, Tag, TagSet};
use iam_policy::{PolicySet, Source, SourceKind, Values};

/// A condition key and its values.
pub type Key<'a> = (Cow<'a, str>, Values<'a>);

/// A caller with all that decides about it, as its own account knows it now.
pub struct Standing<'c> {
    caller: &'c Caller,
    account_id: String,
    /// The ARN as `GetCallerIdentity` shows it.
    pub arn: String,
    /// The ARN of the user or role behind the caller.
    issuer_arn: Option<String>,
    user_name: Option<String>,
    service_linked: bool,
    /// A session of a role that is gone, to which nothing is allowed.
    pub lost: bool,
    policies: PrincipalPolicies,
    session: Option<PolicySet>,
    scoped: Vec<PolicySet>,
    delegation: Option<PolicySet>,
    tags: TagSet,
}

impl<'c> Standing<'c> {
    /// The caller's standing in its own account.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user behind the caller is gone.
    pub fn of(caller: &'c Caller, account: &Account) -> Result<Self> {
        let mut standing = Self {
            caller,
            account_id: caller.account.to_string(),
            arn: caller.arn(account)?,
            issuer_arn: None,
            user_name: None,
            service_linked: false,
            lost: caller.has_lost_its_role(account),
            policies: PrincipalPolicies::default(),
            session: None,
            scoped: Vec::new(),
            delegation: None,
            tags: TagSet::default(),
        };
        if let Some(user) = caller.acting_user(account)? {
            standing.issuer_arn = Some(user.arn(account.id));
            standing.policies = account.policies_of_user(user);
            standing.tags = user.tags.clone();
            standing.user_name = matches!(caller.principal, Principal::User { .. }).then(|| user.name.clone());
        }
        if let Some(role) = caller.role(account) {
            standing.issuer_arn = Some(role.arn(account.id));
            standing.policies = account.policies_of_role(role);
            standing.tags = role.tags.clone();
            standing.service_linked = role.is_service_linked();
        }
        if let Some(session) = &caller.session {
            standing.session = session_policies(session, account);
            standing.scoped = session.scoped_policies.iter().map(|policy| PolicySet::new([inline(policy)])).collect();
            standing.delegation = session.delegation.as_ref().map(|found| PolicySet::new([inline(&found.policy)]));
            for tag in session.tags.iter() {
                standing.tags.set(tag.clone());
            }
        }
        Ok(standing)
    }

    /// Whether the policies of the caller's user or role are gathered already, or soon will be.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user behind the caller is gone.
    pub fn is_quickly_known(caller: &Caller, account: &Account) -> Result<bool> {
        let user = caller.acting_user(account)?.is_none_or(|user| account.quickly_gathers_user(user));
        Ok(user && caller.role(account).is_none_or(|role| account.quickly_gathers_role(role)))
    }

    /// The principal as the engine sees it.
    pub fn principal(&self) -> iam_policy::Principal<'_> {
        let account = &self.account_id;
        let issuer = self.issuer_arn.as_deref().unwrap_or_default();
        match &self.caller.principal {
            Principal::Root => iam_policy::Principal::Root { account },
            Principal::User { id, .. } => iam_policy::Principal::User { arn: &self.arn, id, account },
            Principal::RoleSession { id, .. } => iam_policy::Principal::RoleSession {
                role_arn: issuer,
                role_id: id,
                session_arn: &self.arn,
                account,
                service_linked: self.service_linked,
            },
            Principal::FederatedUser { issuer: by, .. } => {
                let user = by.as_ref().map(|(_, id)| (issuer, id.as_str()));
                iam_policy::Principal::FederatedUser { arn: &self.arn, user, account }
            }
            Principal::Service(service) => iam_policy::Principal::Service { name: &service.name, aliases: &[] },
            Principal::Anonymous => iam_policy::Principal::Anonymous,
        }
    }

    /// The layers of the caller's side.
    pub fn layers(&self) -> iam_policy::Layers<'_> {
        iam_policy::Layers {
            identity: Some(&self.policies.identity),
            boundary: self.policies.boundary.as_deref(),
            session: self.session.as_ref(),
            scoped: (!self.scoped.is_empty()).then_some(&self.scoped),
            delegation: self.delegation.as_ref(),
            ..iam_policy::Layers::default()
        }
    }

    /// The condition keys that the caller and the request give (IAM User Guide, "AWS global condition context keys").
    pub fn keys<'a>(&'a self, facts: &'a RequestFacts) -> Vec<Key<'a>> {
        let mut keys: Vec<Key<'a>> = Vec::with_capacity(32);
        let mut key = |name: &'a str, values: Values<'a>| keys.push((Cow::Borrowed(name), values));
        key("aws:CurrentTime", facts.now.to_string().into());
        key("aws:EpochTime", facts.now.seconds().to_string().into());
        // IAM and STS are reached over TLS alone at AWS. Plain HTTP on one machine must not make a difference to policies.
        key("aws:SecureTransport", true.into());
        key("aws:SourceIp", facts.source_ip.to_string().into());
        key("aws:RequestedRegion", facts.region.as_str().into());
        if let Some(agent) = &facts.user_agent {
            key("aws:UserAgent", agent.as_str().into());
        }
        if let Some(referer) = &facts.referer {
            key("aws:Referer", referer.as_str().into());
        }
        match &self.caller.principal {
            Principal::Service(service) => service_keys(service, &mut key),
            principal => {
                key("aws:PrincipalAccount", self.account_id.as_str().into());
                if *principal != Principal::Anonymous {
                    key("aws:PrincipalArn", self.principal_arn().into());
                }
                key("aws:PrincipalType", self.principal_type().into());
                key("aws:userid", self.caller.user_id().into());
            }
        }
        key("aws:ViaAWSService", false.into());
        // Only signed requests have it.
        if self.caller.principal != Principal::Anonymous {
            key("aws:PrincipalIsAWSService", self.caller.as_service().is_some().into());
        }
        if let Some(name) = &self.user_name {
            key("aws:username", name.as_str().into());
        }
        if self.caller.has_assumed_root() {
            key("aws:AssumedRoot", true.into());
        }
        if let Some(session) = &self.caller.session {
            session_keys(session, facts, &mut key);
        }
        keys.extend(
            self.tags
                .iter()
                .map(|tag| (Cow::Owned(format!("aws:PrincipalTag/{}", tag.key)), Values::from(tag.value.as_str()))),
        );
        keys
    }

    /// The name of the user that calls, be it with temporary credentials of its own.
    pub fn user_name(&self) -> Option<&str> {
        self.user_name.as_deref()
    }

    /// The principal's tags: those of the user or role, and the session's own.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// `aws:PrincipalArn`: for role sessions the role's ARN, with its path.
    pub fn principal_arn(&self) -> &str {
        match &self.caller.principal {
            Principal::RoleSession { .. } => self.issuer_arn.as_deref().unwrap_or(&self.arn),
            _ => &self.arn,
        }
    }

    fn principal_type(&self) -> &'static str {
        match self.caller.principal {
            Principal::Root => "Account",
            Principal::User { .. } => "User",
            Principal::RoleSession { .. } => "AssumedRole",
            Principal::FederatedUser { .. } => "FederatedUser",
            Principal::Service(_) => "AWSService",
            Principal::Anonymous => "Anonymous",
        }
    }
}

/// The condition keys that only services have (IAM User Guide, "The confused deputy problem").
fn service_keys<'a>(service: &'a ServicePrincipal, key: &mut impl FnMut(&'a str, Values<'a>)) {
    key("aws:PrincipalServiceName", service.name.as_str().into());
    key("aws:PrincipalServiceNamesList", vec![service.name.as_str()].into());
    if let Some(arn) = &service.source_arn {
        key("aws:SourceArn", arn.as_str().into());
        if let Some(parts) = ArnParts::parse(arn) {
            key("aws:SourceAccount", parts.account.into());
        }
    }
}

/// The condition keys that only temporary credentials have.
fn session_keys<'a>(session: &'a Session, facts: &RequestFacts, key: &mut impl FnMut(&'a str, Values<'a>)) {
    key("aws:TokenIssueTime", session.issued.to_string().into());
    // Federated sessions carry no MFA information, so the key is absent, not false.
    if !session.is_federated() {
        key("aws:MultiFactorAuthPresent", session.mfa.is_some().into());
    }
    if let Some(mfa) = session.mfa {
        key("aws:MultiFactorAuthAge", (facts.now.seconds() - mfa.seconds()).to_string().into());
    }
    if let Some(identity) = &session.source_identity {
        key("aws:SourceIdentity", identity.as_str().into());
    }
    if let Some(provider) = &session.federated_provider {
        key("aws:FederatedProvider", provider.as_str().into());
    }
    if let Some(delegation) = &session.delegation {
        key("aws:ViaCustomerDomain", delegation.delegate.to_string().into());
    }
    if !session.transitive_tag_keys.is_empty() {
        let keys: Vec<&str> = session.transitive_tag_keys.iter().map(String::as_str).collect();
        key("sts:TransitiveTagKeys", keys.into());
    }
    for (name, value) in &session.provider_keys {
        key(name, value.values());
    }
}

/// The session's own policies. A federated user's session without any is allowed nothing.
fn session_policies(session: &Session, account: &Account) -> Option<PolicySet> {
    let federated = matches!(session.principal, SessionPrincipal::Federated { .. });
    let policies = match &session.policies {
        Some(policies) => policies.as_slice(),
        None if federated => &[],
        None => return None,
    };
    Some(PolicySet::new(policies.iter().map(|policy| match policy {
        SessionPolicy::Managed(arn) => account.managed_member(arn),
        SessionPolicy::Inline(text) => inline(text),
    })))
}

/// A policy that a session carries itself.
fn inline(text: &str) -> (Source, Compiled) {
    let source = Source { id: "session policy".into(), kind: SourceKind::None, arn: None };
    (source, StoredPolicy::from(Arc::<str>::from(text)).compiled())
}
