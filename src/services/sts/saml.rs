//! A role's session for someone with an assertion of a SAML provider.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::assume_role::{AssumedRoleUser, account_of_role, must_be_role_arn};
use super::session::credentials::CredentialsShape;
use super::session::federated::{self, Assumed, Wanted, denied};
use crate::account::SamlProvider;
use crate::call::{Access, Claim, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::federation::TrustedIdentityPropagationContext;
use crate::federation::saml::{self, SamlIdentity};
use crate::identity::Caller;
use crate::shapes::{
    AccountId, MinimumSessionTokenSize, PolicyDescriptor, RoleDurationSeconds, SamlAssertion, SessionArn, SessionPolicy,
};

const ACTION: &str = "sts:AssumeRoleWithSAML";

/// Gives temporary credentials of a role to someone with a SAML response.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithSAML {
    role_arn: SessionArn,
    principal_arn: SessionArn,
    #[serde(rename = "SAMLAssertion")]
    assertion: SamlAssertion,
    policy_arns: Option<Vec<PolicyDescriptor>>,
    policy: Option<SessionPolicy>,
    duration_seconds: Option<RoleDurationSeconds>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
    /// Who is meant: known once the response is verified, which comes before permissions are asked for.
    #[serde(skip)]
    identity: OnceLock<SamlIdentity>,
}

/// What `AssumeRoleWithSAML` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithSAMLResult {
    credentials: CredentialsShape,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    subject: String,
    subject_type: String,
    issuer: String,
    audience: String,
    name_qualifier: String,
    source_identity: Option<String>,
    session_token_utilization: usize,
    session_token_size: usize,
    trusted_identity_propagation_context: Option<TrustedIdentityPropagationContext>,
}

impl Operation for AssumeRoleWithSAML {
    type Output = AssumeRoleWithSAMLResult;

    const ERRORS: &'static [Code] = &[
        Code::ExpiredTokenException,
        Code::IDPRejectedClaim,
        Code::InvalidIdentityToken,
        Code::MalformedPolicyDocument,
        Code::PackedPolicyTooLarge,
        Code::RegionDisabled,
    ];
    const UNSIGNED: bool = true;
    const COMPUTES: bool = true;

    fn account(&self, caller: &Caller) -> AccountId {
        account_of_role(&self.role_arn).unwrap_or(caller.account)
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        must_be_role_arn(&self.role_arn)?;
        // Role and provider are of one account.
        let missing = |_| Error::new(Code::InvalidIdentityToken, "Specified provider doesn't exist");
        let provider = cx.account.find_by_arn::<SamlProvider>(&self.principal_arn).map_err(missing)?;
        let identity = saml::verify(provider, cx.account.id, self.assertion.reveal(), cx.now)?;
        let pair = |(role, provider): &(String, String)| *role == *self.role_arn && *provider == *self.principal_arn;
        if !identity.roles.iter().any(pair) {
            return Err(denied(ACTION));
        }
        // It is set once: a precondition is checked once a run.
        let _ = self.identity.set(identity);
        Ok(())
    }

    fn access(&self) -> Access<'_> {
        match self.identity.get() {
            Some(identity) => federated::access(&identity.vouched, &self.role_arn, &identity.session_name),
            None => Access::any(),
        }
    }
}

fn used() -> Error {
    Error::new(Code::InvalidIdentityToken, "Assertion has already been used")
}

impl Query for AssumeRoleWithSAML {
    fn answer(self, cx: &View<'_>) -> Result<AssumeRoleWithSAMLResult> {
        let identity = self.identity.into_inner().ok_or_else(|| Error::internal("a response was not verified"))?;
        if identity.one_time {
            let until = cx.environment.volatile.used_assertions.take(cx.account.id, &identity, cx.now);
            let place = (identity.issuer.clone(), identity.id.clone());
            // One call has one assertion.
            let _ = cx.claim.set(Claim { place, until: until.ok_or_else(used)?, refusal: used });
        }
        let source_identity = identity.vouched.source_identity.clone();
        let wanted = Wanted {
            action: ACTION,
            role_arn: &self.role_arn,
            session_name: &identity.session_name,
            policy: self.policy.as_deref(),
            policy_arns: self.policy_arns,
            duration: self.duration_seconds,
            longest: identity.longest,
            least_size: self.minimum_session_token_size,
            names_provider: false,
            lasting: |key| ["saml:namequalifier", "saml:sub", "saml:sub_type"].contains(&key),
        };
        let Assumed { issued, user, propagated } = federated::assume(cx, identity.vouched, wanted)?;
        Ok(AssumeRoleWithSAMLResult {
            credentials: issued.credentials,
            assumed_role_user: user,
            packed_policy_size: issued.packed_policy_size,
            subject: identity.subject,
            subject_type: identity.subject_type,
            issuer: identity.issuer,
            audience: identity.recipient,
            name_qualifier: identity.name_qualifier,
            source_identity,
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
            // AWS leaves it out for encrypted assertions.
            trusted_identity_propagation_context: propagated.filter(|_| !identity.encrypted),
        })
    }
}

operations!(STS: query AssumeRoleWithSAML);
