//! Checks of policies.

use iam_policy::Grammar;
use iam_policy::lint::{Location, Locations, Severity, lint};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::{Access, Operation, Query, View, operations, token_page};
use crate::catalogue::KnownServices;
use crate::error::{Code, Error, Result};
use crate::shapes::{AnalyzedDocument, AnalyzedPolicyType, AnalyzedResourceType, AnalyzerLocale, AnalyzerNextToken};
use crate::wire::{Http, QueryMember};

/// The findings of a page if the request does not say.
const DEFAULT_PAGE: i32 = 100;

/// The most findings of a page.
const MAX_PAGE: i32 = 1000;

/// Checks a policy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatePolicy {
    #[expect(dead_code, reason = "findings are in English only; the value is checked all the same")]
    locale: Option<AnalyzerLocale>,
    max_results: Option<i32>,
    next_token: Option<AnalyzerNextToken>,
    policy_document: AnalyzedDocument,
    policy_type: AnalyzedPolicyType,
    validate_policy_resource_type: Option<AnalyzedResourceType>,
}

/// What `ValidatePolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatePolicyResult {
    findings: Vec<FindingShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A finding in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingShape {
    finding_details: String,
    finding_type: Severity,
    issue_code: &'static str,
    learn_more_link: String,
    locations: [Location; 1],
}

impl Operation for ValidatePolicy {
    type Output = ValidatePolicyResult;

    const ERRORS: &'static [Code] = &[Code::ValidationException];
    const COMPUTES: bool = true;
    const HTTP: Option<Http> = Some(Http {
        method: "POST",
        path: "/policy/validation",
        query: &[QueryMember::Number("maxResults"), QueryMember::Text("nextToken")],
    });

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ValidatePolicy {
    fn answer(self, cx: &View<'_>) -> Result<ValidatePolicyResult> {
        let grammar = self.grammar()?;
        let size = self.max_results.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(invalid("maxResults", format!("must be between 1 and {MAX_PAGE}")));
        }
        let locations = Locations::new(&self.policy_document);
        let findings = lint(&self.policy_document, grammar, &KnownServices);
        let shapes = findings.into_iter().enumerate().map(|(index, finding)| {
            let shape = FindingShape {
                finding_type: finding.severity(),
                issue_code: finding.code.as_str(),
                learn_more_link: finding.code.link(),
                locations: [locations.of(&finding)],
                finding_details: finding.message,
            };
            (format!("{index:06}"), shape)
        });
        let page = token_page(cx, "ValidatePolicy", self.next_token.as_deref(), size, shapes)
            .ok_or_else(|| invalid("nextToken", "is not a token of this operation".to_owned()))?;
        Ok(ValidatePolicyResult { findings: page.members, next_token: page.next_token })
    }
}

impl ValidatePolicy {
    fn grammar(&self) -> Result<Grammar> {
        if self.validate_policy_resource_type.is_some() && self.policy_type != AnalyzedPolicyType::Resource {
            let message = "can only be used with the policy type RESOURCE_POLICY".to_owned();
            return Err(invalid("validatePolicyResourceType", message));
        }
        Ok(match self.policy_type {
            AnalyzedPolicyType::Identity => Grammar::Identity,
            AnalyzedPolicyType::Resource => match self.validate_policy_resource_type {
                Some(AnalyzedResourceType::AssumeRolePolicyDocument) => Grammar::Trust,
                _ => Grammar::Resource,
            },
            AnalyzedPolicyType::ServiceControl => Grammar::ServiceControl,
            AnalyzedPolicyType::ResourceControl => Grammar::ResourceControl,
        })
    }
}

pub(super) fn invalid(field: &str, message: String) -> Error {
    let error = Error::new(Code::ValidationException, format!("{field} {message}"));
    let fields = json!([{"name": field, "message": message}]);
    error.with("reason", json!("fieldValidationFailed")).with("fieldList", fields)
}

operations!(ACCESS_ANALYZER: query ValidatePolicy);
