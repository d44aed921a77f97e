//! A role's session for those whom its trust policy names.

use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, begin, issue};
use super::session::mfa;
use super::session::session_policies::session_policies;
use super::session::session_tags::SessionTags;
use crate::account::{Entity, Role};
use crate::audit::Use;
use crate::call::{Access, AccountRef, Context, MfaCode, Need, Operation, Query, Target, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal, Session, SessionPrincipal};
use crate::shapes::{
    AccountId, ArnParts, ExternalId, Kind, MinimumSessionTokenSize, PolicyDescriptor, ProvidedContexts,
    RoleDurationSeconds, RoleSessionName, SessionArn, SessionSerialNumber, SourceIdentity, Tag, TagKey, TagKeys,
    TagValue, Tags, TokenCode, UnrestrictedSessionPolicy,
};

/// The life of a role's session when the request does not say, and the longest when another role asks; in seconds.
const ONE_HOUR: i32 = 3600;

/// Gives the caller temporary credentials of a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRole {
    role_arn: SessionArn,
    role_session_name: RoleSessionName,
    policy_arns: Option<Vec<PolicyDescriptor>>,
    policy: Option<UnrestrictedSessionPolicy>,
    duration_seconds: Option<RoleDurationSeconds>,
    tags: Option<Tags>,
    transitive_tag_keys: Option<TagKeys>,
    external_id: Option<ExternalId>,
    serial_number: Option<SessionSerialNumber>,
    token_code: Option<TokenCode>,
    source_identity: Option<SourceIdentity>,
    provided_contexts: Option<ProvidedContexts>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
}

impl AssumeRole {
    /// What a service of AWS asks for a workload: the role, the session's name, its life in seconds and its tags, which
    /// are transitive.
    pub fn of_service(role_arn: &str, session_name: &str, seconds: i32, tags: &[(&str, String)]) -> Self {
        let keys = tags.iter().map(|(key, _)| TagKey::new(*key));
        let tag = |(key, value): &(&str, String)| Tag { key: TagKey::new(*key), value: TagValue::new(value) };
        Self {
            role_arn: SessionArn::new(role_arn),
            role_session_name: RoleSessionName::new(session_name),
            policy_arns: None,
            policy: None,
            duration_seconds: Some(RoleDurationSeconds::new(seconds)),
            tags: Some(tags.iter().map(tag).collect::<Vec<_>>().into()),
            transitive_tag_keys: Some(keys.collect::<Vec<_>>().into()),
            external_id: None,
            serial_number: None,
            token_code: None,
            source_identity: None,
            provided_contexts: None,
            minimum_session_token_size: None,
        }
    }
}

/// What `AssumeRole` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleResult {
    /// The temporary credentials.
    pub credentials: CredentialsShape,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    source_identity: Option<String>,
    session_token_utilization: usize,
    session_token_size: usize,
}

/// A role's session in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

impl AssumedRoleUser {
    /// The session of this name. The ARN leaves out the role's path.
    pub fn of(role: &Role, account: AccountId, session: &str) -> Self {
        Self {
            assumed_role_id: format!("{}:{session}", role.id),
            arn: format!("arn:{}:sts::{account}:assumed-role/{}/{session}", account.partition(), role.name),
        }
    }
}

impl Operation for AssumeRole {
    type Output = AssumeRoleResult;

    const ERRORS: &'static [Code] = &[
        Code::ExpiredTokenException,
        Code::InvalidContextAssertion,
        Code::MalformedPolicyDocument,
        Code::PackedPolicyTooLarge,
        Code::RegionDisabled,
    ];

    fn account(&self, caller: &Caller) -> AccountId {
        account_of_role(&self.role_arn).unwrap_or(caller.account)
    }

    /// Tags, a source identity and contexts need actions of their own, which do not have all the keys of this one.
    fn access(&self) -> Access<'_> {
        let texts = |keys: &'_ TagKeys| keys.iter().map(|key| key.to_string()).collect::<Vec<_>>();
        let verified = self.serial_number.is_some();
        let providers = self.context_providers();
        // Only callers that may assume it learn that an ARN is not a role's.
        let target = match account_of_role(&self.role_arn) {
            Some(_) => Target::Trust(&self.role_arn),
            None => Target::Arn(self.role_arn.as_str().into()),
        };
        let access = Access::to(target)
            .key("sts:RoleSessionName", Some(self.role_session_name.as_str()))
            .key("sts:ExternalId", self.external_id.as_deref())
            .key("sts:SourceIdentity", self.source_identity.as_deref())
            .key("sts:TransitiveTagKeys", self.transitive_tag_keys.as_ref().map(texts))
            .key("sts:RequestContextProviders", providers.clone())
            .key("aws:MultiFactorAuthPresent", verified.then_some(true))
            .key("aws:MultiFactorAuthAge", verified.then_some("0"))
            .request_tags(self.tags.as_deref())
            .again("sts:TagSession", Need::Tags)
            .again("sts:SetSourceIdentity", Need::SourceIdentity);
        match providers {
            Some(_) => access.again("sts:SetContext", Need::Always).silent(),
            None => access.silent(),
        }
    }

    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        MfaCode::given(self.serial_number.as_ref(), self.token_code.as_ref())
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        if ArnParts::parse(&self.role_arn).is_none() {
            must_be_role_arn(&self.role_arn)?;
        }
        if cx.caller.principal == Principal::Root {
            return Err(Error::new(Code::AccessDenied, "Roles may not be assumed by root accounts."));
        }
        mfa::check(cx, self.serial_number.as_ref(), self.token_code.as_ref())
    }
}

impl Query for AssumeRole {
    fn answer(self, cx: &View<'_>) -> Result<AssumeRoleResult> {
        must_be_role_arn(&self.role_arn)?;
        let role = cx.account.role(&self.role_arn).filter(|_| !cx.is_closed(cx.account.id)).cloned();
        let Some(role) = role else {
            return Err(denied(cx, "sts:AssumeRole", &self.role_arn)?);
        };
        let duration = session_duration(&role, cx.caller, self.duration_seconds)?;
        let inherited = cx.caller.session.as_deref();
        let source_identity = inherited.and_then(|session| session.source_identity.clone());
        let source_identity = match (source_identity, self.source_identity.map(String::from)) {
            (Some(kept), Some(given)) if kept != given => {
                return Err(denied(cx, "sts:SetSourceIdentity", &self.role_arn)?);
            }
            (kept, given) => kept.or(given),
        };
        if self.provided_contexts.is_some() {
            // The context providers of AWS sign their assertions, and there is none here whose signature could be good.
            return Err(Error::new(Code::InvalidContextAssertion, "The provided context assertion is invalid."));
        }
        let SessionTags { tags, transitive_keys } =
            SessionTags::passed(self.tags, self.transitive_tag_keys)?.inherit(inherited)?;
        let policies = session_policies(cx.account, self.policy.as_deref(), self.policy_arns)?;
        let session = Session {
            chained: matches!(cx.caller.principal, Principal::RoleSession { .. }),
            mfa: self.serial_number.map(|_| cx.now),
            source_identity: source_identity.clone(),
            transitive_tag_keys: transitive_keys,
            policies,
            tags,
            provider_keys: cx.caller.as_service().map(|service| service.session_keys.clone()).unwrap_or_default(),
            ..begin(cx, role_session(&role, &self.role_session_name), duration)
        };
        let issued = issue(cx, &session, self.minimum_session_token_size)?;
        let call = Use { account: cx.account.id, used: cx.now, service: "sts", region: &cx.facts.region };
        cx.environment.volatile.usage.note(&role.id, call);
        Ok(AssumeRoleResult {
            credentials: issued.credentials,
            assumed_role_user: AssumedRoleUser::of(&role, cx.account.id, &self.role_session_name),
            packed_policy_size: issued.packed_policy_size,
            source_identity,
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
        })
    }
}

impl AssumeRole {
    /// Who vouches for the contexts that the request provides.
    fn context_providers(&self) -> Option<Vec<String>> {
        let contexts = self.provided_contexts.as_ref()?;
        Some(contexts.iter().filter_map(|context| context.provider_arn.as_deref().map(str::to_owned)).collect())
    }
}

/// The account of a role, if this is a role's ARN.
pub fn account_of_role(arn: &str) -> Option<AccountId> {
    let parts = ArnParts::parse(arn)?;
    parts.path_and_name(Kind::Role)?;
    parts.account_id()
}

/// Refuses anything but a role's ARN: AWS has one sentence for other ARNs, and one for other texts.
///
/// # Errors
/// `ValidationError`.
pub fn must_be_role_arn(arn: &str) -> Result<()> {
    match (account_of_role(arn), ArnParts::parse(arn)) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(Error::new(Code::ValidationError, "Request ARN is invalid")),
        (None, None) => Err(Error::new(Code::ValidationError, format!("{arn} is invalid"))),
    }
}

/// A session of a role.
pub fn role_session(role: &Role, session: &str) -> SessionPrincipal {
    let (key, id, name) = (role.key(), role.id.clone(), role.name.clone());
    SessionPrincipal::Role { key, id, name, session: session.to_owned() }
}

/// The life of the session in seconds: within the role's limit, and within an hour where a role assumes a role. The
/// limit does not bind AWS services (IAM User Guide, "Update the maximum session duration for a role").
///
/// # Errors
/// `ValidationError`.
pub fn session_duration(role: &Role, caller: &Caller, wanted: Option<RoleDurationSeconds>) -> Result<i32> {
    let wanted = wanted.map_or(ONE_HOUR, RoleDurationSeconds::get);
    let exceeds = |what: &str| {
        Err(Error::new(Code::ValidationError, format!("The requested DurationSeconds exceeds the {what}.")))
    };
    if wanted > role.max_session_duration && caller.as_service().is_none() {
        return exceeds("MaxSessionDuration set for this role");
    }
    if wanted > ONE_HOUR && matches!(caller.principal, Principal::RoleSession { .. }) {
        return exceeds("1 hour session limit for roles assumed by role chaining");
    }
    Ok(wanted)
}

/// The denial in the words of a policy's denial, which reveal nothing of the role.
fn denied(cx: &Context<'_, impl AccountRef>, action: &str, role_arn: &str) -> Result<Error> {
    let own = cx.account_of(cx.caller.account).ok_or_else(|| Error::internal("the caller's account is gone"))?;
    let caller = cx.caller.arn(own)?;
    let message = format!("User: {caller} is not authorized to perform: {action} on resource: {role_arn}");
    Ok(Error::new(Code::AccessDenied, message))
}

operations!(STS: query AssumeRole);
