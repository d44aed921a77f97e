//! SQLite: one file, write-ahead log, every commit on disk before it is acknowledged.

mod buckets;
mod census;
mod connection;
mod file;
mod seal;
mod usage;
mod write;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row};

use self::connection::{Connection, Lease};
use self::file::{APPLICATION_ID, DatabaseFile, Header};
use self::seal::{prepare, reseal};
use self::write::Transaction;
use super::batch::Batch;
use super::error::StoreError;
use super::fault::Fault;
use super::records::{AccountCounts, BucketRecord};
use super::seal::{Resealing, Sealer, SealingKey};
use crate::account::{Account, TABLES};
use crate::audit::LastUse;
use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// A SQLite database.
pub(super) struct Sqlite {
    connection: Connection,
    /// `None` where there is no key.
    sealer: Option<Sealer>,
    /// Why the last write failed; `None` after one that succeeded.
    trouble: Mutex<Option<String>>,
}

impl Sqlite {
    /// Opens a database file, creates it when absent, and brings its tables up to date. With a key, all that is stored
    /// is sealed, and a database that is not yet becomes so.
    ///
    /// # Errors
    /// When the file cannot be used; see [`StoreError`].
    pub async fn open(path: &Path, key: Option<&SealingKey>) -> Result<Self, StoreError> {
        let file = DatabaseFile::claim(path)?;
        let options = SqliteConnectOptions::new().filename(&file.path);
        let header = file.header()?;
        if header == Header::Unmarked {
            // Nothing is written, not even a log, before it is known whose the file is.
            let reading = options.clone().read_only(true).immutable(true);
            let mut connection = SqliteConnection::connect_with(&reading).await.map_err(|e| explain(&file.path, &e))?;
            must_be_ours(&mut connection, &file.path).await?;
        }
        Self::connect(options.journal_mode(SqliteJournalMode::Wal), Some(file), key).await
    }

    /// A database that is gone when the server stops.
    ///
    /// # Errors
    /// Only when there is no memory for it.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::connect(SqliteConnectOptions::new().in_memory(true), None, None).await
    }

    async fn connect(
        options: SqliteConnectOptions,
        file: Option<DatabaseFile>,
        key: Option<&SealingKey>,
    ) -> Result<Self, StoreError> {
        let path = file.as_ref().map_or_else(|| "memory".into(), |file| file.path.clone());
        let options =
            options.create_if_missing(true).synchronous(SqliteSynchronous::Full).pragma("cache_size", "-1024");
        let connection = Connection::open(options, file).await.map_err(|error| explain(&path, &error))?;
        let mut lease = connection.lease().await.map_err(|fault| explain_fault(&path, &fault))?;
        migrate(lease.connection(), &path).await?;
        let sealer = prepare(&mut lease, &path, key).await;
        let sealer = lease.settle(sealer).await.map_err(|fault| explain_fault(&path, &fault))??;
        Ok(Self { connection, sealer, trouble: Mutex::default() })
    }

    /// A value of the server's own, such as its key; made and kept if it is not there yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_value(&self, key: &str, new: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let value = kept_value(&mut lease, self.sealer.as_ref(), key, new).await;
        lease.settle(value).await.map_err(|fault| self.explain(&fault))
    }

    /// Where the database is; `None` if it is in memory.
    pub fn path(&self) -> Option<&Path> {
        self.connection.file.as_ref().map(|file| file.path.as_path())
    }

    /// Seals all that is stored with another key, or with none. The database must be opened anew then.
    pub async fn reseal(&self, key: Option<&SealingKey>) -> Result<(), StoreError> {
        let new = key.map(Sealer::new);
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let done = reseal(&mut lease, Resealing { old: self.sealer.as_ref(), new: new.as_ref() }).await;
        lease.settle(done).await.map_err(|fault| self.explain(&fault))
    }

    /// Whether what is stored is sealed.
    pub fn is_sealed(&self) -> bool {
        self.sealer.is_some()
    }

    /// The number of accounts that something was written to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_accounts(&self) -> Result<u64, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let count = sqlx::query_scalar("select count(*) from accounts").fetch_one(lease.connection()).await;
        let count = lease.settle(count.map_err(Fault::from)).await.map_err(|fault| self.explain(&fault))?;
        Ok(i64::unsigned_abs(count))
    }

    /// All accounts that something was written to, those of AWS's own too.
    pub async fn account_ids(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let ids = sqlx::query_scalar("select id from accounts order by id").fetch_all(lease.connection()).await;
        let ids: Result<Vec<String>, _> = lease.settle(ids.map_err(Fault::from)).await;
        let ids = ids.map_err(|fault| self.explain(&fault))?;
        Ok(ids.iter().filter_map(|id| AccountId::parse_qualified(id)).collect())
    }

    /// The accounts that something was written to, with what they hold.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<AccountCounts>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let accounts = census::accounts(&mut lease).await;
        lease.settle(accounts).await.map_err(|fault| self.explain(&fault))
    }

    /// The accounts that manage an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organizations(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let accounts = census::organizations(&mut lease).await;
        lease.settle(accounts).await.map_err(|fault| self.explain(&fault))
    }

    /// The account that has this alias.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_of_alias(&self, alias: &str) -> Result<Option<AccountId>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let account = census::account_of_alias(&mut lease, alias).await;
        lease.settle(account).await.map_err(|fault| self.explain(&fault))
    }

    /// Loads an account; one that was never written to is empty and comes into being `now`.
    ///
    /// # Errors
    /// When the database fails, or holds what this version cannot read.
    pub async fn load(&self, id: AccountId, now: Timestamp) -> Result<Account> {
        let mut lease = self.connection.lease().await.map_err(Error::internal)?;
        let account = load(&mut lease, self.sealer.as_ref(), id, now).await;
        lease.settle(account).await.map_err(Error::internal)
    }

    /// All that is known of when credentials and roles were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_usage(&self) -> Result<Vec<LastUse>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let uses = usage::load(&mut lease).await;
        lease.settle(uses).await.map_err(|fault| self.explain(&fault))
    }

    /// All that is known of buckets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_buckets(&self) -> Result<Vec<BucketRecord>, StoreError> {
        let mut lease = self.connection.lease().await.map_err(|fault| self.explain(&fault))?;
        let buckets = buckets::load(&mut lease).await;
        lease.settle(buckets).await.map_err(|fault| self.explain(&fault))
    }

    /// Writes what is known of a bucket.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_bucket(&self, bucket: &BucketRecord) -> Result<(), StoreError> {
        self.write(async |lease| buckets::save(lease, bucket).await).await.map_err(|fault| self.explain(&fault))
    }

    /// Forgets a bucket.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_bucket(&self, name: &str) -> Result<(), StoreError> {
        self.write(async |lease| buckets::remove(lease, name).await).await.map_err(|fault| self.explain(&fault))
    }

    /// Whether the last write failed.
    pub(super) fn is_failing(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Why nothing can be stored at present: one sentence.
    pub fn trouble(&self) -> Option<String> {
        let displaced = self.connection.check().err();
        displaced.or_else(|| self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Writes a batch in one transaction: all of it is on disk, or nothing. After an error it is not known which.
    pub(super) async fn commit(&self, batch: &Batch) -> Result<(), Fault> {
        let stored = async {
            let transaction = Transaction::of(batch, self.sealer.as_ref())?;
            let mut lease = self.connection.lease().await?;
            let stored = lease.run(transaction).await;
            lease.settle(stored).await
        };
        self.note(stored.await)
    }

    /// Writes when credentials and roles were last used.
    pub(super) async fn save_usage(&self, uses: &[LastUse]) -> Result<(), Fault> {
        self.write(async |lease| usage::save(lease, uses).await).await
    }

    /// Forgets an account, or all of them.
    pub(super) async fn reset(&self, account: Option<AccountId>) -> Result<(), Fault> {
        self.write(async |lease| write::forget(lease, account).await).await
    }

    /// Writes something of no consequence, to learn whether the database can be written to again.
    pub(super) async fn probe(&self) -> Result<(), Fault> {
        let sql = "insert into server (key, value) values ('probe', 1) on conflict do update set value = value + 1";
        self.write(async |lease| {
            lease.connection().execute(sql).await?;
            Ok(())
        })
        .await
    }

    /// Writes within one transaction, and remembers whether that was possible.
    async fn write(&self, work: impl AsyncFnOnce(&mut Lease<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        self.note(self.try_write(work).await)
    }

    /// Remembers whether something could be written.
    fn note(&self, result: Result<(), Fault>) -> Result<(), Fault> {
        let trouble = match &result {
            Ok(()) => None,
            // Refusing a row is no failure.
            Err(fault) if fault.is_conflict() => return result,
            Err(fault) => Some(format!("the database cannot be written: {fault}")),
        };
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*known, &trouble) {
            (None, Some(trouble)) => tracing::error!(trouble, "nothing can be stored"),
            (Some(_), None) => tracing::info!("the database can be written again"),
            _ => {}
        }
        *known = trouble;
        result
    }

    async fn try_write(&self, work: impl AsyncFnOnce(&mut Lease<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut lease = self.connection.lease().await?;
        let written = match lease.begin().await {
            Ok(()) => work(&mut lease).await,
            Err(fault) => Err(fault),
        };
        let stored = match written {
            Ok(()) => lease.commit().await,
            Err(fault) => Err(fault),
        };
        lease.settle(stored).await
    }

    fn explain(&self, fault: &Fault) -> StoreError {
        explain_fault(self.connection.file.as_ref().map_or(Path::new("memory"), |file| &file.path), fault)
    }

    /// Closes the database after what is under way has ended.
    pub async fn close(&self) {
        self.connection.close().await;
    }
}

async fn kept_value(lease: &mut Lease<'_>, sealer: Option<&Sealer>, key: &str, new: &[u8]) -> Result<Vec<u8>, Fault> {
    let place = ("server", "", key);
    let new = sealer.map_or_else(|| Ok(new.to_vec()), |sealer| sealer.seal(place, new))?;
    let insert =
        sqlx::query("insert into server (key, value) values (?, ?) on conflict do nothing").bind(key).bind(new);
    insert.execute(lease.connection()).await?;
    let row = sqlx::query("select value from server where key = ?").bind(key).fetch_one(lease.connection()).await?;
    let value: Vec<u8> = row.try_get(0)?;
    sealer.map_or(Ok(value.clone()), |sealer| Ok(sealer.open(place, &value)?.to_vec()))
}

async fn load(lease: &mut Lease<'_>, sealer: Option<&Sealer>, id: AccountId, now: Timestamp) -> Result<Account, Fault> {
    let number = id.qualified();
    let mut account = Account::new(id, now);
    let row = sqlx::query("select created, revision from accounts where id = ?")
        .bind(&number)
        .fetch_optional(lease.connection())
        .await?;
    let Some(row) = row else { return Ok(account) };
    account.created = Timestamp::from_seconds(row.try_get(0)?);
    account.revision = row.try_get::<i64, _>(1)?.unsigned_abs();
    for table in TABLES {
        let unreadable = |key: &str, error: &dyn std::fmt::Display| {
            Fault::Content(format!("account {id}, table {table}{key} cannot be read: {error}"))
        };
        let sql = AssertSqlSafe(format!("select key, body from {table} where account = ?"));
        let rows = sqlx::query(sql).bind(&number).fetch_all(lease.connection()).await;
        for row in rows.map_err(|error| unreadable("", &error))? {
            let key: &str = row.try_get(0)?;
            let named = format!(", key {key}");
            let body: &str = row.try_get(1).map_err(|error| unreadable(&named, &error))?;
            let opened = sealer.map(|sealer| sealer.open_body((table, &number, key), body));
            let opened = opened.transpose().map_err(|error| unreadable(&named, &error))?;
            let body = opened.as_ref().map_or(body, |opened| opened.as_str());
            account.load(table, body).map_err(|error| unreadable(&named, &error))?;
        }
    }
    Ok(account)
}

/// Brings the tables up to date, in one transaction: all steps are taken or none, and a new database is on disk with one
/// commit instead of two for each step.
async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    must_be_ours(connection, path).await?;
    let failed = |error| explain(path, &error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    match MIGRATIONS.run(&mut *transaction).await {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => {
            return Err(StoreError::Newer(path.to_owned()));
        }
        Err(MigrateError::Execute(error)) => return Err(explain(path, &error)),
        Err(error) => return Err(StoreError::Damaged(path.to_owned(), error.to_string())),
    }
    let marked: i64 = sqlx::query_scalar("pragma application_id").fetch_one(&mut *transaction).await.map_err(failed)?;
    if marked != i64::from(APPLICATION_ID) {
        let sql = AssertSqlSafe(format!("pragma application_id = {APPLICATION_ID}"));
        transaction.execute(sqlx::query(sql)).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Refuses a database that another program has tables in.
async fn must_be_ours(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let first = MIGRATIONS.iter().next().map(|migration| migration.checksum.to_vec());
    let ours = is_ours(connection, first).await.map_err(|error| explain(path, &error))?;
    if ours { Ok(()) } else { Err(StoreError::Foreign(path.to_owned())) }
}

/// Whether the database is empty, or our first migration is its first.
async fn is_ours(connection: &mut SqliteConnection, first: Option<Vec<u8>>) -> Result<bool, sqlx::Error> {
    let sql = "select count(*), count(*) filter (where name = '_sqlx_migrations') from sqlite_schema \
               where type = 'table' and name not like 'sqlite!_%' escape '!'";
    let (tables, migrations): (i64, i64) = sqlx::query_as(sql).fetch_one(&mut *connection).await?;
    if migrations == 0 {
        return Ok(tables == 0);
    }
    let sql = "select checksum from _sqlx_migrations order by version limit 1";
    let checksum: Option<Vec<u8>> = sqlx::query_scalar(sql).fetch_optional(connection).await?;
    Ok(match checksum {
        Some(checksum) => Some(checksum) == first,
        None => tables == 1,
    })
}

fn explain_fault(path: &Path, fault: &Fault) -> StoreError {
    match fault {
        Fault::Database(error) => explain(path, error),
        Fault::Displaced(reason) | Fault::Unavailable(reason) | Fault::Refused(reason) => {
            StoreError::Unavailable(path.to_owned(), reason.clone())
        }
        Fault::Content(reason) => StoreError::Damaged(path.to_owned(), reason.clone()),
    }
}

fn explain(path: &Path, error: &sqlx::Error) -> StoreError {
    // 26: the file is no database; 11: its pages are damaged.
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(26 | 11) => StoreError::Damaged(path.to_owned(), error.to_string()),
        _ => StoreError::Unavailable(path.to_owned(), error.to_string()),
    }
}
