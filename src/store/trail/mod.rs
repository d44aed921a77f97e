//! The audit trail: events wait in memory for less than a second, then a block of them goes to disk at once.

mod archive;
mod block;
mod denials;
mod gather;
mod pending;
mod reseal;
mod shared;
mod shared_denials;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use self::archive::Archive;
use self::block::{MAX_BLOCK, Packer};
use self::denials::Denials;
use self::pending::Pending;
use self::shared::SharedArchive;
use super::engine::Store;
use super::postgres::Rounds;
use super::seal::{Sealer, SealingKey};
use crate::audit::{Activity, ActivityQuery, Event, EventQuery, RecordedRequests};
use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

/// The most events that are written in one transaction.
const MAX_AT_ONCE: usize = 16 * MAX_BLOCK;

/// How many events are read at a time to learn what a principal did.
const ACTIVITY_PAGE: usize = 1000;

/// How many events are read at most to learn what a principal did.
pub const MAX_ACTIVITY: usize = 200_000;

/// After so many blocks, those that are too old are looked for.
const EXPIRE_EVERY: usize = 64;

/// After so many blocks were removed, their terms are: to find those takes a while, and they lead nowhere meanwhile.
const SWEEP_EVERY: u64 = 1024;

/// How long events are kept (CloudTrail User Guide, "Working with CloudTrail event history").
pub const RETENTION_SECONDS: i64 = 90 * 24 * 3600;

/// The audit trail.
pub struct Trail {
    pending: Mutex<Pending>,
    denials: Mutex<Denials>,
    /// There is something to write, or no more will come.
    wake: Notify,
    archive: Blocks,
    /// The sequence number of the newest event.
    newest: watch::Sender<u64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held by who writes, and who forgets: what is forgotten must not be on its way to the disk.
    turn: tokio::sync::Mutex<()>,
    /// Whether the last events could not be written.
    is_failing: AtomicBool,
}

/// Where blocks of events are kept.
enum Blocks {
    /// In a file of this server's, or in memory.
    Own(Archive),
    /// In a database that other servers write to as well.
    Shared(SharedArchive, Arc<Rounds>),
}

/// Does something with the blocks.
macro_rules! on {
    ($blocks:expr, $archive:ident => $work:expr) => {
        match &$blocks {
            Blocks::Own($archive) => $work,
            Blocks::Shared($archive, _) => $work,
        }
    };
}
use on;

/// A page of events, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Arc<Event>>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Trail {
    /// A trail in a file, or in memory, of at most so many bytes. The file is not touched before there is an event.
    pub fn start(path: Option<PathBuf>, key: Option<SealingKey>, max_size: u64) -> Arc<Self> {
        let packer = Packer(key.as_ref().map(Sealer::new));
        Self::start_on(Blocks::Own(Archive::new(path, packer, max_size)))
    }

    /// A trail in the database of a store, which other servers write to as well; `None` if the store is this server's own.
    pub fn share(store: &Store, key: Option<&SealingKey>, max_size: u64) -> Option<Arc<Self>> {
        let packer = Packer(key.map(Sealer::new));
        let archive = SharedArchive::new(store.link()?, packer, max_size);
        Some(Self::start_on(Blocks::Shared(archive, store.rounds()?)))
    }

    fn start_on(archive: Blocks) -> Arc<Self> {
        let trail = Arc::new(Self {
            pending: Mutex::default(),
            denials: Mutex::default(),
            wake: Notify::new(),
            archive,
            newest: watch::channel(0).0,
            writer: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            is_failing: AtomicBool::default(),
        });
        let writer = tokio::spawn(trail.clone().write());
        *trail.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        trail
    }

    /// Adds an event, whose sequence number is given here. It never waits: if too much waits to be written, the oldest
    /// is dropped.
    pub fn add(&self, mut event: Event) -> Arc<Event> {
        let mut pending = self.lock();
        event.sequence = pending.next(now());
        let sequence = event.sequence;
        let event = Arc::new(event);
        let wakes = pending.push(event.clone());
        drop(pending);
        if wakes {
            self.wake.notify_one();
        }
        if self.newest.receiver_count() > 0 {
            self.newest.send_replace(sequence);
        }
        event
    }

    /// Changes when there are newer events; for those who read them with [`Self::after`].
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// A sequence number that no later event has, and none so far exceeds.
    pub fn last(&self) -> u64 {
        self.lock().next(now())
    }

    /// The first events after this one, the oldest first; none if there are no more. Blocks on disk whose events are
    /// all older than `start` are passed over.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn after(&self, after: u64, start: Timestamp) -> Result<Vec<Arc<Event>>> {
        let archive = match &self.archive {
            Blocks::Own(archive) => archive,
            Blocks::Shared(archive, _) => {
                let written = archive.between((after, self.gather().await), start).await.map_err(Error::internal)?;
                return Ok(written.into_iter().map(Arc::new).collect());
            }
        };
        let (waiting, gone) = self.lock().after(after, MAX_BLOCK);
        if after >= gone && gone > 0 {
            return Ok(waiting);
        }
        let written = archive.after(after, start).await.map_err(Error::internal)?;
        let first = waiting.first().map_or(u64::MAX, |event| event.sequence);
        let written: Vec<_> = written.into_iter().filter(|event| event.sequence < first).map(Arc::new).collect();
        Ok(if written.is_empty() { waiting } else { written })
    }

    /// How many events were dropped, because they came faster than they could be written.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// How many events wait to be written.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Looks events up, the newest first.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn find(&self, query: &EventQuery) -> Result<EventPage> {
        if query.before.is_none() {
            self.gather().await;
        }
        // What leaves memory from now on is found in memory all the same, and not looked for on disk.
        let (waiting, first) = self.lock().all();
        let fit = waiting.into_iter().rev().filter(|event| query.fits(event));
        let mut events: Vec<_> = fit.take(query.limit + 1).collect();
        if events.len() <= query.limit || matches!(self.archive, Blocks::Shared(..)) {
            let query = match &self.archive {
                Blocks::Own(_) => EventQuery {
                    before: Some(query.before.unwrap_or(u64::MAX).min(first.unwrap_or(u64::MAX))),
                    limit: query.limit + 1 - events.len(),
                    ..query.clone()
                },
                // Other servers have written later events.
                Blocks::Shared(..) => EventQuery { limit: query.limit + 1, ..query.clone() },
            };
            let found = on!(self.archive, archive => archive.find(&query).await).map_err(Error::internal)?;
            events.extend(found.into_iter().map(Arc::new));
            if matches!(self.archive, Blocks::Shared(..)) {
                // What was written while it was looked for is found twice.
                events.sort_by_key(|event| std::cmp::Reverse((event.sequence, event.random)));
                events.dedup_by_key(|event| (event.sequence, event.random));
            }
        }
        let has_more = events.len() > query.limit;
        events.truncate(query.limit);
        Ok(EventPage { events, has_more })
    }

    /// All that a principal did in some time and was allowed to.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn activity(&self, asked: &ActivityQuery) -> Result<Activity> {
        let mut activity = Activity::default();
        let add = |events: &[Arc<Event>]| {
            events.iter().for_each(|event| activity.add(asked, event));
            activity.shrink();
        };
        activity.is_complete = self.each_page(asked.account, (asked.start, asked.end), add).await?;
        Ok(activity)
    }

    /// All that the principals of an account asked for since a time.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn requests(&self, account: AccountId, start: Timestamp) -> Result<RecordedRequests> {
        let mut recorded = RecordedRequests::default();
        let add = |events: &[Arc<Event>]| events.iter().for_each(|event| recorded.add(event));
        let end = Timestamp::from_seconds(i64::MAX);
        recorded.is_complete = self.each_page(account, (start, end), add).await?;
        Ok(recorded)
    }

    /// Reads the events of an account in some time, the newest first; whether all were read, and not only as many as are
    /// read at most.
    async fn each_page(
        &self,
        account: AccountId,
        (start, end): (Timestamp, Timestamp),
        mut add: impl FnMut(&[Arc<Event>]),
    ) -> Result<bool> {
        let mut query = EventQuery {
            account,
            region: None,
            attribute: None,
            start,
            end,
            before: None,
            limit: ACTIVITY_PAGE,
            management: false,
        };
        let mut read = 0;
        loop {
            let page = self.find(&query).await?;
            add(&page.events);
            read += page.events.len();
            query.before = page.events.last().map(|event| event.sequence);
            if !page.has_more || read >= MAX_ACTIVITY {
                return Ok(!page.has_more);
            }
        }
    }

    /// Forgets the events of an account, or all, that are not written yet.
    pub fn forget_waiting(&self, account: Option<AccountId>) {
        self.denials().forget(account);
        self.lock().forget(account);
    }

    /// Forgets the events of an account, or all, and the denials.
    ///
    /// # Errors
    /// When they cannot be removed from disk.
    pub async fn forget(&self, account: Option<AccountId>) -> Result<()> {
        let _turn = self.turn.lock().await;
        self.denials().forget(account);
        self.lock().forget(account);
        on!(self.archive, archive => archive.forget(account).await).map_err(Error::internal)
    }

    /// Copies what is written to another trail; how many events that were.
    ///
    /// # Errors
    /// When one of them cannot be read or written.
    pub async fn copy_to(&self, target: &Self) -> Result<usize> {
        let (mut place, mut count) = ((i64::MIN, i64::MIN), 0);
        loop {
            let blocks = on!(self.archive, archive => archive.read_after(place).await).map_err(Error::internal)?;
            let Some((last, _)) = blocks.last() else { return Ok(count) };
            place = *last;
            for (_, events) in blocks {
                let events: Vec<_> = events.into_iter().map(Arc::new).collect();
                count += events.len();
                on!(target.archive, archive => archive.append(&events).await).map_err(Error::internal)?;
            }
        }
    }

    /// Seals all that is written with another key, or with none. What was sealed so already is passed over: where it is
    /// interrupted, it can be done again. No server may use the trail, and it must be opened anew then.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub async fn reseal(&self, key: Option<&SealingKey>) -> Result<()> {
        let _turn = self.turn.lock().await;
        let new = Packer(key.map(Sealer::new));
        on!(self.archive, archive => archive.reseal(&new).await).map_err(Error::internal)
    }

    /// Writes what waits, and takes no more.
    pub async fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(error = error.to_string(), "the audit trail could not be closed");
        }
    }

    fn denials(&self) -> MutexGuard<'_, Denials> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds of real time since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    u64::try_from(now).unwrap_or_default()
}
