//! Policies that Access Analyzer generates from what a principal did.

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::shapes::{GenerationStatus, Timestamp};

/// How long generated policies are kept, in seconds: seven days (IAM Access Analyzer API reference,
/// "ListPolicyGenerations").
const RETENTION: i64 = 7 * 24 * 3600;

/// How long a generation may take, in seconds: one that takes longer was left by its server. It takes a few seconds at most.
const MAX_DURATION: i64 = 10 * 60;

/// The server that looks at generations.
#[derive(Clone, Debug)]
pub struct Generator {
    /// Names this run of the server.
    pub run: String,
    /// Whether other servers on the same database may generate policies, too.
    pub is_shared: bool,
}

/// One generation of a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyGeneration {
    /// A UUID.
    pub id: String,
    /// The ARN of the role or user.
    pub principal: String,
    /// What distinguishes its request from others, and the request itself.
    pub client_token: Option<(String, String)>,
    /// The events that it was generated from, if the request said which.
    pub events: Option<GenerationEvents>,
    /// When it was asked for.
    pub started: Timestamp,
    /// When it ended; absent while it is under way.
    #[serde(default)]
    pub completed: Option<Timestamp>,
    /// The run of a server that works on it.
    #[serde(default)]
    pub run: Option<String>,
    /// What became of it, as far as its server has said.
    pub status: GenerationStatus,
    /// Why it failed: code and message.
    pub failure: Option<(String, String)>,
    /// Whether all events of the time were looked at.
    pub is_complete: bool,
    /// The policies, as JSON.
    pub policies: Vec<String>,
    /// The policy with placeholders for resources.
    pub with_placeholders: Option<String>,
    /// The policy that names services only.
    pub by_service: Option<String>,
}

/// Which events a policy is generated from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationEvents {
    /// The trails.
    pub trails: Vec<GenerationTrailEvents>,
    /// The ARN of the role that reads the events.
    #[serde(default)]
    pub access_role: Option<String>,
    /// The earliest time.
    pub start: Timestamp,
    /// The latest time.
    pub end: Timestamp,
}

/// The events of a trail that a policy is generated from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationTrailEvents {
    /// The trail's ARN.
    pub arn: String,
    /// The regions, if the request names some.
    pub regions: Option<Vec<String>>,
    /// Whether all regions, if the request says.
    pub all_regions: Option<bool>,
}

impl PolicyGeneration {
    /// Whether a server works on it. A server that was stopped left its generations as they were.
    pub fn is_under_way(&self, now: Timestamp, generator: &Generator) -> bool {
        let may_live = generator.is_shared || self.run.as_ref() == Some(&generator.run);
        self.status == GenerationStatus::InProgress && may_live && now < self.started.plus(MAX_DURATION)
    }

    /// Whether a server was stopped while it worked on it.
    pub fn was_interrupted(&self, now: Timestamp, generator: &Generator) -> bool {
        self.status == GenerationStatus::InProgress && !self.is_under_way(now, generator)
    }
}

impl Account {
    /// The generation with this id, if it is still kept.
    pub fn policy_generation(&self, id: &str, now: Timestamp) -> Option<&PolicyGeneration> {
        self.kept_policy_generations(now).find(|generation| generation.id == id)
    }

    /// The generations that are still kept.
    pub fn kept_policy_generations(&self, now: Timestamp) -> impl Iterator<Item = &PolicyGeneration> {
        let generations = self.policy_generations.iter().map(|generation| &**generation);
        generations.filter(move |generation| now < generation.started.plus(RETENTION))
    }

    /// Forgets generations that are no longer kept.
    pub fn forget_policy_generations(&mut self, now: Timestamp) {
        let kept: Vec<String> = self.kept_policy_generations(now).map(Entity::key).collect();
        let all: Vec<String> = self.policy_generations.iter().map(|generation| generation.key()).collect();
        all.iter().filter(|id| !kept.contains(id)).for_each(|id| self.remove::<PolicyGeneration>(id));
    }
}

impl Entity for PolicyGeneration {
    fn key(&self) -> String {
        self.id.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_under_way_while_its_server_can_be_at_it() {
        let generation = PolicyGeneration {
            id: "1".to_owned(),
            principal: "arn:aws:iam::123456789012:user/bob".to_owned(),
            client_token: None,
            events: None,
            started: Timestamp::from_seconds(1_000),
            completed: None,
            run: Some("a".to_owned()),
            status: GenerationStatus::InProgress,
            failure: None,
            is_complete: false,
            policies: Vec::new(),
            with_placeholders: None,
            by_service: None,
        };
        let ended = PolicyGeneration { status: GenerationStatus::Canceled, ..generation.clone() };
        for (run, is_shared, seconds, expected) in [
            ("a", false, 1_000, true),
            ("a", false, 1_599, true),
            ("a", false, 1_600, false),
            ("b", false, 1_000, false),
            ("b", true, 1_599, true),
            ("b", true, 1_600, false),
        ] {
            let generator = Generator { run: run.to_owned(), is_shared };
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(generation.is_under_way(now, &generator), expected, "{generator:?} {seconds}");
            assert_eq!(generation.was_interrupted(now, &generator), !expected, "{generator:?} {seconds}");
            assert!(!ended.is_under_way(now, &generator) && !ended.was_interrupted(now, &generator));
        }
    }
}
