//! CloudTrail's trails: which events are delivered where.

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::shapes::{AccountId, AdvancedEventSelector, ArnParts, EventSelector, ReadWriteType, TagSet, Timestamp};

/// A trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Its name, unique in its home region.
    pub name: String,
    /// Its home region: where it was created, and can be changed.
    pub region: String,
    /// When it was created.
    pub created: Timestamp,
    /// The bucket that it delivers to.
    pub bucket: String,
    /// What the keys of its files begin with.
    pub prefix: Option<String>,
    /// The ARN of the topic that learns of files.
    pub topic: Option<String>,
    /// Whether it delivers events of global services.
    pub global_events: bool,
    /// Whether it delivers the events of all regions.
    pub multi_region: bool,
    /// Whether its files can be validated.
    pub validates_files: bool,
    /// The ARN of a log group.
    pub log_group: Option<String>,
    /// The ARN of the role that writes to the log group.
    pub log_role: Option<String>,
    /// The key that encrypts the files.
    pub kms_key: Option<String>,
    /// Whether events of its own delivery are wanted, if that was said.
    pub recursive_logging: Option<bool>,
    /// Its tags.
    pub tags: TagSet,
    /// Which events it delivers.
    pub selectors: Selectors,
    /// Whether it delivers at all.
    pub logging: bool,
    /// When logging was started last.
    pub started: Option<Timestamp>,
    /// When logging was stopped last.
    pub stopped: Option<Timestamp>,
}

/// The event selectors of a trail: of one kind or the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selectors {
    /// Basic ones.
    Basic(Vec<EventSelector>),
    /// Advanced ones.
    Advanced(Vec<AdvancedEventSelector>),
}

impl Default for Selectors {
    /// All management events, and no data events (CloudTrail API reference, "PutEventSelectors").
    fn default() -> Self {
        Self::Basic(vec![EventSelector {
            read_write_type: Some(ReadWriteType::All),
            include_management_events: Some(true),
            data_resources: Some(Vec::new()),
            exclude_management_event_sources: Some(Vec::new()),
        }])
    }
}

impl Trail {
    /// A trail as it is created if nothing else is said: it does not log, and then delivers the management events of its
    /// home region and of global services (CloudTrail API reference, "CreateTrail").
    pub fn new(name: &str, region: &str, created: Timestamp, bucket: &str) -> Self {
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            created,
            bucket: bucket.to_owned(),
            prefix: None,
            topic: None,
            global_events: true,
            multi_region: false,
            validates_files: false,
            log_group: None,
            log_role: None,
            kms_key: None,
            recursive_logging: None,
            tags: TagSet::default(),
            selectors: Selectors::default(),
            logging: false,
            started: None,
            stopped: None,
        }
    }

    /// The key of the trail with this home region and name.
    pub fn key_of(region: &str, name: &str) -> String {
        format!("{region}/{name}")
    }

    /// The ARN of the trail of an account with this home region and name.
    pub fn arn_of(account: AccountId, region: &str, name: &str) -> String {
        format!("arn:{}:cloudtrail:{region}:{account}:trail/{name}", account.partition())
    }

    /// Its ARN.
    pub fn arn(&self, account: AccountId) -> String {
        Self::arn_of(account, &self.region, &self.name)
    }

    /// Whether it is seen in a region: at home, or as a shadow trail in all others.
    pub fn is_seen_in(&self, region: &str) -> bool {
        self.multi_region || self.region == region
    }
}

impl Entity for Trail {
    fn key(&self) -> String {
        Self::key_of(&self.region, &self.name)
    }
}

impl Account {
    /// The trail with this ARN.
    pub fn trail(&self, arn: &str) -> Option<&Trail> {
        let parts = ArnParts::parse(arn).filter(|parts| parts.service == "cloudtrail")?;
        if parts.account_id() != Some(self.id) {
            return None;
        }
        let name = parts.resource.strip_prefix("trail/")?;
        self.trails.get(&Trail::key_of(parts.region, name)).map(|trail| &**trail)
    }
}
