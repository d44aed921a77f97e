//! Policies that Access Analyzer generates from what a principal did.

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::shapes::{GenerationStatus, Timestamp};

/// How long generated policies are kept, in seconds: seven days (IAM Access Analyzer API reference,
/// "ListPolicyGenerations").
const RETENTION: i64 = 7 * 24 * 3600;

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
    /// When it was asked for. It ends at once.
    pub started: Timestamp,
    /// What became of it.
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
