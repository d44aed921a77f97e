//! When and where access keys and roles were last used. It changes with every call, so it is kept beside the accounts
//! and written in batches.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::shapes::{AccountId, Timestamp};

/// The last use of one access key, password or role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// The account that owns the subject.
    pub account: AccountId,
    /// An access key id, or the unique id of a role.
    pub subject: String,
    /// When.
    pub used: Timestamp,
    /// The service's namespace, such as `iam`.
    pub service: String,
    /// The region of the call.
    pub region: String,
}

/// All last uses, and which of them are not written yet.
#[derive(Default)]
pub struct Usage(Mutex<State>);

#[derive(Default)]
struct State {
    last: HashMap<String, LastUse>,
    unwritten: HashSet<String>,
}

impl Usage {
    /// What was known when the server stopped.
    pub fn new(known: Vec<LastUse>) -> Self {
        let last = known.into_iter().map(|last_use| (last_use.subject.clone(), last_use)).collect();
        Self(Mutex::new(State { last, unwritten: HashSet::new() }))
    }

    /// Notes a use.
    pub fn note(&self, account: AccountId, subject: &str, used: Timestamp, service: &str, region: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = state.last.get_mut(subject) {
            if last.used == used && last.service == service && last.region == region {
                return;
            }
            last.used = used;
            service.clone_into(&mut last.service);
            region.clone_into(&mut last.region);
        } else {
            let (service, region) = (service.to_owned(), region.to_owned());
            state
                .last
                .insert(subject.to_owned(), LastUse { account, subject: subject.to_owned(), used, service, region });
        }
        if !state.unwritten.contains(subject) {
            state.unwritten.insert(subject.to_owned());
        }
    }

    /// The last use of an access key or role.
    pub fn last(&self, subject: &str) -> Option<LastUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.get(subject).cloned()
    }

    /// Takes out what has to be written.
    pub fn take_unwritten(&self) -> Vec<LastUse> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unwritten = std::mem::take(&mut state.unwritten);
        unwritten.iter().filter_map(|subject| state.last.get(subject).cloned()).collect()
    }

    /// Forgets one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last.retain(|_, last| account.is_some_and(|account| last.account != account));
        state.unwritten.clear();
    }
}
