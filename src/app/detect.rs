//! Detections: what is worth a look goes to the log, to those who follow, and to the webhook.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::App;
use super::record::Record;
use crate::account::{AccessKey, Account, RootUser};
use crate::audit::Event;
use crate::audit::detections::{Detection, Detector, Failed, Seen, Severity, Share, Sighting};
use crate::error::{Code, Error};
use crate::identity::{Caller, Principal, RequestFacts};
use crate::metrics::Metrics;
use crate::shapes::{AccountId, Timestamp};
use crate::store::Store;
use crate::webhook::Webhook;

/// How many detections are kept for those who ask.
const MAX_KEPT: usize = 1000;

/// How many detections who follows may lag behind.
const MAX_LAG: usize = 256;

/// What detects, and who learns of it.
pub struct Detections {
    detector: Detector,
    latest: Mutex<VecDeque<Arc<Detection>>>,
    live: broadcast::Sender<Arc<Detection>>,
    /// The webhook, if there is one.
    pub webhook: Option<Arc<Webhook>>,
    metrics: Arc<Metrics>,
}

impl Detections {
    /// Nothing was detected yet. Other servers on the database of the store learn what this one has seen.
    pub fn new(webhook: Option<Arc<Webhook>>, metrics: Arc<Metrics>, store: &Arc<Store>) -> Self {
        let share = store.is_shared().then(|| {
            let store = store.clone();
            Box::new(move |sighting: &Sighting| {
                if let Ok(text) = serde_json::to_string(sighting) {
                    store.announce_sighting(&text);
                }
            }) as Share
        });
        Self {
            detector: Detector::new(share),
            latest: Mutex::default(),
            live: broadcast::channel(MAX_LAG).0,
            webhook,
            metrics,
        }
    }

    /// The detections from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Detection>> {
        self.live.subscribe()
    }

    /// The latest detections of an account, or of all, the oldest first.
    pub fn latest(&self, account: Option<AccountId>) -> Vec<Arc<Detection>> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |found: &&Arc<Detection>| account.is_none() || found.account == account;
        latest.iter().filter(is_wanted).cloned().collect()
    }

    /// Notes that credentials of an instance were fetched from an address.
    pub fn note_fetched(&self, access_key_id: &str, address: IpAddr, now: Timestamp) {
        self.detector.note_fetched(access_key_id, address.to_canonical(), now);
    }

    /// Forgets an account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        self.detector.forget(account);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.retain(|found| account.is_some() && found.account != account);
    }

    /// Takes note of what another server has seen. What was detected there is in the log there, and at its webhook.
    pub fn hear(&self, text: &str) {
        // A newer server may have more to say.
        let Ok(sighting) = serde_json::from_str(text) else { return };
        if let Some(detection) = self.detector.hear(sighting) {
            self.keep(Arc::new(detection));
        }
    }

    /// Shows a detection to who asks, and who follows.
    fn keep(&self, detection: Arc<Detection>) {
        {
            let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            latest.push_back(detection.clone());
            while latest.len() > MAX_KEPT {
                latest.pop_front();
            }
        }
        // There may be nobody who follows.
        let _ = self.live.send(detection);
    }

    fn publish(&self, detection: Detection) {
        let account = detection.account.map(|account| account.to_string());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    detection = detection.kind.as_str(),
                    account = account.as_deref(),
                    principal = detection.principal.as_deref(),
                    source = detection.source,
                    event = detection.event_id.as_deref(),
                    count = detection.count,
                    "{}",
                    detection.message
                )
            };
        }
        match detection.severity {
            // Root users are at work in every account that is being set up.
            Severity::Low => line!(info),
            Severity::Medium | Severity::High => line!(warn),
        }
        self.metrics.detection(detection.kind.as_str());
        let detection = Arc::new(detection);
        self.keep(detection.clone());
        if let Some(webhook) = &self.webhook {
            webhook.send(detection);
        }
    }
}

impl App {
    /// Looks at an event.
    pub(super) fn detect(&self, record: &Record, facts: &RequestFacts, event: &Event) {
        let key_used = record.key_used.or_else(|| {
            let (caller, own) = record.who.as_ref()?;
            key_made(caller, own)
        });
        let seen = Seen {
            event,
            address: facts.source_ip,
            before: record.target.as_deref(),
            after: record.changed.as_deref(),
            key_used: key_used.filter(|_| record.has_long_term_key()),
        };
        for detection in self.detections.detector.see(&seen) {
            self.detections.publish(detection);
        }
    }

    /// Looks at a request that failed: if its credentials were not accepted, it counts.
    pub fn detect_failure(&self, record: &Record, facts: &RequestFacts, error: &Error) {
        let is_unsigned = error.code() == Code::MissingAuthenticationToken;
        if self.trail.is_none() || is_unsigned || error.rejection().is_none() {
            return;
        }
        let failed =
            Failed { key: record.claimed_key(), address: facts.source_ip, region: &facts.region, now: facts.now };
        if let Some(detection) = self.detections.detector.see_failure(&failed) {
            self.detections.publish(detection);
        }
    }
}

/// When the long-term access key of a caller was made.
fn key_made(caller: &Caller, own: &Account) -> Option<Timestamp> {
    let keys: &[AccessKey] = match &caller.principal {
        Principal::User { key, .. } => own.users.get(key).map(|user| &*user.credentials.access_keys)?,
        Principal::Root => {
            let root: &RootUser = own.root_users.get("")?;
            &root.credentials.access_keys
        }
        _ => return None,
    };
    keys.iter().find(|key| key.id == caller.access_key_id).map(|key| key.created)
}
