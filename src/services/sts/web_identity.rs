//! A role's session for someone with a token of an OpenID Connect provider.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::assume_role::{AssumedRoleUser, account_of_role, must_be_role_arn};
use super::session::credentials::CredentialsShape;
use super::session::federated::{self, Assumed, Wanted};
use crate::call::{Access, Inquiry, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::federation::{Fetched, Issuer, TrustedIdentityPropagationContext, WebIdentity, not_a_token};
use crate::identity::Caller;
use crate::keys::Token;
use crate::shapes::{
    AccountId, ClientToken, MinimumSessionTokenSize, PolicyDescriptor, ProviderId, RoleDurationSeconds,
    RoleSessionName, SessionArn, SessionPolicy,
};

/// Gives temporary credentials of a role to someone with a web identity token.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentity {
    role_arn: SessionArn,
    role_session_name: RoleSessionName,
    web_identity_token: ClientToken,
    provider_id: Option<ProviderId>,
    policy_arns: Option<Vec<PolicyDescriptor>>,
    policy: Option<SessionPolicy>,
    duration_seconds: Option<RoleDurationSeconds>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
    /// Whose token it is: known once the token is verified, which comes before permissions are asked for.
    #[serde(skip)]
    identity: OnceLock<WebIdentity>,
}

/// What `AssumeRoleWithWebIdentity` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentityResult {
    credentials: CredentialsShape,
    subject_from_web_identity_token: String,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    provider: String,
    audience: String,
    source_identity: Option<String>,
    session_token_utilization: usize,
    session_token_size: usize,
    trusted_identity_propagation_context: Option<TrustedIdentityPropagationContext>,
}

impl Operation for AssumeRoleWithWebIdentity {
    type Output = AssumeRoleWithWebIdentityResult;

    const ERRORS: &'static [Code] = &[
        Code::ExpiredTokenException,
        Code::IDPCommunicationError,
        Code::IDPRejectedClaim,
        Code::InvalidIdentityToken,
        Code::MalformedPolicyDocument,
        Code::PackedPolicyTooLarge,
        Code::RegionDisabled,
    ];
    const UNSIGNED: bool = true;
    const FETCHES: bool = true;

    fn account(&self, caller: &Caller) -> AccountId {
        account_of_role(&self.role_arn).unwrap_or(caller.account)
    }

    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>> {
        must_be_role_arn(&self.role_arn)?;
        let token = self.token()?;
        Ok(Some(Inquiry::Issuer(Issuer::of(&token, cx.account)?.keys_for(&token))))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        let Some(Fetched::Keys(keys)) = cx.fetched.and_then(|fetched| fetched.issuer()) else {
            return Err(Error::internal("a token is verified without keys"));
        };
        let token = self.token()?;
        let identity = Issuer::of(&token, cx.account)?.verify(&token, &self.role_arn, keys, cx.now)?;
        // It is set once: a precondition is checked once a run.
        let _ = self.identity.set(identity);
        Ok(())
    }

    fn access(&self) -> Access<'_> {
        match self.identity.get() {
            Some(identity) => federated::access(&identity.vouched, &self.role_arn, &self.role_session_name),
            None => Access::any(),
        }
    }
}

impl Query for AssumeRoleWithWebIdentity {
    fn answer(self, cx: &View<'_>) -> Result<AssumeRoleWithWebIdentityResult> {
        let identity = self.identity.into_inner().ok_or_else(|| Error::internal("a token was not verified"))?;
        let WebIdentity { vouched, subject, audience } = identity;
        let (provider, source_identity) = (vouched.provider.clone(), vouched.source_identity.clone());
        let wanted = Wanted {
            action: "sts:AssumeRoleWithWebIdentity",
            role_arn: &self.role_arn,
            session_name: &self.role_session_name,
            policy: self.policy.as_deref(),
            policy_arns: self.policy_arns,
            duration: self.duration_seconds,
            longest: None,
            least_size: self.minimum_session_token_size,
            names_provider: true,
            lasting: |key| [":amr", ":aud", ":sub"].iter().any(|end| key.ends_with(end)),
        };
        let Assumed { issued, user, propagated } = federated::assume(cx, vouched, wanted)?;
        Ok(AssumeRoleWithWebIdentityResult {
            credentials: issued.credentials,
            subject_from_web_identity_token: subject,
            assumed_role_user: user,
            packed_policy_size: issued.packed_policy_size,
            provider,
            audience,
            source_identity,
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
            trusted_identity_propagation_context: propagated,
        })
    }
}

impl AssumeRoleWithWebIdentity {
    /// The token. Access tokens of the two OAuth 2.0 providers that AWS knows mean something to those alone, which are
    /// not asked here.
    fn token(&self) -> Result<Token<'_>> {
        match self.provider_id.as_deref() {
            None => Token::read(self.web_identity_token.reveal()).ok_or_else(not_a_token),
            Some("www.amazon.com" | "graph.facebook.com") => {
                Err(Error::new(Code::IDPCommunicationError, "Error communicating with identity provider"))
            }
            Some(other) => Err(Error::new(Code::ValidationError, format!("{other} is not a supported provider"))),
        }
    }
}

operations!(STS: query AssumeRoleWithWebIdentity);
