//! The connections to PostgreSQL. While it cannot be reached, work is refused at once, and one task tries to reach it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::{Connection as _, Executor};
use tokio::task::JoinHandle;

use super::fence::Fence;
use super::host::{CONNECTING, Host, find_host};
use super::url::PostgresUrl;
use crate::store::fault::Fault;

/// How long PostgreSQL may take for anything. A network that has fallen silent shows in nothing else.
const PATIENCE: Duration = Duration::from_secs(5);

/// After what time a connection is tried before it is used.
const IDLE: Duration = Duration::from_millis(500);

/// How long it may take to forget everything.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

/// How long it takes at first until PostgreSQL is tried again, and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// What connections must pass; those that are made later see a change.
type SharedFence = Arc<RwLock<Option<Fence>>>;

/// The connections.
pub(in crate::store) struct Link {
    url: PostgresUrl,
    max_connections: u32,
    pool: RwLock<PgPool>,
    /// The highest timeline that a host was seen on.
    timeline: AtomicU32,
    /// What connections must pass, once it is known how the database is sealed.
    fence: SharedFence,
    /// Why PostgreSQL cannot be used; `None` while it can.
    trouble: Mutex<Option<(String, Instant)>>,
    healer: Mutex<Option<JoinHandle<()>>>,
}

impl Link {
    /// Connects to the first host that takes writes, again and again until `wait` is over.
    pub async fn open(url: PostgresUrl, max_connections: u32, wait: Duration) -> Result<Arc<Self>, Fault> {
        let end = tokio::time::Instant::now() + wait;
        let mut pause = FIRST_PAUSE;
        let host = loop {
            match find_host(&url, 0, None).await {
                Ok(host) => break host,
                Err(fault) if !fault.is_unavailable() || tokio::time::Instant::now() + pause > end => {
                    return Err(fault);
                }
                Err(fault) => tracing::warn!(cause = fault.to_string(), "waiting for the database"),
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        };
        let Host { options, timeline } = host;
        let fence = SharedFence::default();
        let pool = RwLock::new(pool(options, max_connections, fence.clone()));
        let timeline = AtomicU32::new(timeline);
        let (trouble, healer) = (Mutex::default(), Mutex::default());
        Ok(Arc::new(Self { url, max_connections, pool, timeline, fence, trouble, healer }))
    }

    /// Sets what connections must pass from now on, and gives up those that have passed nothing, or another fence.
    pub(super) async fn set_fence(&self, fence: Option<Fence>) {
        *self.fence.write().unwrap_or_else(PoisonError::into_inner) = fence;
        let host = PgConnectOptions::clone(&self.pool().connect_options());
        self.replace_pool(host).await;
    }

    /// A connection to work on.
    pub async fn lease(self: &Arc<Self>) -> Result<PoolConnection<Postgres>, Fault> {
        if let Some(trouble) = self.trouble() {
            return Err(Fault::Unavailable(trouble));
        }
        self.pool().acquire().await.map_err(Fault::from).inspect_err(|fault| self.heal(fault))
    }

    /// Gives a connection back after work on it. One that failed is closed, without a farewell that nobody may hear.
    pub fn settle<T>(
        self: &Arc<Self>,
        connection: PoolConnection<Postgres>,
        result: Result<T, Fault>,
    ) -> Result<T, Fault> {
        if let Err(fault) = &result
            && fault.is_unavailable()
        {
            drop(connection.detach());
            self.heal(fault);
        }
        result
    }

    /// Why PostgreSQL cannot be used: one sentence.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(why, _)| why.clone())
    }

    /// How long it has been gone; `None` while it is there.
    pub fn gone_for(&self) -> Option<Duration> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, since)| since.elapsed())
    }

    /// The connections at present.
    pub fn pool(&self) -> PgPool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the database is.
    pub fn url(&self) -> &PostgresUrl {
        &self.url
    }

    /// Ends what is under way, and closes all connections.
    pub async fn close(&self) {
        if let Some(healer) = self.healer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            healer.abort();
        }
        let pool = self.pool();
        // A connection to a host that is gone says no farewell.
        let _ = tokio::time::timeout(PATIENCE, pool.close()).await;
    }

    /// Refuses work from now on, until PostgreSQL answers again.
    fn heal(self: &Arc<Self>, fault: &Fault) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_some() || !fault.is_unavailable() {
            return;
        }
        let reason = reason(fault);
        tracing::error!(trouble = reason, "nothing can be stored");
        *trouble = Some((reason, Instant::now()));
        let link = self.clone();
        let healer = tokio::spawn(async move { link.reconnect().await });
        *self.healer.lock().unwrap_or_else(PoisonError::into_inner) = Some(healer);
    }

    async fn reconnect(&self) {
        let mut pause = FIRST_PAUSE;
        let host = loop {
            let fence = self.fence.read().unwrap_or_else(PoisonError::into_inner).clone();
            match find_host(&self.url, self.timeline.load(Ordering::Relaxed), fence.as_ref()).await {
                Ok(host) => break host,
                Err(fault) => self.note_trouble(&fault),
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        };
        self.timeline.store(host.timeline, Ordering::Relaxed);
        let ended = self.replace_pool(host.options);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        tracing::info!("the database can be reached again");
        ended.await;
    }

    /// Notes why the database cannot be used yet. What somebody has to mend is said once.
    fn note_trouble(&self, fault: &Fault) {
        tracing::debug!(cause = fault.to_string(), "the database cannot be reached yet");
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((known, _)) = trouble.as_mut() else { return };
        let reason = reason(fault);
        if !fault.is_unavailable() && *known != reason {
            tracing::error!(trouble = reason, "nothing can be stored");
        }
        *known = reason;
    }

    /// Makes connections to a host from now on. What it returns waits until those before are closed.
    fn replace_pool(&self, host: PgConnectOptions) -> impl Future<Output = ()> + use<> {
        let fresh = pool(host, self.max_connections, self.fence.clone());
        let old = std::mem::replace(&mut *self.pool.write().unwrap_or_else(PoisonError::into_inner), fresh);
        async move {
            // A connection to a host that is gone says no farewell.
            let _ = tokio::time::timeout(PATIENCE, old.close()).await;
        }
    }
}

fn reason(fault: &Fault) -> String {
    format!("the database cannot be reached: {fault}")
}

fn pool(host: PgConnectOptions, max_connections: u32, fence: SharedFence) -> PgPool {
    // Commits compare revisions themselves, and wait for each other at most.
    let host = host.options([("default_transaction_isolation", "read committed")]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(CONNECTING)
        .test_before_acquire(false)
        // One that has lain idle may have been cut meanwhile.
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for > IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let fence = fence.read().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(async move {
                connection.execute("set client_min_messages to warning").await?;
                match fence {
                    Some(fence) => {
                        fence.pass(connection).await.map_err(|fault| sqlx::Error::Protocol(fault.to_string()))
                    }
                    None => Ok(()),
                }
            })
        })
        .connect_lazy_with(host)
}

/// Does work within bounds of time.
pub(in crate::store) async fn in_time<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    within(PATIENCE, work).await
}

/// Does work that takes longer the more is stored.
pub(in crate::store) async fn in_long_time<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    within(LONG_PATIENCE, work).await
}

async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let silent = || Fault::Unavailable(format!("it did not answer within {} seconds", patience.as_secs()));
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(silent()))
}
