//! The connections to PostgreSQL. While it cannot be reached, work is refused at once, and one task tries to reach it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, Postgres};
use sqlx::{Connection as _, Executor};
use tokio::task::JoinHandle;

use super::url::PostgresUrl;
use crate::store::fault::Fault;

/// How long PostgreSQL may take for anything. A network that has fallen silent shows in nothing else.
const PATIENCE: Duration = Duration::from_secs(5);

/// After what time a connection is tried before it is used.
const IDLE: Duration = Duration::from_millis(500);

/// How long it may take to forget everything.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

/// How long a host may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(3);

/// How long it takes at first until PostgreSQL is tried again, and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// The connections.
pub(in crate::store) struct Link {
    url: PostgresUrl,
    max_connections: u32,
    pool: RwLock<PgPool>,
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
            match find_host(&url).await {
                Ok(host) => break host,
                Err(fault) if !is_passing(&fault) || tokio::time::Instant::now() + pause > end => return Err(fault),
                Err(fault) => tracing::warn!(cause = fault.to_string(), "waiting for the database"),
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        };
        let pool = RwLock::new(pool(host, max_connections));
        Ok(Arc::new(Self { url, max_connections, pool, trouble: Mutex::default(), healer: Mutex::default() }))
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
        let reason = format!("the database cannot be reached: {fault}");
        tracing::error!(trouble = reason, "nothing can be stored");
        *trouble = Some((reason, Instant::now()));
        let link = self.clone();
        let healer = tokio::spawn(async move { link.reconnect().await });
        *self.healer.lock().unwrap_or_else(PoisonError::into_inner) = Some(healer);
    }

    async fn reconnect(&self) {
        let mut pause = FIRST_PAUSE;
        let host = loop {
            match find_host(&self.url).await {
                Ok(host) => break host,
                Err(fault) => tracing::debug!(cause = fault.to_string(), "the database cannot be reached yet"),
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        };
        let fresh = pool(host, self.max_connections);
        let old = std::mem::replace(&mut *self.pool.write().unwrap_or_else(PoisonError::into_inner), fresh);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        tracing::info!("the database can be reached again");
        let _ = tokio::time::timeout(PATIENCE, old.close()).await;
    }
}

/// Whether waiting may help: nobody answers, or PostgreSQL is starting. A wrong password stays wrong.
fn is_passing(fault: &Fault) -> bool {
    fault.is_unavailable()
}

/// The first host that takes writes: a replica takes none until it is promoted.
async fn find_host(url: &PostgresUrl) -> Result<PgConnectOptions, Fault> {
    let mut last = Fault::Unavailable("no host is named".to_owned());
    for host in &url.hosts {
        let attempt = async {
            let mut connection = PgConnection::connect_with(host).await?;
            let sql = "select pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean";
            let is_replica: bool = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
            let _ = connection.close().await;
            Ok::<_, sqlx::Error>(is_replica)
        };
        last = match tokio::time::timeout(CONNECTING, attempt).await {
            Ok(Ok(false)) => return Ok(host.clone()),
            Ok(Ok(true)) => Fault::Unavailable(format!("{} takes no writes", host.get_host())),
            Ok(Err(error)) => error.into(),
            Err(_) => Fault::Unavailable(format!("{} does not answer", host.get_host())),
        };
    }
    Err(last)
}

fn pool(host: PgConnectOptions, max_connections: u32) -> PgPool {
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
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("set client_min_messages to warning").await?;
                Ok(())
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
