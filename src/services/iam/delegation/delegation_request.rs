//! Requests for delegated permissions: making, finding and claiming them.
//!
//! All of them are in the account of AWS itself, since each belongs to the account that makes it and to the one that
//! decides it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::{DelegationOwner, DelegationRequest, Entity, Quota, Role, User};
use crate::call::{
    Access, AccountRef, Command, Context, Operation, Paging, Query, Target, Transaction, View, operations,
};
use crate::error::{Code, Error, Result};
use crate::identity::Caller;
use crate::services::iam::delegation::delegation_notice::announce;
use crate::services::iam::delegation::delegation_permission::{PermissionCheck, check, compiled};
use crate::services::iam::delegation::delegation_request_shape::DelegationRequestShape;
use crate::shapes::{
    AccountId, ArnParts, DelegationPermission, DelegationRequestDescription, DelegationRequestId, DelegationState,
    Kind, Marker, MaxItems, NotificationChannel, OwnerAccountId, OwnerId, RedirectUrl, RequestMessage,
    RequestorWorkflowId, SessionDuration,
};
use crate::templates::Asked;
use crate::templates::invalid;

/// Asks for permissions in another account, as product providers do.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDelegationRequest {
    owner_account_id: Option<OwnerAccountId>,
    description: DelegationRequestDescription,
    permissions: DelegationPermission,
    request_message: Option<RequestMessage>,
    requestor_workflow_id: RequestorWorkflowId,
    redirect_url: Option<RedirectUrl>,
    notification_channel: NotificationChannel,
    session_duration: SessionDuration,
    only_send_by_owner: Option<bool>,
}

/// What `CreateDelegationRequest` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDelegationRequestResult {
    console_deep_link: String,
    delegation_request_id: String,
}

impl Operation for CreateDelegationRequest {
    type Output = CreateDelegationRequestResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::ServiceFailure,
    ];
    /// For a policy template that does not exist.
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(None))
            .key("iam:DelegationDuration", Some(self.session_duration.get().to_string()))
            .key("iam:NotificationChannel", Some(self.notification_channel.as_str()))
            .key("iam:TemplateArn", self.permissions.policy_template_arn.as_deref())
    }
}

impl Command for CreateDelegationRequest {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateDelegationRequestResult> {
        let Asked { template_arn, parameters, policy } = cx.environment.policy_templates.fill(self.permissions)?;
        must_be_topic(&self.notification_channel)?;
        let requestor = cx.caller.account;
        forget_the_expired(cx);
        let own = || cx.account.delegation_requests.iter().filter(|request| request.requestor == requestor);
        if own().any(|request| request.workflow_id == *self.requestor_workflow_id) {
            let id = &self.requestor_workflow_id;
            let message = format!("Delegation request with requestor workflow id {id} already exists.");
            return Err(Error::new(Code::EntityAlreadyExists, message));
        }
        let open = own().filter(|request| request.state(cx.now) != DelegationState::Expired).count();
        cx.check_quota(Quota::DelegationRequestsPerAccount, open)?;
        let id = cx.ids.uuid().to_string();
        let request = DelegationRequest {
            id: id.clone(),
            requestor,
            requestor_name: cx.account_of(requestor).and_then(|account| account.settings().alias),
            workflow_id: self.requestor_workflow_id.into(),
            owner_account: self.owner_account_id.and_then(|account| AccountId::parse(&account)),
            owner: None,
            approver: None,
            description: self.description.into(),
            message: self.request_message.map(String::from),
            template_arn,
            parameters,
            policy,
            redirect_url: self.redirect_url.map(String::from),
            notification_channel: self.notification_channel.into(),
            session_duration: self.session_duration.get(),
            only_send_by_owner: self.only_send_by_owner.unwrap_or(false),
            notes: None,
            rejection_reason: None,
            updated: cx.now,
            states: vec![(DelegationState::Unassigned, cx.now)],
        };
        announce(&request, cx.now);
        cx.account.put(request)?;
        let console_deep_link = format!("https://console.aws.amazon.com/iam/home#/temporary-delegation-requests/{id}");
        Ok(CreateDelegationRequestResult { console_deep_link, delegation_request_id: id })
    }
}

fn must_be_topic(channel: &str) -> Result<()> {
    let topic = ArnParts::parse(channel).filter(|arn| arn.service == "sns" && arn.account_id().is_some());
    topic
        .map(drop)
        .ok_or_else(|| invalid(format!("The notification channel {channel} is not the ARN of an SNS topic.")))
}

fn forget_the_expired(cx: &mut Transaction<'_>) {
    let forgotten = cx.account.delegation_requests.iter().filter(|request| request.is_forgotten(cx.now));
    let forgotten: Vec<_> = forgotten.map(|request| request.key()).collect();
    forgotten.iter().for_each(|key| cx.account.remove::<DelegationRequest>(key));
}

impl<A: AccountRef> Context<'_, A> {
    /// The caller as the owner of delegation requests.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the caller is gone.
    pub fn calling_owner(&self) -> Result<DelegationOwner> {
        let own = self.account_of(self.caller.account);
        let own = own.ok_or_else(|| Error::internal("the caller's account is gone"))?;
        Ok(DelegationOwner { arn: self.caller.arn(own)?, user_id: self.caller.user_id() })
    }
}

impl Transaction<'_> {
    /// Changes a delegation request, and announces what became of it.
    ///
    /// # Errors
    /// `NoSuchEntity`, also for a request that is for another account, and what `change` returns.
    pub fn change_delegation_request(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut DelegationRequest) -> Result<()>,
    ) -> Result<()> {
        let mut request = self.account.delegation_request(id, self.now)?.clone();
        if request.account_seen_by(self.caller.account) != self.caller.account {
            return Err(Error::missing(Kind::DelegationRequest, id));
        }
        change(&mut request)?;
        announce(&request, self.now);
        self.account.put(request)
    }
}

/// Makes the caller the owner of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateDelegationRequest {
    delegation_request_id: DelegationRequestId,
}

impl Operation for AssociateDelegationRequest {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Command for AssociateDelegationRequest {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let (owner, account, now) = (cx.calling_owner()?, cx.caller.account, cx.now);
        cx.change_delegation_request(&self.delegation_request_id, |request| {
            request.advance(&[DelegationState::Unassigned], DelegationState::Assigned, now)?;
            request.owner_account = Some(account);
            request.owner = Some(owner);
            Ok(())
        })
    }
}

/// Describes a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetDelegationRequest {
    delegation_request_id: DelegationRequestId,
    delegation_permission_check: Option<bool>,
}

/// What `GetDelegationRequest` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetDelegationRequestResult {
    delegation_request: DelegationRequestShape,
    permission_check_status: Option<&'static str>,
    permission_check_result: Option<PermissionCheck>,
}

impl Operation for GetDelegationRequest {
    type Output = GetDelegationRequestResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::DelegationRequest(Some(&self.delegation_request_id)))
    }
}

impl Query for GetDelegationRequest {
    fn answer(self, cx: &View<'_>) -> Result<GetDelegationRequestResult> {
        let request = cx.account.delegation_request(&self.delegation_request_id, cx.now)?;
        let wanted = self.delegation_permission_check == Some(true);
        let result = wanted.then(|| check(cx, &compiled(&request.policy)?)).transpose()?;
        Ok(GetDelegationRequestResult {
            delegation_request: DelegationRequestShape::of(request, cx.now)?,
            permission_check_status: result.map(|_| "COMPLETE"),
            permission_check_result: result,
        })
    }
}

/// Lists the requests that have an owner in the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegationRequests {
    owner_id: Option<OwnerId>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

/// What `ListDelegationRequests` answers. Its one name in small letters is AWS's.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDelegationRequestsResult {
    delegation_requests: Vec<DelegationRequestShape>,
    marker: Option<String>,
    #[serde(rename = "isTruncated")]
    is_truncated: bool,
}

impl Operation for ListDelegationRequests {
    type Output = ListDelegationRequestsResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::any().key("iam:DelegationRequestOwner", self.owner_id.as_deref())
    }

    /// A caller who names no owner needs permission for each one whose requests are listed.
    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
        if self.owner_id.is_some() {
            return Access::free();
        }
        let owners: BTreeSet<&str> = owned_requests(cx).map(|(owner, _)| owner.arn.as_str()).collect();
        owners.into_iter().fold(Access::free(), |access, owner| {
            access.also("iam:ListDelegationRequests", Target::Any).key("iam:DelegationRequestOwner", Some(owner))
        })
    }
}

impl Query for ListDelegationRequests {
    fn answer(self, cx: &View<'_>) -> Result<ListDelegationRequestsResult> {
        let account = cx.caller.account;
        let mut owned: Vec<(String, &DelegationRequest)> = Vec::new();
        for (owner, request) in owned_requests(cx) {
            if self.owner_id.as_ref().is_none_or(|wanted| *owner.arn == **wanted) {
                owned.push((format!("{:020} {}", request.created().seconds(), request.id), request));
            }
        }
        if let Some(owner) = self.owner_id.as_deref().filter(|_| owned.is_empty()) {
            must_be_owner(cx, owner)?;
        }
        owned.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let listing = format!("ListDelegationRequests {account}");
        let paging = Paging(&self.marker, &self.max_items);
        let after = paging.after(&listing, cx)?;
        let owned = owned.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page = paging.page(&listing, "DelegationRequests", owned, cx);
        let shapes = page.members.into_iter().map(|request| DelegationRequestShape::of(request, cx.now));
        let delegation_requests = shapes.collect::<Result<_>>()?;
        Ok(ListDelegationRequestsResult {
            delegation_requests,
            is_truncated: page.marker.is_some(),
            marker: page.marker,
        })
    }
}

/// The requests that belong to the caller's account and have an owner, with their owners.
fn owned_requests<'a>(
    cx: &'a Context<'_, impl AccountRef>,
) -> impl Iterator<Item = (&'a DelegationOwner, &'a DelegationRequest)> {
    let account = cx.caller.account;
    let requests = cx.account.delegation_requests.iter().map(|request| &**request);
    requests
        .filter(move |request| !request.is_forgotten(cx.now) && request.owner_account == Some(account))
        .filter_map(|request| Some((request.owner.as_ref()?, request)))
}

/// Refuses an owner that is not of the caller's account, and users and roles that do not exist.
fn must_be_owner(cx: &Context<'_, impl AccountRef>, owner: &str) -> Result<()> {
    let parts = ArnParts::parse(owner).filter(|parts| parts.account_id() == Some(cx.caller.account));
    let parts = parts.ok_or_else(|| invalid(format!("{owner} is not the ARN of an identity of this account.")))?;
    let Some(own) = cx.account_of(cx.caller.account) else { return Ok(()) };
    if let Some((_, name)) = parts.path_and_name(Kind::User) {
        own.find::<User>(name)?;
    }
    if let Some((_, name)) = parts.path_and_name(Kind::Role) {
        own.find::<Role>(name)?;
    }
    Ok(())
}

operations!(
    IAM:
    query GetDelegationRequest, ListDelegationRequests;
    command AssociateDelegationRequest, CreateDelegationRequest
);
