//! A session of a member account's root user for one privileged task.

use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, begin_in, issue};
use crate::account::Account;
use crate::call::{Access, AccountRef, Context, Operation, Query, Target, View, operations};
use crate::catalogue::managed_policies;
use crate::error::{Code, Error, Result};
use crate::identity::{Principal, Session, SessionPolicy, SessionPrincipal};
use crate::organization::ROOT_ACCESS_SERVICE;
use crate::shapes::{
    AccountId, ArnParts, MinimumSessionTokenSize, OrganizationFeature, PolicyDescriptor, RootDurationSeconds,
    TargetPrincipal,
};

/// The life of a session when the request does not say, and the longest; in seconds.
const FIFTEEN_MINUTES: i32 = 900;

/// Gives temporary credentials of a member account's root user, which are good for one of the tasks that AWS has
/// policies for (IAM User Guide, "Perform a privileged task on an AWS Organizations member account").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoot {
    target_principal: TargetPrincipal,
    task_policy_arn: PolicyDescriptor,
    duration_seconds: Option<RootDurationSeconds>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
}

/// What `AssumeRoot` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRootResult {
    credentials: CredentialsShape,
    source_identity: Option<String>,
    session_token_utilization: usize,
    session_token_size: usize,
}

impl Operation for AssumeRoot {
    type Output = AssumeRootResult;

    const ERRORS: &'static [Code] = &[Code::ExpiredTokenException, Code::RegionDisabled];
    const ASKS_ORGANIZATION: bool = true;

    fn access(&self) -> Access<'_> {
        let target = account_of_root(&self.target_principal);
        let arn = target.map_or_else(|| self.target_principal.to_string(), AccountId::root_arn);
        Access::to(Target::Arn(arn.into()))
            .key("sts:TaskPolicyArn", self.task_policy_arn.arn.as_deref())
            .key("aws:ResourceAccount", target.map(|account| account.to_string()))
    }

    fn other_accounts(&self, _: &Account) -> Vec<AccountId> {
        account_of_root(&self.target_principal).into_iter().collect()
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        let (target, _) = (self.target()?, self.task_policy()?);
        match cx.caller.principal {
            Principal::Root => Err(denied(cx, target)?),
            _ => Ok(()),
        }
    }
}

impl Query for AssumeRoot {
    fn answer(self, cx: &View<'_>) -> Result<AssumeRootResult> {
        let (target, task) = (self.target()?, self.task_policy()?.to_owned());
        if !is_within_reach(cx, target) {
            return Err(denied(cx, target)?);
        }
        let inherited = cx.caller.session.as_deref();
        let source_identity = inherited.and_then(|session| session.source_identity.clone());
        let duration = self.duration_seconds.map_or(FIFTEEN_MINUTES, RootDurationSeconds::get);
        let session = Session {
            source_identity: source_identity.clone(),
            policies: Some(vec![SessionPolicy::Managed(task)]),
            ..begin_in(target, cx, SessionPrincipal::Root, duration)
        };
        let issued = issue(cx, &session, self.minimum_session_token_size)?;
        Ok(AssumeRootResult {
            credentials: issued.credentials,
            source_identity,
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
        })
    }
}

impl AssumeRoot {
    /// The account whose root user is meant.
    fn target(&self) -> Result<AccountId> {
        let target = account_of_root(&self.target_principal);
        target.ok_or_else(|| Error::new(Code::ValidationError, format!("{} is invalid", &*self.target_principal)))
    }

    /// The ARN of the task's policy, one of those that AWS has for root users.
    fn task_policy(&self) -> Result<&str> {
        let arn = self.task_policy_arn.arn.as_deref().unwrap_or_default();
        match managed_policies::get(arn) {
            Some(policy) if policy.path == "/root-task/" => Ok(arn),
            _ => Err(Error::new(Code::ValidationError, format!("The task policy {arn} is invalid"))),
        }
    }
}

/// Whether the caller's account administers the root access of the organization that the target is a member of, and the
/// organization allows sessions: it has the feature, and trusts IAM with it still.
fn is_within_reach(cx: &Context<'_, impl AccountRef>, target: AccountId) -> bool {
    cx.organization().is_some_and(|organization| {
        organization.administers_root_access(cx.account.id)
            && organization.contains(target)
            && organization.management_account != target
            && !cx.is_closed(target)
            && organization.trusts(ROOT_ACCESS_SERVICE)
            && cx.organization_features(organization).contains(&OrganizationFeature::RootSessions)
    })
}

/// The account that twelve digits or the ARN of a root user name.
fn account_of_root(target: &str) -> Option<AccountId> {
    AccountId::parse(target).or_else(|| {
        let account = ArnParts::parse(target)?.account_id()?;
        (account.root_arn() == target).then_some(account)
    })
}

/// One sentence for all that keeps the caller from the root user, which reveals nothing of the organization.
fn denied(cx: &Context<'_, impl AccountRef>, target: AccountId) -> Result<Error> {
    let caller = cx.caller.arn(&cx.account)?;
    let message =
        format!("User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {}", target.root_arn());
    Ok(Error::new(Code::AccessDenied, message))
}

operations!(STS: query AssumeRoot);
