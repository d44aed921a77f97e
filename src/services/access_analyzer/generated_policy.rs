//! Generated policies: returned and listed.

use serde::{Deserialize, Serialize};

use super::validate_policy::invalid;
use crate::account::{GenerationTrailEvents, PolicyGeneration};
use crate::call::{Access, AccountRef, Context, Operation, Query, View, operations, token_page};
use crate::error::{Code, Result};
use crate::shapes::{AnalyzerNextToken, GenerationPrincipal, GenerationStatus, GenerationsPageSize};
use crate::wire::{Http, QueryMember};

/// The members of a page if the request does not say.
const DEFAULT_PAGE: i32 = 100;

/// Returns a generated policy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetGeneratedPolicy {
    job_id: String,
    include_resource_placeholders: Option<bool>,
    include_service_level_template: Option<bool>,
}

/// A generated policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedPolicy {
    job_details: JobDetails,
    generated_policy_result: GeneratedPolicyResult,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobDetails {
    job_id: String,
    status: GenerationStatus,
    started_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_error: Option<JobError>,
}

#[derive(Serialize)]
struct JobError {
    code: String,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedPolicyResult {
    properties: GeneratedPolicyProperties,
    generated_policies: Vec<PolicyText>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedPolicyProperties {
    is_complete: bool,
    principal_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_trail_properties: Option<CloudTrailProperties>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CloudTrailProperties {
    trail_properties: Vec<TrailProperties>,
    start_time: String,
    end_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrailProperties {
    cloud_trail_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_regions: Option<bool>,
}

#[derive(Serialize)]
struct PolicyText {
    policy: String,
}

/// Lists the generations of the last seven days, the newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPolicyGenerations {
    principal_arn: Option<GenerationPrincipal>,
    max_results: Option<GenerationsPageSize>,
    next_token: Option<AnalyzerNextToken>,
}

/// A page of generations.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedGenerations {
    policy_generations: Vec<GenerationShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationShape {
    job_id: String,
    principal_arn: String,
    status: GenerationStatus,
    started_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_on: Option<String>,
}

impl<A: AccountRef> Context<'_, A> {
    pub(super) fn generation(&self, id: &str) -> Result<&PolicyGeneration> {
        let found = self.account.policy_generation(id, self.now);
        found.ok_or_else(|| invalid("jobId", "names no policy generation of the last seven days".to_owned()))
    }

    /// What has become of a generation, and why: the server that was at it may be gone.
    fn standing(&self, generation: &PolicyGeneration) -> (GenerationStatus, Option<JobError>) {
        if generation.was_interrupted(self.now, &self.environment.generator) {
            let message = "The server stopped while it generated the policy. Start the generation again.".to_owned();
            return (GenerationStatus::Failed, Some(JobError { code: "SERVICE_ERROR".to_owned(), message }));
        }
        let failure = generation.failure.clone().map(|(code, message)| JobError { code, message });
        (generation.status, failure)
    }
}

impl Operation for GetGeneratedPolicy {
    type Output = GeneratedPolicy;

    const ERRORS: &'static [Code] = &[Code::ValidationException];
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/policy/generation/{jobId}",
        query: &[
            QueryMember::Boolean("includeResourcePlaceholders"),
            QueryMember::Boolean("includeServiceLevelTemplate"),
        ],
    });

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetGeneratedPolicy {
    fn answer(self, cx: &View<'_>) -> Result<GeneratedPolicy> {
        let generation = cx.generation(&self.job_id)?;
        let mut policies = match (&generation.with_placeholders, self.include_resource_placeholders) {
            (Some(policy), Some(true)) => vec![policy.clone()],
            _ => generation.policies.clone(),
        };
        if self.include_service_level_template == Some(true) {
            policies.extend(generation.by_service.clone());
        }
        let properties = generation.events.as_ref().map(|events| CloudTrailProperties {
            trail_properties: events.trails.iter().map(TrailProperties::of).collect(),
            start_time: events.start.to_string(),
            end_time: events.end.to_string(),
        });
        let (status, job_error) = cx.standing(generation);
        Ok(GeneratedPolicy {
            job_details: JobDetails {
                job_id: generation.id.clone(),
                status,
                started_on: generation.started.to_string(),
                completed_on: generation.completed.map(|time| time.to_string()),
                job_error,
            },
            generated_policy_result: GeneratedPolicyResult {
                properties: GeneratedPolicyProperties {
                    is_complete: generation.is_complete,
                    principal_arn: generation.principal.clone(),
                    cloud_trail_properties: properties,
                },
                generated_policies: policies.into_iter().map(|policy| PolicyText { policy }).collect(),
            },
        })
    }
}

impl TrailProperties {
    fn of(events: &GenerationTrailEvents) -> Self {
        Self { cloud_trail_arn: events.arn.clone(), regions: events.regions.clone(), all_regions: events.all_regions }
    }
}

impl Operation for ListPolicyGenerations {
    type Output = ListedGenerations;

    const ERRORS: &'static [Code] = &[Code::ValidationException];
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/policy/generation",
        query: &[QueryMember::Text("principalArn"), QueryMember::Number("maxResults"), QueryMember::Text("nextToken")],
    });

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListPolicyGenerations {
    fn answer(self, cx: &View<'_>) -> Result<ListedGenerations> {
        let is_wanted = |generation: &&PolicyGeneration| {
            self.principal_arn.as_deref().is_none_or(|principal| generation.principal == principal)
        };
        let mut members: Vec<_> = cx
            .account
            .kept_policy_generations(cx.now)
            .filter(is_wanted)
            .map(|generation| {
                let shape = GenerationShape {
                    job_id: generation.id.clone(),
                    principal_arn: generation.principal.clone(),
                    status: cx.standing(generation).0,
                    started_on: generation.started.to_string(),
                    completed_on: generation.completed.map(|time| time.to_string()),
                };
                (format!("{:020} {}", i64::MAX - generation.started.seconds(), generation.id), shape)
            })
            .collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        let size = self.max_results.map_or(DEFAULT_PAGE, GenerationsPageSize::get);
        let page = token_page(cx, "ListPolicyGenerations", self.next_token.as_deref(), size, members.into_iter())
            .ok_or_else(|| invalid("nextToken", "is not a token of this operation".to_owned()))?;
        Ok(ListedGenerations { policy_generations: page.members, next_token: page.next_token })
    }
}

operations!(ACCESS_ANALYZER: query GetGeneratedPolicy, ListPolicyGenerations);
