//! SQLite: one file, write-ahead log, every commit on disk before it is acknowledged.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row};

use crate::account::{Account, Changes, TABLES};
use crate::audit::LastUse;
use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Why a database cannot be used: one sentence for the person who started the server.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer iamd has written it.
    #[error("the database {0} was written by a newer version of iamd; use that version, or another database")]
    Newer(PathBuf),
    /// It is no database, or it is damaged.
    #[error("the file {0} is not a database of iamd, or it is damaged: {1}")]
    Damaged(PathBuf, String),
    /// Another server has it open.
    #[error("the database {0} is in use by another iamd")]
    InUse(PathBuf),
    /// The folder or file cannot be read or written.
    #[error("the database {0} cannot be opened: {1}")]
    Unavailable(PathBuf, String),
}

/// A SQLite database.
pub struct Sqlite {
    pool: SqlitePool,
    /// Held as long as the database is open.
    _claim: Option<File>,
}

/// All that a batch of commits writes: per table, account and key the new body, or `None` for a row that is gone.
#[derive(Default)]
pub(super) struct Batch {
    rows: BTreeMap<&'static str, BTreeMap<(AccountId, String), Option<String>>>,
    accounts: BTreeMap<AccountId, (Timestamp, u64)>,
}

impl Batch {
    pub fn add(&mut self, account: &Account, changes: Changes) {
        self.accounts.insert(account.id, (account.created, account.revision));
        for ((table, key), body) in changes {
            self.rows.entry(table).or_default().insert((account.id, key), body);
        }
    }
}

impl Sqlite {
    /// Opens a database file, creates it when absent, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be used; see [`StoreError`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let claim = claim(path)?;
        let options = SqliteConnectOptions::new().filename(path);
        Self::connect(options.journal_mode(SqliteJournalMode::Wal), path, Some(claim)).await
    }

    /// A database that is gone when the server stops.
    ///
    /// # Errors
    /// Only when there is no memory for it.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::connect(SqliteConnectOptions::new().in_memory(true), Path::new("memory"), None).await
    }

    async fn connect(options: SqliteConnectOptions, path: &Path, claim: Option<File>) -> Result<Self, StoreError> {
        let options = options.synchronous(SqliteSynchronous::Full).pragma("cache_size", "-1024");
        // One connection: SQLite has one writer, and all reading is done from memory.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(|error| explain(path, error))?;
        match MIGRATIONS.run(&pool).await {
            Ok(()) => Ok(Self { pool, _claim: claim }),
            Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => {
                Err(StoreError::Newer(path.to_owned()))
            }
            Err(MigrateError::Execute(error)) => Err(explain(path, error)),
            Err(error) => Err(StoreError::Damaged(path.to_owned(), error.to_string())),
        }
    }

    /// A value of the server's own, such as its key; made and kept if it is not there yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_value(&self, key: &str, new: &[u8]) -> Result<Vec<u8>> {
        sqlx::query("insert into server (key, value) values (?, ?) on conflict do nothing")
            .bind(key)
            .bind(new)
            .execute(&self.pool)
            .await
            .map_err(Error::internal)?;
        let row = sqlx::query("select value from server where key = ?").bind(key).fetch_one(&self.pool).await;
        row.and_then(|row| row.try_get(0)).map_err(Error::internal)
    }

    /// Loads an account; one that nobody has written to is empty and comes into being `now`.
    ///
    /// # Errors
    /// When the database fails, or holds what this version cannot read.
    pub async fn load(&self, id: AccountId, now: Timestamp) -> Result<Account> {
        let mut account = Account::new(id, now);
        let row = sqlx::query("select created, revision from accounts where id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::internal)?;
        let Some(row) = row else { return Ok(account) };
        account.created = Timestamp::from_seconds(row.try_get(0).map_err(Error::internal)?);
        let revision: i64 = row.try_get(1).map_err(Error::internal)?;
        account.revision = revision.unsigned_abs();
        for table in TABLES {
            let sql = AssertSqlSafe(format!("select body from {table} where account = ?"));
            let rows = sqlx::query(sql).bind(id.to_string()).fetch_all(&self.pool).await.map_err(Error::internal)?;
            for row in rows {
                account.load(table, row.try_get(0).map_err(Error::internal)?)?;
            }
        }
        Ok(account)
    }

    /// Writes a batch in one transaction: all of it is on disk, or nothing.
    pub(super) async fn commit(&self, batch: Batch) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for (table, rows) in batch.rows {
            let (mut written, mut gone) = (Vec::new(), Vec::new());
            for ((account, key), body) in rows {
                match body {
                    Some(body) => written.push((account.to_string(), key, body)),
                    None => gone.push((account.to_string(), key)),
                }
            }
            if !written.is_empty() {
                let sql = format!(
                    "insert into {table} (account, key, body) select value ->> 0, value ->> 1, value ->> 2 \
                     from json_each(?) where true on conflict do update set body = excluded.body"
                );
                sqlx::query(AssertSqlSafe(sql)).bind(json(&written)?).execute(&mut *transaction).await?;
            }
            if !gone.is_empty() {
                let sql = format!(
                    "delete from {table} where (account, key) in \
                     (select value ->> 0, value ->> 1 from json_each(?))"
                );
                sqlx::query(AssertSqlSafe(sql)).bind(json(&gone)?).execute(&mut *transaction).await?;
            }
        }
        for (account, (created, revision)) in batch.accounts {
            let sql = "insert into accounts (id, created, revision) values (?, ?, ?) \
                       on conflict do update set revision = excluded.revision";
            let revision = i64::try_from(revision).unwrap_or(i64::MAX);
            let query = sqlx::query(sql).bind(account.to_string()).bind(created.seconds()).bind(revision);
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Forgets an account, or all of them.
    pub(super) async fn reset(&self, account: Option<AccountId>) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let account = account.map(|account| account.to_string());
        for (table, column) in TABLES.iter().map(|t| (*t, "account")).chain([("usage", "account"), ("accounts", "id")])
        {
            let sql = AssertSqlSafe(format!("delete from {table} where ?1 is null or {column} = ?1"));
            sqlx::query(sql).bind(&account).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// The aliases of all accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_aliases(&self) -> Result<Vec<(String, AccountId)>> {
        let sql = "select alias, account from settings where alias is not null";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.map_err(Error::internal)?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<Option<(String, AccountId)>, sqlx::Error> {
            let (alias, account) = (row.try_get(0)?, AccountId::parse(row.try_get(1)?));
            Ok(account.map(|account| (alias, account)))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<_, _>>().map_err(Error::internal)
    }

    /// All that is known of when credentials and roles were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_usage(&self) -> Result<Vec<LastUse>> {
        let sql = "select account, subject, action, used, service, region from usage";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.map_err(Error::internal)?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<Option<LastUse>, sqlx::Error> {
            let Some(account) = AccountId::parse(row.try_get(0)?) else { return Ok(None) };
            Ok(Some(LastUse {
                account,
                subject: row.try_get(1)?,
                action: row.try_get(2)?,
                used: Timestamp::from_seconds(row.try_get(3)?),
                service: row.try_get(4)?,
                region: row.try_get(5)?,
            }))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<_, _>>().map_err(Error::internal)
    }

    /// Writes when credentials and roles were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_usage(&self, uses: &[LastUse]) -> Result<()> {
        let rows: Vec<_> = uses
            .iter()
            .map(|u| (u.account.to_string(), &u.subject, &u.action, u.used.seconds(), &u.service, &u.region))
            .collect();
        let sql = "insert into usage (account, subject, action, used, service, region) \
                   select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
                   from json_each(?) where true on conflict do update set used = excluded.used, service = excluded.service, region = excluded.region";
        let rows = json(&rows).map_err(Error::internal)?;
        sqlx::query(sql).bind(rows).execute(&self.pool).await.map(drop).map_err(Error::internal)
    }

    /// Closes the database after what is under way has ended.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the file if it is absent, readable by its owner only since secrets are in it, and locks it for this server: a
/// second one would write over what it does not know of.
fn claim(path: &Path) -> Result<File, StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(path.to_owned(), error.to_string());
    let open = |path: &Path| OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(unavailable);
    let mut lock = path.as_os_str().to_owned();
    lock.push("-lock");
    let claim = open(Path::new(&lock))?;
    match claim.try_lock() {
        Ok(()) => open(path).map(|_| claim),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

fn json<T: serde::Serialize>(rows: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn explain(path: &Path, error: sqlx::Error) -> StoreError {
    // 26: the file is no database; 11: its pages are damaged.
    let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
    match code.as_deref() {
        Some("26" | "11") => StoreError::Damaged(path.to_owned(), error.to_string()),
        _ => StoreError::Unavailable(path.to_owned(), error.to_string()),
    }
}
