//! A policy as it was when a request was denied.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authorization_details::sees;
use crate::call::{Access, Inquiry, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::wire::{Http, QueryMember};

/// The most characters of a policy's ARN or id.
const MAX_URI: usize = 2048;

/// Returns a policy that was looked at when a request was denied.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetRequestAuthorizationPolicy {
    authorization_id: String,
    policy_uri: String,
}

/// What `GetRequestAuthorizationPolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetRequestAuthorizationPolicyResult {
    policy_document: Value,
}

impl Operation for GetRequestAuthorizationPolicy {
    type Output = GetRequestAuthorizationPolicyResult;

    const ERRORS: &'static [Code] = &[Code::ResourceNotFound, Code::ValidationException];
    const FETCHES: bool = true;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/authorization-details/{authorizationId}/policy",
        query: &[QueryMember::Text("policyUri")],
    });

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn inquiry(&self, _: &View<'_>) -> Result<Option<Inquiry>> {
        if !(1..=MAX_URI).contains(&self.policy_uri.chars().count()) {
            let message = format!("policyUri must have from 1 to {MAX_URI} characters.");
            return Err(Error::new(Code::ValidationException, message));
        }
        super::inquiry(&self.authorization_id)
    }
}

impl Query for GetRequestAuthorizationPolicy {
    fn answer(self, cx: &View<'_>) -> Result<GetRequestAuthorizationPolicyResult> {
        let (details, sides) = super::fetched(cx)?;
        let is_meant =
            |policy: &&crate::audit::details::KeptPolicy| policy.uri == self.policy_uri && sees(sides, policy.kind);
        // What cannot be read is no document.
        let document =
            details.policies.iter().find(is_meant).and_then(|policy| serde_json::from_str(&policy.document).ok());
        let absent = || Error::new(Code::ResourceNotFound, "The policy was not found in the authorization details.");
        Ok(GetRequestAuthorizationPolicyResult { policy_document: document.ok_or_else(absent)? })
    }
}

operations!(IAM_TOOLBOX: query GetRequestAuthorizationPolicy);
