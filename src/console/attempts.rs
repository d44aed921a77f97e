//! Failed sign-ins: who guesses has to wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::shapes::AccountId;

/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(60);

/// The failures of one address with one name in that time, after which the next attempt is not looked at.
const MAX_FAILURES: usize = 5;

/// The failures with one name from all addresses, and from one address with all names.
const MAX_FAILURES_OF_ALL: usize = 60;

/// The failures of an account in that time that become events: strangers must not push others out of the audit trail.
pub const MAX_RECORDED: usize = 60;

/// Names and addresses beyond this number are looked through for those whose time is over.
const MAX_KEPT: usize = 4096;

/// Whose attempts are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Both(IpAddr, String),
    Name(String),
    Address(IpAddr),
    Recorded(AccountId),
}

/// The failed sign-ins of the last minute.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Subject, Vec<Instant>>>);

impl Attempts {
    /// Begins an attempt, which counts as failed until it is taken back: who tries many at a time gets no further.
    /// Whether it may be looked at.
    pub fn begin(&self, address: IpAddr, name: &str, now: Instant) -> bool {
        let mut kept = self.lock();
        if kept.len() > MAX_KEPT {
            kept.retain(|_, times| times.last().is_some_and(|time| now.duration_since(*time) < WINDOW));
        }
        let subjects = subjects(address, name);
        let recent = |times: &Vec<Instant>| times.iter().filter(|time| now.duration_since(**time) < WINDOW).count();
        if subjects.iter().any(|(subject, max)| kept.get(subject).map_or(0, recent) >= *max) {
            return false;
        }
        for (subject, _) in subjects {
            let times = kept.entry(subject).or_default();
            times.retain(|time| now.duration_since(*time) < WINDOW);
            times.push(now);
        }
        true
    }

    /// Takes an attempt back that did not fail.
    pub fn take_back(&self, address: IpAddr, name: &str) {
        let mut kept = self.lock();
        for (subject, _) in subjects(address, name) {
            if let Some(times) = kept.get_mut(&subject) {
                times.pop();
            }
        }
    }

    /// Whether one more failure of an account becomes an event.
    pub fn may_record(&self, account: AccountId, now: Instant) -> bool {
        let mut kept = self.lock();
        let times = kept.entry(Subject::Recorded(account)).or_default();
        times.retain(|time| now.duration_since(*time) < WINDOW);
        let may = times.len() < MAX_RECORDED;
        if may {
            times.push(now);
        }
        may
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Vec<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn subjects(address: IpAddr, name: &str) -> [(Subject, usize); 3] {
    let name: String = name.chars().take(200).collect::<String>().to_lowercase();
    [
        (Subject::Both(address, name.clone()), MAX_FAILURES),
        (Subject::Name(name), MAX_FAILURES_OF_ALL),
        (Subject::Address(address), MAX_FAILURES_OF_ALL),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_minute_are_enough() {
        let attempts = Attempts::default();
        let (address, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let start = Instant::now();
        for _ in 0..100 {
            assert!(attempts.begin(address, "1/alice", start));
            attempts.take_back(address, "1/alice");
        }
        for _ in 0..MAX_FAILURES {
            assert!(attempts.begin(address, "1/alice", start));
        }
        assert!(!attempts.begin(address, "1/ALICE", start), "names ignore case");
        assert!(attempts.begin(other, "1/alice", start) && attempts.begin(address, "1/bob", start));
        assert!(attempts.begin(address, "1/alice", start + WINDOW));
    }

    #[test]
    fn an_account_has_so_many_events_in_a_minute() {
        let attempts = Attempts::default();
        let (one, other) = (AccountId::from_number(1).unwrap(), AccountId::from_number(2).unwrap());
        let start = Instant::now();
        let recorded = (0..1000).filter(|_| attempts.may_record(one, start)).count();
        assert_eq!(recorded, MAX_RECORDED);
        assert!(attempts.may_record(other, start) && attempts.may_record(one, start + WINDOW));
    }

    #[test]
    fn many_addresses_or_many_names_are_too_many_too() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for last in 0..60 {
            attempts.begin(IpAddr::from([10, 0, 0, last]), "1/alice", start);
            attempts.begin(IpAddr::from([10, 0, 1, 1]), &format!("1/user-{last}"), start);
        }
        assert!(!attempts.begin(IpAddr::from([10, 0, 2, 1]), "1/alice", start));
        assert!(!attempts.begin(IpAddr::from([10, 0, 1, 1]), "1/new", start));
    }
}
