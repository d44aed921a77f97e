//! New accounts. The answer comes before the account exists, as on AWS.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{add_tags, organizations_operation, refusal, shape};
use crate::account::{AccountCreation, CreationState, MAX_CREATIONS, Quota, Reference};
use crate::call::{Access, Command, Named, Need, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    AccountAccessRoleName, AccountEmail, AccountId, AccountRequestId, AccountRequestState, AccountRequestStates,
    BillingAccess, OrganizationsAccountName, OrganizationsNextToken, OrganizationsPageSize, OrganizationsTags, TagSet,
};

/// The role through which the management account reaches a new account.
const DEFAULT_ROLE: &str = "OrganizationAccountAccessRole";

/// What operations on a request for an account answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccountResult {
    create_account_status: Value,
}

/// Asks for a new account of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccount {
    email: AccountEmail,
    account_name: OrganizationsAccountName,
    role_name: Option<AccountAccessRoleName>,
    #[expect(dead_code, reason = "there are no bills; the parameter is checked all the same")]
    iam_user_access_to_billing: Option<BillingAccess>,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(CreateAccount -> CreateAccountResult, Management, |this| {
    Access::to(Target::Organization)
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
}, GOES_ON = true);

impl Command for CreateAccount {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateAccountResult> {
        cx.record()?;
        let role = self.role_name.map_or_else(|| DEFAULT_ROLE.to_owned(), String::from);
        if role.starts_with("AWSServiceRoleFor") || role.is_empty() {
            return Err(refusal::input("INVALID_ROLE_NAME", "You specified an invalid role name."));
        }
        let mut tags = TagSet::default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        if cx.account.referrers::<AccountCreation>(&Reference::Pending).count() >= MAX_CREATIONS {
            let message = "You have exceeded the number of accounts that can be created at the same time.";
            return Err(refusal::constraint("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", message));
        }
        let account = free_account(cx)?;
        let mut creation = AccountCreation {
            id: format!("car-{}", cx.ids.uuid().simple()),
            name: self.account_name.into(),
            email: self.email.into(),
            role,
            tags,
            requested: cx.now,
            account,
            state: CreationState::InProgress,
        };
        let answer = shape::creation(&creation);
        if let Some(reason) = failure(cx, &creation.email) {
            creation.state = CreationState::Failed(cx.now, reason.to_owned());
        }
        cx.account.put(creation)?;
        Ok(CreateAccountResult { create_account_status: answer })
    }
}

/// Asks for a new account and one of GovCloud (US) that belongs to it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGovCloudAccount {
    #[expect(dead_code, reason = "no account is made; the parameters are checked all the same")]
    email: AccountEmail,
    #[expect(dead_code, reason = "as above")]
    account_name: OrganizationsAccountName,
    #[expect(dead_code, reason = "as above")]
    role_name: Option<AccountAccessRoleName>,
    #[expect(dead_code, reason = "as above")]
    iam_user_access_to_billing: Option<BillingAccess>,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(CreateGovCloudAccount -> CreateAccountResult, Management, |this| {
    Access::to(Target::Organization)
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
});

impl Command for CreateGovCloudAccount {
    /// AWS refuses every management account that it has not paired with one of GovCloud, and here nobody can pair them.
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateAccountResult> {
        cx.record()?;
        add_tags(&mut TagSet::default(), self.tags.as_deref().unwrap_or_default())?;
        let message = "To complete this operation, the management account must have an associated account in the AWS \
                       GovCloud (US-West) Region.";
        Err(refusal::constraint("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", message))
    }
}

/// Why the account cannot be made, in AWS's word (`CreateAccountFailureReason`).
fn failure(cx: &Transaction<'_>, email: &str) -> Option<&'static str> {
    // AWS counts invitations as the accounts that they may bring.
    let under_way = cx.account.referrers::<AccountCreation>(&Reference::Pending).count();
    let count = cx.count_members() + under_way + cx.open_invitations().count();
    if cx.check_quota(Quota::AccountsPerOrganization, count).is_err() {
        return Some("ACCOUNT_LIMIT_EXCEEDED");
    }
    let others = || cx.organizations.iter().any(|organization| organization.has_email(email));
    (cx.account.has_account_email(email) || others()).then_some("EMAIL_ALREADY_EXISTS")
}

/// A number that no account of an organization has.
fn free_account(cx: &Transaction<'_>) -> Result<AccountId> {
    let partition = cx.account.id.partition();
    let numbers = (0..100).filter_map(|_| cx.ids.text(b"0123456789", 12).parse::<u64>().ok());
    // Numbers of eleven digits and fewer are what people use in tests.
    let numbers = numbers.filter(|number| *number >= 100_000_000_000).filter_map(AccountId::from_number);
    let mut free = numbers.map(|id| id.in_partition(partition)).filter(|id| cx.organizations.of(*id).is_none());
    free.next().ok_or_else(|| Error::internal("no number of an account is free"))
}

/// Shows how far the creation of an account is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeCreateAccountStatus {
    create_account_request_id: AccountRequestId,
}

organizations_operation!(DescribeCreateAccountStatus -> CreateAccountResult, Administrator, |_this| {
    Access::to(Target::Organization)
});

impl Query for DescribeCreateAccountStatus {
    fn answer(self, cx: &View<'_>) -> Result<CreateAccountResult> {
        cx.record()?;
        let creation = cx.account.account_creations.get(&self.create_account_request_id);
        let creation = creation.ok_or_else(|| refusal::missing(Code::CreateAccountStatusNotFound))?;
        Ok(CreateAccountResult { create_account_status: shape::creation(creation) })
    }
}

/// Lists the requests for accounts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListCreateAccountStatus {
    states: Option<AccountRequestStates>,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListCreateAccountStatus` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListCreateAccountStatusResult {
    create_account_statuses: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListCreateAccountStatus -> ListCreateAccountStatusResult, Administrator, |_this| {
    Access::to(Target::Organization)
});

impl Query for ListCreateAccountStatus {
    fn answer(self, cx: &View<'_>) -> Result<ListCreateAccountStatusResult> {
        cx.record()?;
        let state = |creation: &AccountCreation| match creation.state {
            CreationState::InProgress => AccountRequestState::InProgress,
            CreationState::Succeeded(_) => AccountRequestState::Succeeded,
            CreationState::Failed(..) => AccountRequestState::Failed,
        };
        let wanted = self.states.as_deref().unwrap_or_default();
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let creations = cx.account.account_creations.after(after);
            let creations = creations.filter(|(_, creation)| wanted.is_empty() || wanted.contains(&state(creation)));
            creations.map(|(id, creation)| (id.to_owned(), shape::creation(creation)))
        })?;
        Ok(ListCreateAccountStatusResult { create_account_statuses: page.members, next_token: page.next_token })
    }
}

operations!(
    ORGANIZATIONS:
    query DescribeCreateAccountStatus, ListCreateAccountStatus;
    command CreateAccount, CreateGovCloudAccount
);
