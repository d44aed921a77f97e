//! Who is calling.

use serde::{Deserialize, Serialize};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};

/// Returns the caller's identity.
#[derive(Deserialize)]
pub struct GetCallerIdentity {}

/// What `GetCallerIdentity` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityResult {
    user_id: String,
    account: String,
    arn: String,
}

impl Operation for GetCallerIdentity {
    type Output = GetCallerIdentityResult;

    const ERRORS: &'static [Code] = &[];

    fn access(&self) -> Access<'_> {
        Access::free()
    }
}

impl Query for GetCallerIdentity {
    fn answer(self, cx: &View<'_>) -> Result<GetCallerIdentityResult> {
        Ok(GetCallerIdentityResult {
            user_id: cx.caller.user_id(),
            account: cx.caller.account.to_string(),
            arn: cx.caller.arn(cx.account)?,
        })
    }
}

operations!(STS: query GetCallerIdentity);
