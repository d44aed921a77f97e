//! The work of a job that generates a policy: which events it reads, and what comes of them.

use super::forms::{by_service, with_placeholders};
use crate::account::{Account, GenerationTrailEvents, PolicyGeneration};
use crate::audit::generate::{GenerateError, Style, generate};
use crate::audit::{Activity, ActivityQuery, OfTrail};
use crate::shapes::Partition;
use crate::store::RETENTION_SECONDS;

/// Why a job failed: AWS's code and a sentence.
pub struct JobFailure(pub &'static str, pub String);

/// The failure for which only the log has the reason.
pub fn failed() -> JobFailure {
    JobFailure("SERVICE_ERROR", "The policy could not be generated.".to_owned())
}

/// The failure of a server without an audit trail.
pub fn without_events() -> JobFailure {
    JobFailure("SERVICE_ERROR", "iamd was started with --audit off: there are no events.".to_owned())
}

/// The events that a policy is generated from.
///
/// # Errors
/// When the role that reads them or one of the trails is missing.
pub fn query(account: &Account, generation: &PolicyGeneration) -> Result<ActivityQuery, JobFailure> {
    let oldest = generation.started.plus(-RETENTION_SECONDS);
    let everything = ActivityQuery {
        account: account.id,
        principal: generation.principal.clone(),
        start: oldest,
        end: generation.started,
        trails: None,
    };
    let Some(events) = &generation.events else { return Ok(everything) };
    if let Some(role) = events.access_role.as_deref().filter(|role| account.role(role).is_none()) {
        return Err(JobFailure("AUTHORIZATION_ERROR", format!("The access role {role} cannot be assumed.")));
    }
    let of_trail = |named: &GenerationTrailEvents| {
        let missing = || JobFailure("RESOURCE_NOT_FOUND_ERROR", format!("The trail {} cannot be found.", named.arn));
        let trail = account.trail(&named.arn).ok_or_else(missing)?.clone();
        Ok(OfTrail { trail, regions: named.regions.clone().filter(|_| named.all_regions != Some(true)) })
    };
    let trails = events.trails.iter().map(of_trail).collect::<Result<_, _>>()?;
    Ok(ActivityQuery { start: events.start.max(oldest), end: events.end, trails: Some(trails), ..everything })
}

/// Fills in the policies for what the principal did.
///
/// # Errors
/// When there is too much for one policy.
pub fn fill_in(generation: &mut PolicyGeneration, activity: &Activity, partition: Partition) -> Result<(), JobFailure> {
    generation.is_complete = activity.is_complete;
    let seen = activity.seen();
    generation.policies = match generate(&generation.principal, &seen, Style::default()) {
        Ok(policies) => policies,
        Err(GenerateError::Nothing(_)) => Vec::new(),
        Err(error @ GenerateError::TooMany { .. }) => {
            return Err(JobFailure("SERVICE_QUOTA_EXCEEDED_ERROR", error.to_string()));
        }
        Err(error) => {
            tracing::error!(%error, "no policy was generated");
            return Err(failed());
        }
    };
    generation.with_placeholders = with_placeholders(&seen, partition);
    generation.by_service = by_service(&seen);
    Ok(())
}
