//! Whose an access key is.

use serde::{Deserialize, Serialize};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AnyAccessKeyId, account_of_access_key};

/// Returns the account of an access key, be it active, inactive or deleted: the id contains it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfo {
    access_key_id: AnyAccessKeyId,
}

/// What `GetAccessKeyInfo` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoResult {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    type Output = GetAccessKeyInfoResult;

    const ERRORS: &'static [Code] = &[];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetAccessKeyInfo {
    fn answer(self, _: &View<'_>) -> Result<GetAccessKeyInfoResult> {
        let id = &*self.access_key_id;
        let is_key = id.starts_with("AKIA") || id.starts_with("ASIA");
        let account = account_of_access_key(id).filter(|_| is_key);
        let account = account.ok_or_else(|| Error::new(Code::ValidationError, format!("{id} is invalid")))?;
        Ok(GetAccessKeyInfoResult { account: account.to_string() })
    }
}

operations!(STS: query GetAccessKeyInfo);
