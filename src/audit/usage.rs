//! When and where access keys, users and roles were last used. It changes with every call, so it is kept beside the
//! accounts and written in batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::shapes::{AccountId, Timestamp};

/// The last use of an access key, user or role: of any kind, or for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// The account that owns the subject.
    pub account: AccountId,
    /// An access key id, or the unique id of a user or role, or the account's number for its root user.
    pub subject: String,
    /// The action, such as `iam:GetUser`; empty for the last use of any kind.
    pub action: String,
    /// When.
    pub used: Timestamp,
    /// The service's namespace, such as `iam`.
    pub service: String,
    /// The region of the call.
    pub region: String,
}

/// One call, as far as usage is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The account that owns the subject.
    pub account: AccountId,
    /// When.
    pub used: Timestamp,
    /// The service's namespace.
    pub service: &'a str,
    /// The region of the call.
    pub region: &'a str,
}

/// All last uses, and which of them are not written yet.
#[derive(Default)]
pub struct Usage(Mutex<State>);

#[derive(Default)]
struct State {
    /// By account, subject and action; the action is empty for the last use of any kind.
    last: HashMap<AccountId, HashMap<String, BTreeMap<String, LastUse>>>,
    unwritten: BTreeSet<(AccountId, String, String)>,
}

impl Usage {
    /// What was known when the server stopped.
    pub fn new(known: Vec<LastUse>) -> Self {
        let mut state = State::default();
        for last_use in known {
            let uses = state.last.entry(last_use.account).or_default().entry(last_use.subject.clone()).or_default();
            uses.insert(last_use.action.clone(), last_use);
        }
        Self(Mutex::new(state))
    }

    /// Notes the use of an access key or role.
    pub fn note(&self, subject: &str, call: Use<'_>) -> Option<Timestamp> {
        self.lock().note(subject, "", call)
    }

    /// Notes that a user or role called an action.
    pub fn note_action(&self, subject: &str, action: &str, call: Use<'_>) {
        let mut state = self.lock();
        state.note(subject, "", call);
        state.note(subject, action, call);
    }

    /// The last use of an access key, user or role of an account.
    pub fn last(&self, account: AccountId, subject: &str) -> Option<LastUse> {
        self.lock().last.get(&account)?.get(subject)?.get("").cloned()
    }

    /// The last calls of a user or role, one for each action that it has called.
    pub fn actions(&self, account: AccountId, subject: &str) -> Vec<LastUse> {
        let state = self.lock();
        let uses = state.last.get(&account).and_then(|subjects| subjects.get(subject));
        let uses = uses.into_iter().flat_map(BTreeMap::values);
        uses.filter(|last_use| !last_use.action.is_empty()).cloned().collect()
    }

    /// The last call of each service that any principal of an account has made, by namespace.
    pub fn services(&self, account: AccountId) -> BTreeMap<String, LastUse> {
        let state = self.lock();
        let mut services: BTreeMap<String, LastUse> = BTreeMap::new();
        let subjects = state.last.get(&account).into_iter().flat_map(HashMap::values);
        for last_use in subjects.flat_map(BTreeMap::values) {
            if services.get(&last_use.service).is_none_or(|known| known.used < last_use.used) {
                services.insert(last_use.service.clone(), last_use.clone());
            }
        }
        services
    }

    /// Takes up what other servers have written, but for what is to be written here.
    pub fn learn(&self, uses: Vec<LastUse>) {
        let mut state = self.lock();
        for last_use in uses {
            let key = (last_use.account, last_use.subject.clone(), last_use.action.clone());
            if !state.unwritten.contains(&key) {
                let (account, subject, action) = key;
                state.last.entry(account).or_default().entry(subject).or_default().insert(action, last_use);
            }
        }
    }

    /// Takes out what has to be written.
    pub fn take_unwritten(&self) -> Vec<LastUse> {
        let mut state = self.lock();
        let unwritten = std::mem::take(&mut state.unwritten);
        let find = |(account, subject, action): (AccountId, String, String)| {
            state.last.get(&account)?.get(&subject)?.get(&action).cloned()
        };
        unwritten.into_iter().filter_map(find).collect()
    }

    /// Puts back what could not be written.
    pub fn keep_unwritten(&self, uses: &[LastUse]) {
        let keys = uses.iter().map(|last| (last.account, last.subject.clone(), last.action.clone()));
        self.lock().unwritten.extend(keys);
    }

    /// Forgets access keys, users and roles of an account that are no more.
    pub fn forget_subjects(&self, account: AccountId, subjects: &BTreeSet<String>) {
        if subjects.is_empty() {
            return;
        }
        let mut state = self.lock();
        if let Some(known) = state.last.get_mut(&account) {
            subjects.iter().for_each(|subject| drop(known.remove(subject)));
        }
    }

    /// Forgets one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut state = self.lock();
        match account {
            Some(account) => drop(state.last.remove(&account)),
            None => state.last.clear(),
        }
        state.unwritten.retain(|(owner, ..)| account.is_some_and(|account| account != *owner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a call, and returns when the last one before it was.
    fn note(&mut self, subject: &str, action: &str, call: Use<'_>) -> Option<Timestamp> {
        let subjects = self.last.entry(call.account).or_default();
        if !subjects.contains_key(subject) {
            subjects.insert(subject.to_owned(), BTreeMap::new());
        }
        let uses = subjects.get_mut(subject)?;
        let before = uses.get(action).map(|last| last.used);
        let last_use = uses.entry(action.to_owned()).or_insert_with(|| LastUse {
            account: call.account,
            subject: subject.to_owned(),
            action: action.to_owned(),
            used: Timestamp::default(),
            service: String::new(),
            region: String::new(),
        });
        if last_use.used == call.used && last_use.service == call.service && last_use.region == call.region {
            return before;
        }
        last_use.used = call.used;
        call.service.clone_into(&mut last_use.service);
        call.region.clone_into(&mut last_use.region);
        self.unwritten.insert((call.account, subject.to_owned(), action.to_owned()));
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(seconds: i64) -> Use<'static> {
        Use { account: OWN, used: Timestamp::from_seconds(seconds), service: "iam", region: "us-east-1" }
    }

    const OWN: AccountId = AccountId::AWS;

    #[test]
    fn actions_are_kept_apart_and_the_last_use_is_of_any_kind() {
        let usage = Usage::default();
        usage.note_action("AIDA1", "iam:GetUser", call(1));
        usage.note_action("AIDA1", "iam:ListUsers", call(2));
        assert_eq!(usage.last(OWN, "AIDA1").unwrap().used.seconds(), 2);
        let actions: Vec<_> = usage.actions(OWN, "AIDA1").into_iter().map(|u| (u.action, u.used.seconds())).collect();
        assert_eq!(actions, [("iam:GetUser".to_owned(), 1), ("iam:ListUsers".to_owned(), 2)]);
        usage.note("AKIA1", Use { service: "sts", ..call(1) });
        usage.note("AKIA2", call(3));
        let services = usage.services(OWN);
        let services: Vec<_> = services.values().map(|u| (u.service.as_str(), u.used.seconds())).collect();
        assert_eq!(services, [("iam", 3), ("sts", 1)]);
        assert!(usage.services(AccountId::parse("111111111111").unwrap()).is_empty());
    }

    #[test]
    fn what_was_written_comes_back() {
        let usage = Usage::default();
        usage.note_action("AIDA1", "iam:GetUser", call(1));
        let written = usage.take_unwritten();
        assert_eq!(written.len(), 2);
        assert!(usage.take_unwritten().is_empty());
        usage.keep_unwritten(&written);
        assert_eq!(usage.take_unwritten(), written);
        let again = Usage::new(written);
        assert_eq!(again.last(OWN, "AIDA1"), usage.last(OWN, "AIDA1"));
        assert_eq!(again.actions(OWN, "AIDA1"), usage.actions(OWN, "AIDA1"));
    }

    #[test]
    fn an_account_is_forgotten_alone() {
        let other = AccountId::parse("111111111111").unwrap();
        let usage = Usage::default();
        usage.note("AKIA1", call(1));
        usage.note("AKIA2", Use { account: other, ..call(2) });
        usage.forget(Some(OWN));
        assert!(usage.last(OWN, "AKIA1").is_none() && usage.last(other, "AKIA2").is_some());
        let unwritten: Vec<_> = usage.take_unwritten().into_iter().map(|last| last.subject).collect();
        assert_eq!(unwritten, ["AKIA2"]);
        usage.forget(None);
        assert!(usage.last(other, "AKIA2").is_none());
    }

    #[test]
    fn subjects_are_forgotten_alone() {
        let usage = Usage::default();
        usage.note("AKIA1", call(1));
        usage.note("AKIA2", call(1));
        usage.forget_subjects(OWN, &["AKIA1".to_owned()].into());
        assert!(usage.last(OWN, "AKIA1").is_none() && usage.last(OWN, "AKIA2").is_some());
        assert_eq!(usage.take_unwritten().len(), 1);
    }
}
