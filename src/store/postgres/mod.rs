//! PostgreSQL: any number of servers on one database.

mod beside;
mod fence;
mod follow;
mod host;
mod link;
mod load;
mod prepare;
mod rounds;
mod url;
mod write;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::sync::mpsc;

use self::fence::Fence;
pub(super) use self::follow::Announcer;
pub(super) use self::link::{Link, in_long_time, in_time};
pub(super) use self::rounds::Rounds;
pub use self::url::{PostgresUrl, without_password};
use super::batch::Batch;
use super::error::StoreError;
use super::fault::Fault;
use super::records::{AccountCounts, BucketRecord, News};
use super::seal::{Resealing, Sealer, SealingKey};
use crate::account::Account;
use crate::audit::LastUse;
use crate::error::Result;
use crate::shapes::{AccountId, Timestamp};

/// How often and in what intervals it is looked whether a database is in use.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A PostgreSQL database.
pub(super) struct Postgres {
    link: Arc<Link>,
    announcer: Announcer,
    rounds: Arc<Rounds>,
    /// `None` where there is no key.
    sealer: Option<Sealer>,
    /// Keeps servers from the database, where it is to be this process's own.
    alone: Mutex<Option<PgConnection>>,
}

/// Works on a connection, within bounds of time.
macro_rules! on {
    ($store:expr, $connection:ident => $work:expr) => {
        match $store.link.lease().await {
            Ok(mut lease) => {
                let $connection = &mut *lease;
                let result = in_time($work).await;
                $store.link.settle(lease, result)
            }
            Err(fault) => Err(fault),
        }
    };
}

impl Postgres {
    /// Waits until the database can be reached, and brings its tables up to date. With a key, all that is stored is
    /// sealed, and a database that is not yet becomes so.
    pub async fn open(
        url: PostgresUrl,
        key: Option<&SealingKey>,
        max_connections: u32,
        wait: Duration,
    ) -> Result<Self, StoreError> {
        let place = url.to_string();
        let failed = |fault: Fault| StoreError::Unavailable(place.clone().into(), fault.to_string());
        let link = Link::open(url, max_connections, wait).await.map_err(failed)?;
        // Without bounds of time: a migration of much data takes long.
        let mut connection = link.pool().acquire().await.map_err(|error| failed(error.into()))?;
        prepare::migrate(&mut connection, &place).await?;
        let sealer = prepare::seal(&mut connection, &place, key).await.map_err(failed)??;
        drop(connection);
        link.set_fence(Some(Fence(sealer.clone()))).await;
        let announcer = Announcer::start(link.clone());
        let rounds = Rounds::new(link.clone(), announcer.clone());
        Ok(Self { link, announcer, rounds, sealer, alone: Mutex::default() })
    }

    /// A value of the servers' own, such as their key; made and kept if it is not there yet.
    pub async fn server_value(&self, key: &str, new: &[u8]) -> Result<Vec<u8>, StoreError> {
        let kept = on!(self, connection => beside::kept_value(connection, self.sealer.as_ref(), key, new));
        kept.map_err(|fault| self.explain(&fault))
    }

    /// Refuses a database that servers use, and keeps them from it until it is closed.
    pub async fn keep_alone(&self) -> Result<(), StoreError> {
        let explain = |error: sqlx::Error| self.explain(&error.into());
        // Connections of this process's own are in no one's way.
        self.link.set_fence(None).await;
        let mut connection = self.link.pool().acquire().await.map_err(explain)?.detach();
        for _ in 0..LOOKS {
            if prepare::is_alone(&mut connection, "pg_try_advisory_lock").await.map_err(explain)? {
                *self.alone.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
                return Ok(());
            }
            // PostgreSQL takes a moment to notice that a connection was closed.
            tokio::time::sleep(PAUSE).await;
        }
        Err(StoreError::InUse(self.place().into()))
    }

    /// Seals all that is stored with another key, or with none. The database must be opened anew then.
    pub async fn reseal(&self, key: Option<&SealingKey>) -> Result<(), StoreError> {
        let new = key.map(Sealer::new);
        let change = Resealing { old: self.sealer.as_ref(), new: new.as_ref() };
        // Without bounds of time: there may be much.
        let mut lease = self.link.lease().await.map_err(|fault| self.explain(&fault))?;
        let done = prepare::reseal(&mut lease, change).await;
        self.link.settle(lease, done).map_err(|fault| self.explain(&fault))
    }

    /// Where the database is, without a password.
    pub fn place(&self) -> String {
        self.link.url().to_string()
    }

    /// Whether what is stored is sealed.
    pub fn is_sealed(&self) -> bool {
        self.sealer.is_some()
    }

    /// The number of accounts that something was written to.
    pub async fn count_accounts(&self) -> Result<u64, StoreError> {
        on!(self, connection => beside::count_accounts(connection)).map_err(|fault| self.explain(&fault))
    }

    /// All accounts that something was written to, those of AWS's own too.
    pub async fn account_ids(&self) -> Result<Vec<AccountId>, StoreError> {
        on!(self, connection => beside::account_ids(connection)).map_err(|fault| self.explain(&fault))
    }

    /// The accounts that something was written to, with what they hold.
    pub async fn accounts(&self) -> Result<Vec<AccountCounts>, StoreError> {
        on!(self, connection => beside::accounts(connection)).map_err(|fault| self.explain(&fault))
    }

    /// The accounts that manage an organization.
    pub async fn organizations(&self) -> Result<Vec<AccountId>, StoreError> {
        on!(self, connection => beside::organizations(connection)).map_err(|fault| self.explain(&fault))
    }

    /// The account that has this alias.
    pub async fn account_of_alias(&self, alias: &str) -> Result<Option<AccountId>, StoreError> {
        on!(self, connection => beside::account_of_alias(connection, alias)).map_err(|fault| self.explain(&fault))
    }

    /// Loads an account; of one that is known as it was, what has changed since.
    pub async fn load(&self, id: AccountId, known: Option<&Account>, now: Timestamp) -> Result<Account> {
        let sealer = self.sealer.as_ref();
        if let Some(known) = known {
            let news = on!(self, connection => load::news(connection, sealer, known));
            if let Some(account) = news.map_err(Fault::into_error)? {
                return Ok(account);
            }
        }
        on!(self, connection => load::whole(connection, sealer, id, now)).map_err(Fault::into_error)
    }

    /// All that is known of when credentials and roles were last used.
    pub async fn load_usage(&self) -> Result<Vec<LastUse>, StoreError> {
        on!(self, connection => beside::load_usage(connection)).map_err(|fault| self.explain(&fault))
    }

    /// All that is known of buckets.
    pub async fn load_buckets(&self) -> Result<Vec<BucketRecord>, StoreError> {
        on!(self, connection => beside::load_buckets(connection)).map_err(|fault| self.explain(&fault))
    }

    /// Writes what is known of a bucket.
    pub async fn save_bucket(&self, bucket: &BucketRecord) -> Result<(), StoreError> {
        on!(self, connection => beside::save_bucket(connection, bucket)).map_err(|fault| self.explain(&fault))?;
        self.announcer.bucket(&bucket.name);
        Ok(())
    }

    /// Forgets a bucket.
    pub async fn remove_bucket(&self, name: &str) -> Result<(), StoreError> {
        on!(self, connection => beside::remove_bucket(connection, name)).map_err(|fault| self.explain(&fault))?;
        self.announcer.bucket(name);
        Ok(())
    }

    /// A bucket, if something is known of it.
    pub async fn load_bucket(&self, name: &str) -> Result<Option<BucketRecord>, StoreError> {
        on!(self, connection => beside::load_bucket(connection, name)).map_err(|fault| self.explain(&fault))
    }

    /// What other servers do from now on.
    pub fn follow(&self) -> mpsc::UnboundedReceiver<News> {
        let (sender, news) = mpsc::unbounded_channel();
        tokio::spawn(follow::follow(self.link.clone(), self.announcer.server(), sender));
        news
    }

    /// Those accounts of which the database has another revision, and that revision.
    pub async fn other_revisions(&self, known: &[(AccountId, u64)]) -> Result<Vec<(AccountId, u64)>, Fault> {
        on!(self, connection => follow::revisions(connection, known))
    }

    /// The last uses that servers have written in the last seconds.
    pub async fn recent_usage(&self) -> Result<Vec<LastUse>, StoreError> {
        on!(self, connection => beside::recent_usage(connection)).map_err(|fault| self.explain(&fault))
    }

    /// Removes what no server needs any more.
    pub async fn clean(&self, now: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => follow::clean(connection, now.seconds())).map_err(|fault| self.explain(&fault))
    }

    /// Changes a value that all servers share.
    pub async fn share(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let shared = on!(self, connection => beside::set_value(connection, self.sealer.as_ref(), key, value));
        shared.map_err(|fault| self.explain(&fault))?;
        self.announcer.value(key);
        Ok(())
    }

    /// A value that all servers share.
    pub async fn shared(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let value = on!(self, connection => beside::open_value(connection, self.sealer.as_ref(), key));
        value.map_err(|fault| self.explain(&fault))
    }

    /// How long the database has been gone; `None` if it is there.
    pub fn gone_for(&self) -> Option<Duration> {
        self.link.gone_for()
    }

    /// Uses up something that can be used once; `false` if a server has used it before.
    pub async fn claim(&self, account: AccountId, place: (&str, &str), until: Timestamp) -> Result<bool, Fault> {
        on!(self, connection => beside::claim(connection, account, place, until))
    }

    /// Keeps the resource that opaque tokens belong to, by the hashes of the tokens.
    pub async fn keep_tokens(&self, account: AccountId, keys: &[[u8; 32]], resource: &str) -> Result<(), StoreError> {
        let kept = on!(self, connection => beside::keep_tokens(connection, account, keys, resource));
        kept.map_err(|fault| self.explain(&fault))
    }

    /// The resource that an opaque token belongs to.
    pub async fn resource_of_token(&self, key: &[u8; 32]) -> Result<Option<String>, StoreError> {
        let found = on!(self, connection => beside::resource_of_token(connection, key));
        found.map_err(|fault| self.explain(&fault))
    }

    /// What this server announces to others.
    pub fn announcer(&self) -> Announcer {
        self.announcer.clone()
    }

    /// The connections.
    pub fn link(&self) -> Arc<Link> {
        self.link.clone()
    }

    /// This server's questions to the others.
    pub fn rounds(&self) -> Arc<Rounds> {
        self.rounds.clone()
    }

    /// Announces that upstreams have other policies.
    pub fn announce_documents(&self) {
        self.announcer.documents();
    }

    /// Answers another server's question.
    pub fn answer(&self, question: u64, written: u64) {
        self.announcer.answer(question, written);
    }

    /// Why nothing can be stored at present: one sentence.
    pub fn trouble(&self) -> Option<String> {
        self.link.trouble()
    }

    /// Writes a batch in one transaction, but for the accounts that another server has written to since.
    pub async fn commit(&self, batch: &Batch) -> Result<BTreeSet<AccountId>, Fault> {
        let overtaken = on!(self, connection => write::write(connection, batch, self.sealer.as_ref()))?;
        for (account, head) in batch.accounts.iter().filter(|(account, _)| !overtaken.contains(account)) {
            self.announcer.account(*account, head.revision);
        }
        for account in batch.organizations().filter(|account| !overtaken.contains(account)) {
            self.announcer.organization(account);
        }
        Ok(overtaken)
    }

    /// Writes when credentials and roles were last used.
    pub async fn save_usage(&self, uses: &[LastUse]) -> Result<(), Fault> {
        on!(self, connection => beside::save_usage(connection, uses))
    }

    /// Forgets an account, or all of them.
    pub async fn reset(&self, account: Option<AccountId>) -> Result<(), Fault> {
        let mut lease = self.link.lease().await?;
        let forgotten = in_long_time(write::forget(&mut lease, account)).await;
        self.link.settle(lease, forgotten)?;
        self.announcer.reset(account);
        Ok(())
    }

    /// Closes the connections after what is under way has ended.
    pub async fn close(&self) {
        self.link.close().await;
    }

    fn explain(&self, fault: &Fault) -> StoreError {
        StoreError::Unavailable(self.place().into(), fault.to_string())
    }
}
