//! Events that are not written yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::MAX_AT_ONCE;
use crate::audit::Event;
use crate::shapes::AccountId;

/// The most bytes, about, of events that wait to be written.
const MAX_SIZE: usize = 32 << 20;

/// How many events are not kept waiting for others.
const FULL: usize = MAX_AT_ONCE;

/// Events that are not written yet, in the order in which they came.
#[derive(Default)]
pub(super) struct Pending {
    events: VecDeque<Arc<Event>>,
    size: usize,
    last: u64,
    /// The last event that was here and is no longer.
    gone: u64,
    /// How many events were lost.
    pub dropped: u64,
    /// No more will come.
    pub closed: bool,
}

impl Pending {
    /// The sequence number of the next event: the time, or the next one that is free.
    pub fn next(&mut self, now: u64) -> u64 {
        self.last = now.max(self.last + 1);
        self.last
    }

    /// Adds an event; whether the writer is to look after it.
    pub fn push(&mut self, event: Arc<Event>) -> bool {
        self.size += event.size();
        self.events.push_back(event);
        while self.size > MAX_SIZE
            && let Some(oldest) = self.events.pop_front()
        {
            self.size -= oldest.size();
            self.gone = oldest.sequence;
            self.dropped += 1;
            if self.dropped.is_power_of_two() {
                tracing::warn!(dropped = self.dropped, "events of the audit trail come faster than they are written");
            }
        }
        self.events.len() == 1 || self.events.len() == FULL
    }

    /// Whether there is no reason to wait for more: a block is full, or no more will come.
    pub fn is_full(&self) -> bool {
        self.events.len() >= FULL || self.closed
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// The first events, at most so many.
    pub fn first(&self, most: usize) -> Vec<Arc<Event>> {
        self.events.iter().take(most).cloned().collect()
    }

    /// Removes the events up to this one.
    pub fn remove_to(&mut self, last: u64) {
        while self.events.front().is_some_and(|event| event.sequence <= last)
            && let Some(event) = self.events.pop_front()
        {
            self.size -= event.size();
            self.gone = event.sequence;
        }
    }

    /// The first events after this one, at most so many, and the last event that is here no longer.
    pub fn after(&self, after: u64, most: usize) -> (Vec<Arc<Event>>, u64) {
        let start = self.events.partition_point(|event| event.sequence <= after);
        (self.events.range(start..).take(most).cloned().collect(), self.gone)
    }

    /// All of them, to be looked through while others are added; and the sequence number of the first.
    pub fn all(&self) -> (Vec<Arc<Event>>, Option<u64>) {
        (self.events.iter().cloned().collect(), self.events.front().map(|event| event.sequence))
    }

    /// Forgets the events of an account, or all.
    pub fn forget(&mut self, account: Option<AccountId>) {
        self.events.retain(|event| account.is_some_and(|account| account != event.account));
        self.size = self.events.iter().map(|event| event.size()).sum();
    }
}
