//! What a principal did, by the events of its account.

use std::collections::BTreeSet;

use super::event::Event;
use super::generate::Seen;
use crate::account::Trail;
use crate::shapes::{AccountId, Timestamp};

/// Whose calls are wanted, and which.
#[derive(Clone, Debug)]
pub struct ActivityQuery {
    /// The account of the principal.
    pub account: AccountId,
    /// The ARN of a user or role.
    pub principal: String,
    /// The earliest time.
    pub start: Timestamp,
    /// The latest time.
    pub end: Timestamp,
    /// Only what one of these trails has delivered; `None` for all.
    pub trails: Option<Vec<OfTrail>>,
}

/// The events of a trail.
#[derive(Clone, Debug)]
pub struct OfTrail {
    /// The trail.
    pub trail: Trail,
    /// Only those of these regions; `None` for all.
    pub regions: Option<Vec<String>>,
}

/// What a principal did.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// The actions, each once on a resource.
    seen: Vec<(String, String)>,
    /// How many calls there were.
    pub calls: usize,
    /// Whether all events were looked at, and not only the newest.
    pub is_complete: bool,
}

impl Activity {
    /// Adds an event, if it is wanted.
    pub fn add(&mut self, query: &ActivityQuery, event: &Event) {
        if event.is_by(&query.principal) && event.was_allowed() && query.has(event) {
            self.calls += 1;
            self.seen.extend(event.asked.iter().map(|asked| (asked.action.clone(), asked.resource.clone())));
        }
    }

    /// Keeps each action on a resource once.
    pub fn shrink(&mut self) {
        self.seen.sort_unstable();
        self.seen.dedup();
    }

    /// The calls to generate a policy from.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.iter().cloned();
        seen.map(|(action, resource)| Seen { action, resource, keys: Vec::new() }).collect()
    }
}

/// What the principals of an account asked for.
#[derive(Clone, Debug, Default)]
pub struct RecordedRequests {
    /// Each once.
    pub requests: BTreeSet<RecordedRequest>,
    /// Whether all events were looked at, and not only the newest.
    pub is_complete: bool,
}

/// What a principal asked for, whatever came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedRequest {
    /// The ARN of a user, or of the role whose session called.
    pub principal: String,
    /// The action, such as `iam:GetUser`.
    pub action: String,
    /// The resource: an ARN, or `*`.
    pub resource: String,
    /// The region that was called.
    pub region: String,
    /// The client's address, or the service that called.
    pub source: String,
}

impl RecordedRequests {
    /// Adds what an event shows of a user or role.
    pub fn add(&mut self, event: &Event) {
        let issuer = event.identity.session.as_ref().and_then(|session| session.issuer.as_ref());
        let principal = issuer.map(|issuer| &issuer.arn).or(event.identity.arn.as_ref());
        let Some(principal) = principal.filter(|arn| arn.contains(":user/") || arn.contains(":role/")) else { return };
        self.requests.extend(event.asked.iter().map(|asked| RecordedRequest {
            principal: principal.clone(),
            action: asked.action.clone(),
            resource: asked.resource.clone(),
            region: event.region.clone(),
            source: event.source.clone(),
        }));
    }
}

impl ActivityQuery {
    fn has(&self, event: &Event) -> bool {
        self.trails.as_ref().is_none_or(|trails| trails.iter().any(|of| of.has(event)))
    }
}

impl OfTrail {
    /// Whether the trail has delivered the event: it logs or logged then.
    fn has(&self, event: &Event) -> bool {
        let began = self.trail.started.is_some_and(|started| started <= event.time);
        let ended = !self.trail.logging && self.trail.stopped.is_none_or(|stopped| stopped < event.time);
        let is_of_region = self.regions.as_ref().is_none_or(|regions| regions.contains(&event.region));
        began && !ended && is_of_region && event.is_wanted_by(&self.trail)
    }
}

impl Event {
    /// Whether a principal made the call, itself or by a session.
    fn is_by(&self, principal: &str) -> bool {
        let issuer = self.identity.session.as_ref().and_then(|session| session.issuer.as_ref());
        self.identity.arn.as_deref() == Some(principal) || issuer.is_some_and(|issuer| issuer.arn == principal)
    }

    /// Whether the call had all the permissions that it asked for, whatever came of it.
    fn was_allowed(&self) -> bool {
        let is_refused = self.failure.as_ref().is_some_and(|failure| failure.code.starts_with("AccessDenied"));
        self.denial.is_none() && !is_refused
    }
}
