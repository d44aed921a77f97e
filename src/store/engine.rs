//! The database behind the accounts, whichever engine it has.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::attempts::Attempts;
use super::batch::Batch;
use super::error::StoreError;
use super::fault::Fault;
use super::postgres::{Postgres, PostgresUrl};
use super::records::{AccountCounts, BucketRecord};
use super::seal::SealingKey;
use super::sqlite::Sqlite;
use crate::account::Account;
use crate::audit::{LastUse, Usage};
use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

/// The value that is the key of sessions.
pub const SESSION_KEY: &str = "session key";

/// Where everything that lasts is kept.
pub struct Store {
    engine: Engine,
    /// Failed attempts, where no other server counts them too.
    pub(super) attempts: Attempts,
}

/// The engines. Each has the same work to do; which one does it is known at every call.
enum Engine {
    /// A file, or memory.
    Sqlite(Box<Sqlite>),
    /// A server, which other servers of iamd may use as well.
    Postgres(Postgres),
}

/// Does something on the engine.
macro_rules! on {
    ($store:expr, $engine:ident => $work:expr) => {
        match &$store.engine {
            Engine::Sqlite($engine) => $work,
            Engine::Postgres($engine) => $work,
        }
    };
}

impl Store {
    fn on(engine: Engine) -> Self {
        Self { engine, attempts: Attempts::default() }
    }

    /// Opens a database file, creates it when absent, and brings its tables up to date. With a key, all that is stored
    /// is sealed, and a database that is not yet becomes so.
    ///
    /// # Errors
    /// When the file cannot be used; see [`StoreError`].
    pub async fn open(path: &Path, key: Option<&SealingKey>) -> Result<Self, StoreError> {
        Ok(Self::on(Engine::Sqlite(Box::new(Sqlite::open(path, key).await?))))
    }

    /// A database that is gone when the server stops.
    ///
    /// # Errors
    /// Only when there is no memory for it.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::on(Engine::Sqlite(Box::new(Sqlite::in_memory().await?))))
    }

    /// A PostgreSQL database, which is waited for if it cannot be reached yet. Its tables are brought up to date. A key is
    /// used as for a file.
    ///
    /// # Errors
    /// When the database cannot be used; see [`StoreError`].
    pub async fn connect(
        url: PostgresUrl,
        key: Option<&SealingKey>,
        max_connections: u32,
        wait: Duration,
    ) -> Result<Self, StoreError> {
        Ok(Self::on(Engine::Postgres(Postgres::open(url, key, max_connections, wait).await?)))
    }

    /// A value of the server's own, such as its key; made and kept if it is not there yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_value(&self, key: &str, new: &[u8]) -> Result<Vec<u8>, StoreError> {
        on!(self, engine => engine.server_value(key, new).await)
    }

    /// The file in which the database is, if it is in one.
    pub fn path(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.path(),
            Engine::Postgres(_) => None,
        }
    }

    /// Where the database is, for people: a path, a URL without its password, or `memory`.
    pub fn place(&self) -> String {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.path().map_or("memory".to_owned(), |path| path.display().to_string()),
            Engine::Postgres(postgres) => postgres.place(),
        }
    }

    /// Whether other servers may write to the database too.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Seals all that is stored with another key, or with none: all of it, or nothing. No server may use the database. It
    /// must be opened anew then.
    ///
    /// # Errors
    /// When the database fails, or a server uses it.
    pub async fn reseal(&self, key: Option<&SealingKey>) -> Result<(), StoreError> {
        on!(self, engine => engine.reseal(key).await)
    }

    /// Refuses a database that servers use, and keeps them from it as long as it is open. A file is this process's own.
    ///
    /// # Errors
    /// [`StoreError::InUse`].
    pub async fn keep_alone(&self) -> Result<(), StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.keep_alone().await,
            None => Ok(()),
        }
    }

    /// Whether what is stored is sealed.
    pub fn is_sealed(&self) -> bool {
        on!(self, engine => engine.is_sealed())
    }

    /// The number of accounts that something was written to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_accounts(&self) -> Result<u64, StoreError> {
        on!(self, engine => engine.count_accounts().await)
    }

    /// The accounts that something was written to, with what they hold.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<AccountCounts>, StoreError> {
        on!(self, engine => engine.accounts().await)
    }

    /// Copies all but the audit trail to a database that is empty; how many accounts that were.
    ///
    /// # Errors
    /// When one of the databases fails, or the other one gets accounts meanwhile.
    pub async fn copy_to(&self, target: &Self) -> Result<usize> {
        let internal = |error: StoreError| Error::internal(error);
        let fault = |fault: Fault| Error::internal(fault);
        let session_key = self.server_value(SESSION_KEY, &rand::random::<[u8; 32]>()).await.map_err(internal)?;
        target.server_value(SESSION_KEY, &session_key).await.map_err(internal)?;
        let ids = on!(self, engine => engine.account_ids().await).map_err(internal)?;
        for id in &ids {
            let account = self.load(*id, None, Timestamp::default()).await?;
            let overtaken = target.commit(&Batch::copy_of(&account)?).await.map_err(fault)?;
            if !overtaken.is_empty() {
                return Err(Error::internal(format!("account {id} came into being while it was copied")));
            }
        }
        target.save_usage(&self.load_usage().await.map_err(internal)?).await.map_err(fault)?;
        for bucket in self.load_buckets().await.map_err(internal)? {
            target.save_bucket(&bucket).await.map_err(internal)?;
        }
        Ok(ids.len())
    }

    /// The accounts that manage an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organizations(&self) -> Result<Vec<AccountId>, StoreError> {
        on!(self, engine => engine.organizations().await)
    }

    /// The account that has this alias.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_of_alias(&self, alias: &str) -> Result<Option<AccountId>, StoreError> {
        on!(self, engine => engine.account_of_alias(alias).await)
    }

    /// Loads an account; one that was never written to is empty and comes into being `now`. Of an account that is known
    /// as it was, a database that keeps a log gives what has changed since.
    ///
    /// # Errors
    /// When the database fails, or holds what this version cannot read.
    pub async fn load(&self, id: AccountId, known: Option<&Account>, now: Timestamp) -> Result<Account> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.load(id, now).await,
            Engine::Postgres(postgres) => postgres.load(id, known, now).await,
        }
    }

    /// All that is known of when credentials and roles were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_usage(&self) -> Result<Vec<LastUse>, StoreError> {
        on!(self, engine => engine.load_usage().await)
    }

    /// All that is known of buckets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_buckets(&self) -> Result<Vec<BucketRecord>, StoreError> {
        on!(self, engine => engine.load_buckets().await)
    }

    /// Writes what is known of a bucket. The other servers know it then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_bucket(&self, bucket: &BucketRecord) -> Result<(), StoreError> {
        on!(self, engine => engine.save_bucket(bucket).await)?;
        self.wait_for_others().await;
        Ok(())
    }

    /// Forgets a bucket, as the other servers do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_bucket(&self, name: &str) -> Result<(), StoreError> {
        on!(self, engine => engine.remove_bucket(name).await)?;
        self.wait_for_others().await;
        Ok(())
    }

    /// The database, if other servers may use it too.
    pub(super) fn postgres(&self) -> Option<&Postgres> {
        match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres),
        }
    }

    /// Why nothing can be stored at present: one sentence.
    pub fn trouble(&self) -> Option<String> {
        on!(self, engine => engine.trouble())
    }

    /// Whether the last write to a file failed, and the next one is to be tried soon.
    pub(super) fn is_failing(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.is_failing(),
            // It is tried by a task of its own.
            Engine::Postgres(_) => false,
        }
    }

    /// Writes a batch in one transaction: all of it is on disk, or nothing. After an error it is not known which. The
    /// accounts that another server was the first to write to are left out, and returned.
    pub(super) async fn commit(&self, batch: &Batch) -> Result<BTreeSet<AccountId>, Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.commit(batch).await.map(|()| BTreeSet::new()),
            Engine::Postgres(postgres) => postgres.commit(batch).await,
        }
    }

    /// Writes when credentials and roles were last used, as far as that is not written yet. What cannot be written is kept
    /// for the next time.
    pub async fn write_usage(&self, usage: &Usage) {
        let uses = usage.take_unwritten();
        if !uses.is_empty()
            && let Err(fault) = self.save_usage(&uses).await
        {
            tracing::error!(cause = fault.to_string(), "last uses could not be written");
            usage.keep_unwritten(&uses);
        }
    }

    async fn save_usage(&self, uses: &[LastUse]) -> Result<(), Fault> {
        on!(self, engine => engine.save_usage(uses).await)
    }

    /// Forgets an account, or all of them.
    pub(super) async fn reset(&self, account: Option<AccountId>) -> Result<(), Fault> {
        on!(self, engine => engine.reset(account).await)
    }

    /// Learns whether the database can be written to again.
    pub(super) async fn probe(&self) -> Result<(), Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.probe().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Closes the database after what is under way has ended.
    pub async fn close(&self) {
        on!(self, engine => engine.close().await);
    }
}
