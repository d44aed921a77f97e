//! The jobs that generate policies from what a principal did, started and canceled.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::validate_policy::invalid;
use crate::account::{GenerationEvents, GenerationTrailEvents, PolicyGeneration, Role, User};
use crate::call::{Access, Command, Operation, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    ArnParts, GenerationPrincipal, GenerationRole, GenerationStatus, GenerationTrail, Kind, Timestamp,
};
use crate::store::RETENTION_SECONDS;
use crate::wire::Http;

/// The most characters of a client token, and of a request that is remembered with it.
const MAX_TOKEN: usize = 2048;

/// Generates a policy for a principal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartPolicyGeneration {
    policy_generation_details: PolicyGenerationDetails,
    cloud_trail_details: Option<CloudTrailDetails>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyGenerationDetails {
    principal_arn: GenerationPrincipal,
}

/// Which events count.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloudTrailDetails {
    trails: Vec<TrailEvents>,
    access_role: GenerationRole,
    start_time: String,
    end_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrailEvents {
    cloud_trail_arn: GenerationTrail,
    regions: Option<Vec<String>>,
    all_regions: Option<bool>,
}

/// The job that was started.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedGeneration {
    job_id: String,
}

/// Ends a generation that is under way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelPolicyGeneration {
    job_id: String,
}

/// Nothing.
#[derive(Serialize)]
pub struct Canceled {}

impl StartPolicyGeneration {
    /// Refuses what cannot be generated.
    fn check(&self, cx: &Transaction<'_>) -> Result<()> {
        let principal = self.policy_generation_details.principal_arn.as_str();
        let parts = ArnParts::parse(principal).filter(|parts| parts.account_id() == Some(cx.account.id));
        let exists = parts.is_some_and(|parts| match parts.path_and_name(Kind::User) {
            Some((_, name)) => cx.account.get::<User>(name).is_some(),
            None => parts.path_and_name(Kind::Role).is_some_and(|(_, name)| cx.account.get::<Role>(name).is_some()),
        });
        if !exists {
            return Err(invalid("principalArn", "names no user or role of this account".to_owned()));
        }
        if self.client_token.as_ref().is_some_and(|token| token.chars().count() > MAX_TOKEN) {
            return Err(invalid("clientToken", format!("must have at most {MAX_TOKEN} characters")));
        }
        Ok(())
    }

    /// What a request with the same token must be like.
    fn fingerprint(&self) -> String {
        let details = self.cloud_trail_details.as_ref();
        let trails = details.iter().flat_map(|details| &details.trails);
        let trails: Vec<_> = trails.map(|of| (of.cloud_trail_arn.as_str(), &of.regions, of.all_regions)).collect();
        let times = details.map(|details| (details.access_role.as_str(), &details.start_time, &details.end_time));
        json!([self.policy_generation_details.principal_arn.as_str(), trails, times]).to_string()
    }
}

impl CloudTrailDetails {
    fn events(&self, now: Timestamp) -> Result<GenerationEvents> {
        let start = time("startTime", &self.start_time)?;
        let end = self.end_time.as_deref().map_or(Ok(now), |text| time("endTime", text))?;
        if self.trails.is_empty() {
            return Err(invalid("trails", "must have at least one member".to_owned()));
        }
        if end <= start {
            return Err(invalid("startTime", "must be before endTime".to_owned()));
        }
        if end.seconds().saturating_sub(start.seconds()) > RETENTION_SECONDS {
            return Err(invalid("startTime", "must be at most 90 days before endTime".to_owned()));
        }
        let trails = self.trails.iter().map(|of| GenerationTrailEvents {
            arn: of.cloud_trail_arn.to_string(),
            regions: of.regions.clone(),
            all_regions: of.all_regions,
        });
        Ok(GenerationEvents { trails: trails.collect(), access_role: Some(self.access_role.to_string()), start, end })
    }
}

fn time(field: &str, text: &str) -> Result<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc().into())
        .map_err(|_| invalid(field, "is not a time such as 2030-01-01T00:00:00Z".to_owned()))
}

impl Operation for StartPolicyGeneration {
    type Output = StartedGeneration;

    const ERRORS: &'static [Code] = &[Code::ConflictException, Code::ServiceQuotaExceeded, Code::ValidationException];
    const STARTS_JOBS: bool = true;
    const HTTP: Option<Http> = Some(Http { method: "PUT", path: "/policy/generation", query: &[] });

    /// The role that reads the events is handed to Access Analyzer.
    fn access(&self) -> Access<'_> {
        match &self.cloud_trail_details {
            None => Access::any(),
            Some(details) => Access::any()
                .also("iam:PassRole", Target::Arn(details.access_role.as_str().into()))
                .key("iam:PassedToService", Some("access-analyzer.amazonaws.com")),
        }
    }
}

impl Command for StartPolicyGeneration {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<StartedGeneration> {
        self.check(cx)?;
        let events = self.cloud_trail_details.as_ref().map(|details| details.events(cx.now)).transpose()?;
        let client_token = self.client_token.clone().map(|token| (token, self.fingerprint()));
        if let Some((token, fingerprint)) = &client_token {
            let mut kept = cx.account.kept_policy_generations(cx.now);
            let same = kept.find(|kept| kept.client_token.as_ref().is_some_and(|(kept, _)| kept == token));
            if let Some(same) = same {
                if same.client_token.as_ref().is_some_and(|(_, kept)| kept == fingerprint) {
                    return Ok(StartedGeneration { job_id: same.id.clone() });
                }
                let error = Error::new(Code::ConflictException, "The client token was used with other parameters.");
                return Err(about(error, &same.id));
            }
        }
        let generator = &cx.environment.generator;
        // One of an account is under way at a time (IAM User Guide, "IAM Access Analyzer quotas").
        if let Some(earlier) = cx.account.policy_generations.iter().find(|kept| kept.is_under_way(cx.now, generator)) {
            let message = "No more than 1 policy generation can be in progress at a time.";
            return Err(about(Error::new(Code::ServiceQuotaExceeded, message), &earlier.id));
        }
        let generation = PolicyGeneration {
            id: cx.ids.uuid().to_string(),
            principal: self.policy_generation_details.principal_arn.to_string(),
            client_token,
            events,
            started: cx.now,
            completed: None,
            run: Some(generator.run.clone()),
            status: GenerationStatus::InProgress,
            failure: None,
            is_complete: false,
            policies: Vec::new(),
            with_placeholders: None,
            by_service: None,
        };
        let job_id = generation.id.clone();
        cx.account.forget_policy_generations(cx.now);
        cx.account.put(generation)?;
        Ok(StartedGeneration { job_id })
    }
}

/// The error with the generation that it is about.
fn about(error: Error, id: &str) -> Error {
    error.with("resourceId", json!(id)).with("resourceType", json!("PolicyGeneration"))
}

impl Operation for CancelPolicyGeneration {
    type Output = Canceled;

    const ERRORS: &'static [Code] = &[Code::ValidationException];
    const STARTS_JOBS: bool = true;
    const HTTP: Option<Http> = Some(Http { method: "PUT", path: "/policy/generation/{jobId}", query: &[] });

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for CancelPolicyGeneration {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<Canceled> {
        let generation = cx.generation(&self.job_id)?.clone();
        if !generation.is_under_way(cx.now, &cx.environment.generator) {
            return Err(invalid("jobId", format!("names a policy generation that has ended: {}", generation.id)));
        }
        let status = GenerationStatus::Canceled;
        cx.account.put(PolicyGeneration { status, completed: Some(cx.now), ..generation })?;
        Ok(Canceled {})
    }
}

operations!(ACCESS_ANALYZER: command CancelPolicyGeneration, StartPolicyGeneration);
