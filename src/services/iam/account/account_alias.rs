//! The account's alias. The store refuses one that another account has, as it alone sees all accounts. Creating a second one replaces the first without a word, as AWS
//! does.

use serde::Deserialize;

use crate::call::{Access, Command, Listing, Members, Operation, Paging, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountAlias, Marker, MaxItems};

/// Gives the account an alias.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccountAlias {
    account_alias: AccountAlias,
}

impl Operation for CreateAccountAlias {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::EntityAlreadyExists, Code::LimitExceeded, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for CreateAccountAlias {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_settings(|settings| {
            settings.alias = Some(self.account_alias.into());
            Ok(())
        })
    }
}

/// Takes the account's alias away.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccountAlias {
    account_alias: AccountAlias,
}

impl Operation for DeleteAccountAlias {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for DeleteAccountAlias {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_settings(|settings| {
            if settings.alias.as_deref() != Some(self.account_alias.as_str()) {
                let message = format!("The account alias {} cannot be found.", self.account_alias);
                return Err(Error::new(Code::NoSuchEntity, message));
            }
            settings.alias = None;
            Ok(())
        })
    }
}

/// Lists the account's alias.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountAliases {
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListAccountAliases {
    type Item = String;

    const MEMBERS: &'static str = "AccountAliases";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, _: Option<&'a str>) -> Result<Members<'a, String>> {
        Ok(Box::new(cx.account.settings().alias.into_iter().map(|alias| (alias.clone(), alias))))
    }
}

operations!(IAM: query ListAccountAliases; command CreateAccountAlias, DeleteAccountAlias);
