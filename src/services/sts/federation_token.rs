//! Temporary credentials that a user gives to someone else.

use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, begin, issue};
use super::session::session_policies::session_policies;
use super::session::session_tags::SessionTags;
use super::session_token::user_session_duration;
use crate::call::{Access, Need, Operation, Query, Target, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::{Principal, Session, SessionPrincipal};
use crate::shapes::{
    DurationSeconds, FederatedUserName, MinimumSessionTokenSize, PolicyDescriptor, SessionPolicy, Tags,
};

/// Gives temporary credentials to a federated user, who may do what both the calling user and the session policies
/// allow.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationToken {
    name: FederatedUserName,
    policy: Option<SessionPolicy>,
    policy_arns: Option<Vec<PolicyDescriptor>>,
    duration_seconds: Option<DurationSeconds>,
    tags: Option<Tags>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
}

/// What `GetFederationToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationTokenResult {
    credentials: CredentialsShape,
    federated_user: FederatedUserShape,
    packed_policy_size: usize,
    session_token_utilization: usize,
    session_token_size: usize,
}

/// A federated user in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FederatedUserShape {
    federated_user_id: String,
    arn: String,
}

impl Operation for GetFederationToken {
    type Output = GetFederationTokenResult;

    const ERRORS: &'static [Code] = &[Code::MalformedPolicyDocument, Code::PackedPolicyTooLarge, Code::RegionDisabled];

    fn access(&self) -> Access<'_> {
        Access::to(Target::Sts(format!("federated-user/{}", self.name)))
            .request_tags(self.tags.as_deref())
            .again("sts:TagSession", Need::Tags)
    }
}

impl Query for GetFederationToken {
    fn answer(self, cx: &View<'_>) -> Result<GetFederationTokenResult> {
        let issuer = match &cx.caller.principal {
            Principal::User { key, id } => Some((key.clone(), id.clone())),
            Principal::Root => None,
            _ => return Err(Error::internal("a session asks for a federated user's session")),
        };
        let (account, name) = (cx.account.id, String::from(self.name));
        let tags = SessionTags::passed(self.tags, None)?.tags;
        let policies = session_policies(cx.account, self.policy.as_deref(), self.policy_arns)?;
        let duration = user_session_duration(cx, self.duration_seconds);
        let federated_user = FederatedUserShape {
            federated_user_id: format!("{account}:{name}"),
            arn: format!("arn:{}:sts::{account}:federated-user/{name}", account.partition()),
        };
        let principal = SessionPrincipal::Federated { name, issuer };
        let session = Session { policies, tags, ..begin(cx, principal, duration) };
        let issued = issue(cx, &session, self.minimum_session_token_size)?;
        Ok(GetFederationTokenResult {
            credentials: issued.credentials,
            federated_user,
            // Recorded: 0 without policies and tags, where `AssumeRole` leaves the member out.
            packed_policy_size: issued.packed_policy_size.unwrap_or_default(),
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
        })
    }
}

operations!(STS: query GetFederationToken);
