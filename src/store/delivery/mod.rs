//! Delivery of events to the files of trails (CloudTrail User Guide, "CloudTrail log file examples"): events wait in memory
//! for some seconds, then each trail gets a file for each region.

mod folder;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt;
use rand::distr::Alphanumeric;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::folder::Folder;
pub use self::status::DeliveryStatus;
use self::status::Statuses;
use super::engine::Store;
use super::postgres::Announcer;
use crate::account::{Entity, Trail};
use crate::audit::Event;
use crate::metrics::Metrics;
use crate::shapes::AccountId;

/// How long events wait for others to be delivered with; AWS takes about five minutes.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

/// The most bytes, about, of events that wait.
const MAX_SIZE: usize = 32 << 20;

/// How many bytes are delivered at once, without waiting any longer.
const FULL: usize = 8 << 20;

/// The most events of a file.
const MAX_EVENTS: usize = 10_000;

/// Where the files of a trail go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    account: AccountId,
    trail: String,
    bucket: String,
    prefix: Option<String>,
    region: String,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Place, Arc<Event>)>,
    size: usize,
    statuses: Statuses,
    /// How many events were lost.
    dropped: u64,
    /// The last attempt failed in part: the next one waits its time.
    failing: bool,
    closed: bool,
}

/// Delivers events to files below a folder.
pub struct Delivery {
    folder: Folder,
    interval: Duration,
    state: Mutex<State>,
    wake: Notify,
    metrics: Arc<Metrics>,
    /// Where other servers learn what came of it, if there may be others.
    announcer: Option<Announcer>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Delivery {
    /// Begins to deliver to a folder, which is made if it is absent. Other servers on the database of the store learn what
    /// came of it.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn start(
        path: PathBuf,
        interval: Duration,
        metrics: Arc<Metrics>,
        store: Option<&Store>,
    ) -> io::Result<Arc<Self>> {
        let delivery = Arc::new(Self {
            folder: Folder::claim(path)?,
            interval,
            state: Mutex::default(),
            wake: Notify::new(),
            metrics,
            announcer: store.and_then(Store::announcer),
            writer: Mutex::default(),
        });
        let writer = tokio::spawn(delivery.clone().run());
        *delivery.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(delivery)
    }

    /// Takes an event for those of the trails that deliver it. It never waits: if too much is not delivered yet, the
    /// oldest is dropped.
    pub fn add<'t>(&self, trails: impl Iterator<Item = &'t Arc<Trail>>, event: &Arc<Event>) {
        for trail in trails.filter(|trail| event.is_delivered_by(trail)) {
            let place = Place {
                account: event.account,
                trail: trail.key(),
                bucket: trail.bucket.clone(),
                prefix: trail.prefix.clone(),
                region: event.region.clone(),
            };
            let mut state = self.lock();
            state.size += event.size();
            state.waiting.push_back((place, event.clone()));
            let wakes = state.waiting.len() == 1 || (state.size > FULL && state.size - event.size() <= FULL);
            self.drop_beyond(&mut state);
            drop(state);
            if wakes {
                self.wake.notify_one();
            }
        }
    }

    fn drop_beyond(&self, state: &mut State) {
        let mut dropped = 0;
        let before = state.dropped;
        while state.size > MAX_SIZE
            && let Some((_, oldest)) = state.waiting.pop_front()
        {
            state.size -= oldest.size();
            dropped += 1;
        }
        if dropped > 0 {
            state.dropped += dropped;
            self.metrics.trail_events_dropped(dropped);
            if before.leading_zeros() > state.dropped.leading_zeros() {
                tracing::error!(
                    dropped = state.dropped,
                    "events wait for their trails in vain; the oldest are dropped"
                );
            }
        }
    }

    /// What came of the delivery of a trail's events, with all servers on the database.
    pub fn status(&self, account: AccountId, trail: &str) -> DeliveryStatus {
        self.lock().statuses.of(account, trail)
    }

    /// Takes note of what came of it with another server.
    pub fn hear(&self, server: u64, text: &str) {
        self.lock().statuses.hear(server, text);
    }

    /// Forgets the events of an account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let is_kept = |owner: AccountId| account.is_some_and(|account| account != owner);
        let mut state = self.lock();
        state.waiting.retain(|(place, _)| is_kept(place.account));
        state.size = state.waiting.iter().map(|(_, event)| event.size()).sum();
        state.statuses.retain(is_kept);
    }

    /// Delivers what waits, and takes no more.
    pub async fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(error = error.to_string(), "the delivery of trails could not be ended");
        }
    }

    async fn run(self: Arc<Self>) {
        loop {
            self.wake.notified().await;
            // A file has all that comes meanwhile; much is delivered at once.
            let _ = tokio::time::timeout(self.interval, self.until_it_is_due()).await;
            let closed = self.lock().closed;
            let delivery = self.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || delivery.deliver()).await {
                tracing::error!(error = error.to_string(), "events could not be delivered to trails");
            }
            if closed {
                let left = self.lock().waiting.len();
                if left > 0 {
                    tracing::error!(events = left, "events were not delivered to their trails");
                }
                return;
            }
            if !self.lock().waiting.is_empty() {
                // What could not be delivered is tried again.
                self.wake.notify_one();
            }
        }
    }

    async fn until_it_is_due(&self) {
        loop {
            {
                let state = self.lock();
                if state.closed || (state.size > FULL && !state.failing) {
                    return;
                }
            }
            self.wake.notified().await;
        }
    }

    /// Writes a file for each trail and region.
    fn deliver(&self) {
        let mut places: BTreeMap<Place, Vec<Arc<Event>>> = BTreeMap::new();
        {
            let mut state = self.lock();
            for (place, event) in std::mem::take(&mut state.waiting) {
                places.entry(place).or_default().push(event);
            }
            (state.size, state.failing) = (0, false);
        }
        for (place, events) in places {
            for some in events.chunks(MAX_EVENTS) {
                let delivered = self.write(&place, some);
                self.note(&place, some, delivered);
            }
        }
    }

    fn note(&self, place: &Place, events: &[Arc<Event>], delivered: io::Result<()>) {
        let time = events.iter().map(|event| event.time).max();
        self.metrics.trail_file(delivered.is_ok());
        let mut state = self.lock();
        let status = state.statuses.own(place.account, &place.trail);
        status.attempted = time;
        let failed_before = status.error.is_some();
        match delivered {
            Ok(()) => {
                status.delivered = time;
                status.error = None;
                self.announce(place, status);
                if failed_before {
                    tracing::info!(account = place.account.to_string(), trail = place.trail, "a trail delivers again");
                }
            }
            Err(error) => {
                if !failed_before {
                    tracing::error!(
                        account = place.account.to_string(),
                        trail = place.trail,
                        folder = self.folder.path().display().to_string(),
                        cause = error.to_string(),
                        "events cannot be delivered to a trail; it is tried again"
                    );
                }
                status.error = Some(error.to_string());
                let status = status.clone();
                self.announce(place, &status);
                state.failing = true;
                state.size += events.iter().map(|event| event.size()).sum::<usize>();
                events.iter().rev().for_each(|event| state.waiting.push_front((place.clone(), event.clone())));
                self.drop_beyond(&mut state);
            }
        }
    }

    fn announce(&self, place: &Place, status: &DeliveryStatus) {
        if let Some(announcer) = &self.announcer {
            announcer.delivery(&Statuses::announced(place.account, &place.trail, status));
        }
    }

    fn write(&self, place: &Place, events: &[Arc<Event>]) -> io::Result<()> {
        let Some(time) = events.iter().map(|event| event.time).max() else { return Ok(()) };
        let (account, date) = (place.account.to_string(), time.date_time());
        let day = ["%Y", "%m", "%d"].map(|part| date.format(part).to_string());
        let mut folders = vec![place.bucket.as_str()];
        folders.extend(place.prefix.iter().flat_map(|prefix| prefix.split('/')));
        folders.extend(["AWSLogs", account.as_str(), "CloudTrail", place.region.as_str()]);
        folders.extend(day.iter().map(String::as_str));
        let unique: String = rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect();
        let time = date.format("%Y%m%dT%H%MZ");
        let name = format!("{account}_CloudTrail_{}_{time}_{unique}.json.gz", place.region);
        self.folder.write(&folders, &name, &packed(events)?)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The records of events as a trail's file has them.
fn packed(events: &[Arc<Event>]) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(b"{\"Records\":[")?;
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut out, &event.record())?;
    }
    out.write_all(b"]}")?;
    out.finish()
}
