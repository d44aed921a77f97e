//! Narrower credentials for a session that its holder has already.

use iam_policy::Grammar;
use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, issue};
use crate::account::StoredPolicy;
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::Session;

use crate::shapes::{
    MinimumSessionTokenSize, ScopedDurationSeconds, ScopedSessionDescription, SessionPolicy, Timestamp,
};

/// How many times a session can be narrowed by a policy (STS API Reference, `GetScopedCredentials`).
const MAX_SCOPED_POLICIES: usize = 3;

/// Gives the holder of temporary credentials further ones of the same session that can do less, end sooner, or both.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetScopedCredentials {
    policy: Option<SessionPolicy>,
    duration_seconds: Option<ScopedDurationSeconds>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
    scoped_session_description: Option<ScopedSessionDescription>,
}

/// What `GetScopedCredentials` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetScopedCredentialsResult {
    credentials: CredentialsShape,
    session_info: ScopedSessionShape,
    session_token_utilization: usize,
    session_token_size: usize,
    scoped_policies_count: usize,
    source_identity: Option<String>,
}

/// Whose session it is: the caller's identity does not change.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScopedSessionShape {
    scoped_session_id: String,
    arn: String,
}

impl Operation for GetScopedCredentials {
    type Output = GetScopedCredentialsResult;

    const ERRORS: &'static [Code] = &[
        Code::InsufficientSessionLifetime,
        Code::InvalidSubjectCredentials,
        Code::MalformedPolicyDocument,
        Code::PackedPolicyTooLarge,
    ];

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        if cx.caller.session.is_none() {
            let message = "Cannot call GetScopedCredentials with long-term credentials";
            return Err(Error::new(Code::AccessDenied, message));
        }
        if cx.caller.has_lost_its_role(cx.account) {
            let message = "The credentials belong to a session that is not valid any more.";
            return Err(Error::new(Code::InvalidSubjectCredentials, message));
        }
        if self.policy.is_none() && self.duration_seconds.is_none() {
            let message = "At least one of Policy and DurationSeconds must be specified.";
            return Err(Error::new(Code::ValidationError, message));
        }
        Ok(())
    }
}

impl Query for GetScopedCredentials {
    fn answer(self, cx: &View<'_>) -> Result<GetScopedCredentialsResult> {
        let caller = cx.caller.session.as_deref().ok_or_else(|| Error::internal("no session is to be narrowed"))?;
        let expires = self.expires(caller, cx.now)?;
        let mut scoped_policies = caller.scoped_policies.clone();
        if let Some(policy) = self.policy {
            if scoped_policies.len() >= MAX_SCOPED_POLICIES {
                let message = format!("The session has {MAX_SCOPED_POLICIES} scoped policies already.");
                return Err(Error::new(Code::AccessDenied, message));
            }
            StoredPolicy::new(&policy, Grammar::Session, cx.account.id.partition())?;
            scoped_policies.push(policy.into());
        }
        // All else stays, `aws:TokenIssueTime` too: who revokes a role's sessions means those made from them as well.
        let access_key_id = cx.ids.access_key("ASIA", caller.account);
        let session = Session { access_key_id, expires, scoped_policies, ..caller.clone() };
        let issued = issue(cx, &session, self.minimum_session_token_size)?;
        if let Some(description) = self.scoped_session_description {
            let (id, key) = (&cx.facts.request_id, &session.access_key_id);
            tracing::info!(%id, access_key_id = key, description = ?description.as_str(), "scoped credentials");
        }
        Ok(GetScopedCredentialsResult {
            credentials: issued.credentials,
            session_info: ScopedSessionShape {
                scoped_session_id: cx.caller.user_id(),
                arn: cx.caller.arn(cx.account)?,
            },
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
            scoped_policies_count: session.scoped_policies.len(),
            source_identity: session.source_identity,
        })
    }
}

impl GetScopedCredentials {
    /// When the credentials end: with the caller's, or sooner. A session is never prolonged.
    fn expires(&self, caller: &Session, now: Timestamp) -> Result<Timestamp> {
        let Some(seconds) = self.duration_seconds else { return Ok(caller.expires) };
        let expires = now.plus(seconds.get().into());
        if expires > caller.expires {
            let message = "The requested DurationSeconds exceeds the remaining lifetime of the calling session.";
            return Err(Error::new(Code::InsufficientSessionLifetime, message));
        }
        Ok(expires)
    }
}

operations!(STS: query GetScopedCredentials);
