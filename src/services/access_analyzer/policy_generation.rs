//! Policies generated from what a principal did, by the events of the audit trail.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::forms::{by_service, with_placeholders};
use super::validate_policy::invalid;
use crate::account::{GenerationEvents, GenerationTrailEvents, PolicyGeneration, Role, User};
use crate::audit::generate::{GenerateError, Style, generate};
use crate::audit::{Activity, ActivityQuery, OfTrail};
use crate::call::{Access, AccountRef, Command, Context, Inquiry, Operation, Target, Transaction, View, operations};
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

/// Why a job failed: AWS's code and a sentence.
struct JobFailure(&'static str, String);

impl StartPolicyGeneration {
    /// Whose calls are wanted, and the events as the request names them.
    fn query(&self, cx: &Context<'_, impl AccountRef>) -> Result<(ActivityQuery, Option<GenerationEvents>)> {
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
        let oldest = cx.now.plus(-RETENTION_SECONDS);
        let events = self.cloud_trail_details.as_ref().map(|details| details.events(cx.now)).transpose()?;
        let query = ActivityQuery {
            account: cx.account.id,
            principal: principal.to_owned(),
            start: events.as_ref().map_or(oldest, |events| events.start.max(oldest)),
            end: events.as_ref().map_or(cx.now, |events| events.end),
            trails: events.as_ref().map(|events| {
                let of_trail = |named: &GenerationTrailEvents| {
                    let regions = named.regions.clone().filter(|_| named.all_regions != Some(true));
                    Some(OfTrail { trail: cx.account.trail(&named.arn)?.clone(), regions })
                };
                events.trails.iter().filter_map(of_trail).collect()
            }),
        };
        Ok((query, events))
    }

    /// What keeps the job from its events.
    fn obstacle(&self, cx: &Context<'_, impl AccountRef>) -> Option<JobFailure> {
        let details = self.cloud_trail_details.as_ref()?;
        let role = details.access_role.as_str();
        if cx.account.role(role).is_none() {
            let message = format!("The access role {role} cannot be assumed.");
            return Some(JobFailure("AUTHORIZATION_ERROR", message));
        }
        let missing = details.trails.iter().find(|trail| cx.account.trail(&trail.cloud_trail_arn).is_none())?;
        let message = format!("The trail {} cannot be found.", missing.cloud_trail_arn);
        Some(JobFailure("RESOURCE_NOT_FOUND_ERROR", message))
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
        Ok(GenerationEvents { trails: trails.collect(), start, end })
    }
}

fn time(field: &str, text: &str) -> Result<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc().into())
        .map_err(|_| invalid(field, "is not a time such as 2030-01-01T00:00:00Z".to_owned()))
}

impl PolicyGeneration {
    /// Fills in what comes of the activity of the principal.
    fn finish(&mut self, activity: Option<&Activity>, cx: &Transaction<'_>) -> std::result::Result<(), JobFailure> {
        let off = || JobFailure("SERVICE_ERROR", "iamd was started with --audit off: there are no events.".to_owned());
        let activity = activity.ok_or_else(off)?;
        self.is_complete = activity.is_complete;
        let seen = activity.seen();
        self.policies = match generate(&self.principal, &seen, Style::default()) {
            Ok(policies) => policies,
            Err(GenerateError::Nothing(_)) => Vec::new(),
            Err(error @ GenerateError::TooMany { .. }) => {
                return Err(JobFailure("SERVICE_QUOTA_EXCEEDED_ERROR", error.to_string()));
            }
            Err(error) => {
                tracing::error!(%error, "no policy was made");
                return Err(JobFailure("SERVICE_ERROR", "The policy could not be generated.".to_owned()));
            }
        };
        self.with_placeholders = with_placeholders(&seen, cx.account.id.partition());
        self.by_service = by_service(&seen);
        Ok(())
    }
}

impl Operation for StartPolicyGeneration {
    type Output = StartedGeneration;

    const ERRORS: &'static [Code] = &[Code::ConflictException, Code::ValidationException];
    const FETCHES: bool = true;
    const COMPUTES: bool = true;
    const REPORTS: bool = true;
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

    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>> {
        let (query, _) = self.query(cx)?;
        Ok(Some(Inquiry::Activity(query)).filter(|_| self.obstacle(cx).is_none()))
    }
}

impl Command for StartPolicyGeneration {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<StartedGeneration> {
        let (query, events) = self.query(cx)?;
        let client_token = self.client_token.clone().map(|token| (token, self.fingerprint()));
        if let Some((token, fingerprint)) = &client_token {
            let mut kept = cx.account.kept_policy_generations(cx.now);
            let same = kept.find(|kept| kept.client_token.as_ref().is_some_and(|(kept, _)| kept == token));
            if let Some(same) = same {
                if same.client_token.as_ref().is_some_and(|(_, kept)| kept == fingerprint) {
                    return Ok(StartedGeneration { job_id: same.id.clone() });
                }
                let error = Error::new(Code::ConflictException, "The client token was used with other parameters.");
                let resource = json!("PolicyGeneration");
                return Err(error.with("resourceId", json!(same.id)).with("resourceType", resource));
            }
        }
        let mut generation = PolicyGeneration {
            id: cx.ids.uuid().to_string(),
            principal: query.principal,
            client_token,
            events,
            started: cx.now,
            status: GenerationStatus::Succeeded,
            failure: None,
            is_complete: false,
            policies: Vec::new(),
            with_placeholders: None,
            by_service: None,
        };
        let activity = cx.fetched.and_then(|fetched| fetched.activity());
        let finished = match self.obstacle(cx) {
            Some(obstacle) => Err(obstacle),
            None => generation.finish(activity, cx),
        };
        if let Err(JobFailure(code, message)) = finished {
            generation.status = GenerationStatus::Failed;
            generation.failure = Some((code.to_owned(), message));
        }
        let job_id = generation.id.clone();
        cx.account.forget_policy_generations(cx.now);
        cx.account.put(generation)?;
        Ok(StartedGeneration { job_id })
    }
}

operations!(ACCESS_ANALYZER: command StartPolicyGeneration);
