//! Sees events, and says what is worth a look.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::recent::Recent;
use super::{Detection, DetectionKind, Sighting, changes, escalation};
use crate::account::Account;
use crate::audit::{Event, IdentityKind};
use crate::shapes::{AccountId, Timestamp};

/// For how long the same is only counted once it was reported, in seconds.
const QUIET: i64 = 3600;

/// For how long it is known what was reported, in seconds.
const KNOWN: i64 = 7 * 24 * 3600;

/// For how long it is known which addresses fetched credentials of an instance, in seconds: longer than they last.
const FETCHED: i64 = 12 * 3600;

/// The most addresses that are remembered for one access key.
const MAX_ADDRESSES: usize = 64;

/// How many requests with wrong credentials from one address are worth a look, and within how many seconds.
const MAX_FAILURES: u64 = 10;
const FAILURES_PERIOD: i64 = 300;

/// After how many seconds without use it is worth a look that an access key is used: 90 days, after which AWS Config's rule
/// `iam-user-unused-credentials-check` wants it gone.
const UNUSED: i64 = 90 * 24 * 3600;

/// An event with what is known around it.
pub struct Seen<'a> {
    /// The event.
    pub event: &'a Event,
    /// The client's address.
    pub address: IpAddr,
    /// The account that it works on as it was before.
    pub before: Option<&'a Account>,
    /// The same as it is now, if the call changed it.
    pub after: Option<&'a Account>,
    /// When the caller's long-term access key was used before this call, or else when it was made.
    pub key_used: Option<Timestamp>,
}

/// A request whose credentials were not accepted.
pub struct Failed<'a> {
    /// The access key id that it claims.
    pub key: Option<&'a str>,
    /// The client's address.
    pub address: IpAddr,
    /// The region.
    pub region: &'a str,
    /// When.
    pub now: Timestamp,
}

/// What makes a detection the same as an earlier one.
type Same = (DetectionKind, Option<AccountId>, String);

/// What is known of a detection that was reported.
#[derive(Default)]
struct Reported {
    /// When it was reported last.
    at: Option<Timestamp>,
    /// How often it was seen since.
    since: u64,
}

struct State {
    reported: Recent<Same, Reported>,
    fetched: Recent<String, BTreeSet<IpAddr>>,
    failures: Recent<IpAddr, u64>,
    attempts: Recent<(AccountId, String), BTreeSet<String>>,
}

/// Sees events, and says what is worth a look. It takes microseconds, and a bounded amount of memory.
#[derive(Default)]
pub struct Detector {
    state: Mutex<State>,
    /// Lets the other servers on the database know what this one has seen, if there may be others.
    share: Option<Share>,
}

/// Lets other servers know what was seen. It does not wait for that.
pub type Share = Box<dyn Fn(&Sighting) + Send + Sync>;

impl Default for State {
    fn default() -> Self {
        Self {
            reported: Recent::new(KNOWN),
            fetched: Recent::new(FETCHED),
            failures: Recent::new(FAILURES_PERIOD),
            attempts: Recent::new(escalation::PERIOD),
        }
    }
}

impl Detector {
    /// One that lets other servers know what it has seen, if there may be others.
    pub fn new(share: Option<Share>) -> Self {
        Self { share, ..Self::default() }
    }

    /// What is worth a look about an event.
    pub fn see(&self, seen: &Seen<'_>) -> Vec<Detection> {
        let found = self.look_at(seen);
        found.iter().for_each(|detection| self.share_report(detection));
        found
    }

    fn look_at(&self, seen: &Seen<'_>) -> Vec<Detection> {
        let event = seen.event;
        let mut found = Vec::new();
        if event.identity.kind == IdentityKind::Root && event.identity.invoked_by.is_none() {
            found.extend(self.root_use(seen));
        }
        if let (Some(before), Some(after)) = (seen.before, seen.after) {
            if event.service == "iam" && event.name.ends_with("AccountPasswordPolicy") {
                let weaker = changes::weaker_passwords(before, after);
                found.extend(weaker.map(|message| detection(seen, DetectionKind::PasswordPolicyWeakened, 1, message)));
            }
            if event.service == "cloudtrail" {
                let lesser = changes::lesser_trail(before, after);
                found.extend(lesser.map(|message| detection(seen, DetectionKind::TrailStopped, 1, message)));
            }
        }
        if let Some(message) = self.elsewhere(seen) {
            let subject = event.identity.access_key_id.clone().unwrap_or_default();
            found.extend(self.report(seen, DetectionKind::InstanceCredentialsElsewhere, subject, message));
        }
        if let Some((subject, message)) = self.escalation(seen) {
            found.extend(self.report(seen, DetectionKind::EscalationAttempt, subject, message));
        }
        if let Some(used) = seen.key_used.filter(|used| event.time >= used.plus(UNUSED)) {
            let days = (event.time.seconds() - used.seconds()) / (24 * 3600);
            let key = event.identity.access_key_id.as_deref().unwrap_or_default();
            let message = format!("The access key {key} had not been used for {days} days.");
            found.push(detection(seen, DetectionKind::UnusedKeyUsed, 1, message));
        }
        found
    }

    /// Most calls of a root user are only counted, so nothing is written down before that is known.
    fn root_use(&self, seen: &Seen<'_>) -> Option<Detection> {
        let event = seen.event;
        let assumed = event.identity.session.as_ref().is_some_and(|session| session.assumed_root);
        let (kind, who) = match assumed {
            true => (DetectionKind::AssumedRootUse, "A session of AssumeRoot"),
            false => (DetectionKind::RootUse, "The root user"),
        };
        let count = self.count((kind, Some(event.account), String::new()), event.time)?;
        let message = format!("{who} of the account {} called {}.", event.account, action(event));
        Some(Detection { subject: Some(String::new()), ..detection(seen, kind, count, message) })
    }

    /// Credentials of an instance that come from where nobody fetched them.
    fn elsewhere(&self, seen: &Seen<'_>) -> Option<String> {
        let session = seen.event.identity.session.as_ref()?;
        session.ec2_role_delivery.as_ref()?;
        let key = seen.event.identity.access_key_id.as_ref()?;
        let state = self.lock();
        let fetched = state.fetched.get(key, seen.event.time)?;
        if fetched.contains(&seen.address) {
            return None;
        }
        let by = fetched.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Some(format!("Credentials of an instance, fetched from {by}, were used from {}.", seen.address))
    }

    fn escalation(&self, seen: &Seen<'_>) -> Option<(String, String)> {
        let event = seen.event;
        let subject = escalation::subject(event)?;
        if let Some(how) = escalation::gained(event, seen.before) {
            return Some((format!("{subject} {}", event.name), format!("{subject} gained permissions: {how}.")));
        }
        let attempt = escalation::attempted(event)?;
        let mut state = self.lock();
        let attempts = state.attempts.of((event.account, subject.to_owned()), event.time);
        if attempts.insert(attempt.to_owned()) {
            self.share(|| Sighting::Attempt {
                account: event.account.qualified(),
                subject: subject.to_owned(),
                action: attempt.to_owned(),
                time: event.time,
            });
        }
        (attempts.len() >= escalation::MIN_ATTEMPTS).then(|| {
            let tried = attempts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            (subject.to_owned(), format!("{subject} was denied actions that gain permissions: {tried}."))
        })
    }

    /// What is worth a look about a request whose credentials were not accepted.
    pub fn see_failure(&self, failed: &Failed<'_>) -> Option<Detection> {
        let mut state = self.lock();
        let count = state.failures.of(failed.address, failed.now);
        *count += 1;
        // Beyond that, each server knows by itself what to make of the address.
        if *count <= MAX_FAILURES {
            self.share(|| Sighting::Failure { address: failed.address, time: failed.now });
        }
        if *count < MAX_FAILURES {
            return None;
        }
        let count = *count;
        drop(state);
        let kind = DetectionKind::RepeatedAuthenticationFailures;
        let counted = self.count((kind, None, failed.address.to_string()), failed.now)?;
        let detection = Detection {
            id: Uuid::new_v4(),
            kind,
            guard_duty_type: kind.guard_duty_type(),
            severity: kind.severity(),
            time: failed.now,
            account: None,
            principal: None,
            access_key_id: failed.key.map(str::to_owned),
            source: failed.address.to_string(),
            region: failed.region.to_owned(),
            action: None,
            event_id: None,
            count: counted.max(count),
            message: format!("{} sent {count} requests with wrong credentials.", failed.address),
            subject: Some(failed.address.to_string()),
        };
        self.share_report(&detection);
        Some(detection)
    }

    /// Notes that credentials of an instance were fetched from an address.
    pub fn note_fetched(&self, access_key_id: &str, address: IpAddr, now: Timestamp) {
        let mut state = self.lock();
        let addresses = state.fetched.of(access_key_id.to_owned(), now);
        if addresses.len() < MAX_ADDRESSES && addresses.insert(address) {
            self.share(|| Sighting::Fetched { key: access_key_id.to_owned(), address, time: now });
        }
    }

    /// Takes note of what another server has seen; what was detected there, if it was something.
    pub fn hear(&self, sighting: Sighting) -> Option<Detection> {
        let mut state = self.lock();
        match sighting {
            Sighting::Failure { address, time } => *state.failures.of(address, time) += 1,
            Sighting::Attempt { account, subject, action, time } => {
                let account = AccountId::parse_qualified(&account)?;
                state.attempts.of((account, subject), time).insert(action);
            }
            Sighting::Fetched { key, address, time } => {
                let addresses = state.fetched.of(key, time);
                if addresses.len() < MAX_ADDRESSES {
                    addresses.insert(address);
                }
            }
            Sighting::Reported { account, subject, detection } => {
                let account = account.as_deref().and_then(AccountId::parse_qualified);
                let kind = detection.kind;
                if let Some(subject) = &subject {
                    let reported = state.reported.of((kind, account, subject.clone()), detection.time);
                    *reported = Reported { at: Some(detection.time), since: 0 };
                }
                return Some(Detection { account, subject, guard_duty_type: kind.guard_duty_type(), ..*detection });
            }
        }
        None
    }

    fn share_report(&self, detection: &Detection) {
        self.share(|| Sighting::Reported {
            account: detection.account.map(AccountId::qualified),
            subject: detection.subject.clone(),
            detection: Box::new(detection.clone()),
        });
    }

    /// Lets other servers know.
    fn share(&self, sighting: impl FnOnce() -> Sighting) {
        if let Some(share) = &self.share {
            share(&sighting());
        }
    }

    /// Forgets an account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let is_kept = |owner: Option<AccountId>| account.is_some_and(|account| owner != Some(account));
        let mut state = self.lock();
        state.reported.retain(|(_, owner, _)| is_kept(*owner));
        state.attempts.retain(|(owner, _)| is_kept(Some(*owner)));
        if account.is_none() {
            state.fetched.retain(|_| false);
            state.failures.retain(|_| false);
        }
    }

    /// The detection, unless the same was reported lately.
    fn report(&self, seen: &Seen<'_>, kind: DetectionKind, subject: String, message: String) -> Option<Detection> {
        let count = self.count((kind, Some(seen.event.account), subject.clone()), seen.event.time)?;
        Some(Detection { subject: Some(subject), ..detection(seen, kind, count, message) })
    }

    /// How often the same was seen since it was last reported, if it is to be reported now.
    fn count(&self, same: Same, now: Timestamp) -> Option<u64> {
        let mut state = self.lock();
        let earlier = state.reported.of(same, now);
        earlier.since += 1;
        if earlier.at.is_some_and(|at| at <= now && now < at.plus(QUIET)) {
            return None;
        }
        earlier.at = Some(now);
        Some(std::mem::take(&mut earlier.since))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn detection(seen: &Seen<'_>, kind: DetectionKind, count: u64, message: String) -> Detection {
    let event = seen.event;
    Detection {
        id: Uuid::new_v4(),
        kind,
        guard_duty_type: kind.guard_duty_type(),
        severity: kind.severity(),
        time: event.time,
        account: Some(event.account),
        principal: event.identity.arn.clone(),
        access_key_id: event.identity.access_key_id.clone(),
        source: event.source.clone(),
        region: event.region.clone(),
        action: Some(action(event)),
        event_id: Some(event.id().to_string()),
        count,
        message,
        subject: None,
    }
}

fn action(event: &Event) -> String {
    format!("{}:{}", event.service, event.name)
}
