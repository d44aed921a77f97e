//! The accounts of an organization.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::{Access, Operation, Query, View, operations, token_page};
use crate::error::{Code, Error, Result};
use crate::organization::Organization;
use crate::shapes::{AccountId, OrganizationsNextToken, OrganizationsPageSize, Timestamp};

/// The members of a page if the request does not say.
const DEFAULT_PAGE: i32 = 20;

/// An account in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountShape {
    id: String,
    arn: String,
    email: String,
    name: String,
    status: &'static str,
    state: &'static str,
    paths: [String; 1],
    joined_method: &'static str,
    joined_timestamp: Timestamp,
}

impl AccountShape {
    fn of(id: AccountId, organization: &Organization, joined: Timestamp) -> Self {
        let path = organization.place(id).map(|place| place.path().to_owned()).unwrap_or_default();
        Self {
            id: id.to_string(),
            arn: organization.arn("account", Some(&id.to_string())),
            email: email(id),
            // The configuration has no names.
            name: id.to_string(),
            status: "ACTIVE",
            state: "ACTIVE",
            paths: [format!("{path}{id}/")],
            joined_method: if id == organization.management_account { "INVITED" } else { "CREATED" },
            joined_timestamp: joined,
        }
    }
}

/// The e-mail address of an account: the configuration has none.
pub(super) fn email(account: AccountId) -> String {
    format!("{account}@example.com")
}

/// Lists the accounts of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccounts {
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListAccounts` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountsResult {
    accounts: Vec<AccountShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListAccounts {
    type Output = ListAccountsResult;

    const ERRORS: &'static [Code] = &[Code::AWSOrganizationsNotInUse, Code::InvalidInputException];
    const ASKS_ORGANIZATION: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListAccounts {
    fn answer(self, cx: &View<'_>) -> Result<ListAccountsResult> {
        let organization = cx.overseen_organization()?;
        // All accounts that the configuration names have joined when their organization was made.
        let joined = cx.account_of(organization.management_account).map_or(cx.now, |account| account.created);
        let accounts = organization.accounts().map(|id| (id.to_string(), AccountShape::of(id, organization, joined)));
        let size = self.max_results.map_or(DEFAULT_PAGE, |max| max.get());
        let page = token_page(cx, "ListAccounts", self.next_token.as_deref(), size, accounts).ok_or_else(|| {
            let message = "You specified an invalid value for the NextToken parameter.";
            Error::new(Code::InvalidInputException, message).with("Reason", json!("INVALID_NEXT_TOKEN"))
        })?;
        Ok(ListAccountsResult { accounts: page.members, next_token: page.next_token })
    }
}

operations!(ORGANIZATIONS: query ListAccounts);
