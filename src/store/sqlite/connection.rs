//! The one connection to the database: SQLite has one writer, and all reading is done from memory.
//!
//! Work on the connection takes it out of its place, and puts it back only if the work left no doubt about
//! its state. An open transaction can therefore never outlive the work that began it, whichever error or cancellation
//! ended that work: the connection is closed, which rolls back, and the next one opens a new connection.

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor};
use tokio::sync::{Mutex, MutexGuard};

use super::file::{DatabaseFile, Identity};
use super::write::Transaction;
use crate::store::fault::Fault;

/// SQLite's result codes after which it says that its state is sound: the disk is full, or a constraint does not hold.
const SOUND: &[i32] = &[13, 19];

/// Opens connections, and keeps one.
pub(super) struct Connection {
    options: SqliteConnectOptions,
    /// `None` for a database in memory.
    pub file: Option<DatabaseFile>,
    kept: Mutex<Option<Opened>>,
    /// A database in memory lasts as long as a connection to it.
    _anchor: Option<SqliteConnection>,
}

struct Opened {
    connection: SqliteConnection,
    log: Option<Identity>,
}

/// Whether SQLite's own rollback is all that the connection needs after a fault.
fn is_sound(fault: &Fault) -> bool {
    let Fault::Database(sqlx::Error::Database(error)) = fault else { return false };
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    // Extended codes carry the plain one in their low byte.
    code.is_some_and(|code| SOUND.contains(&(code & 0xff)))
}

impl Connection {
    /// Opens the first connection.
    pub async fn open(options: SqliteConnectOptions, file: Option<DatabaseFile>) -> Result<Self, sqlx::Error> {
        let anchor = match file {
            Some(_) => None,
            None => Some(SqliteConnection::connect_with(&options).await?),
        };
        let opened = Opened::new(&options, file.as_ref()).await?;
        // From now on a file that is absent is lost, not new.
        let options = options.create_if_missing(false);
        Ok(Self { options, file, kept: Mutex::new(Some(opened)), _anchor: anchor })
    }

    /// Takes the connection out of its place, or opens one.
    pub async fn lease(&self) -> Result<Lease<'_>, Fault> {
        let mut place = self.kept.lock().await;
        let mut opened = place.take();
        if let (Some(file), Some(kept)) = (&self.file, &opened)
            && let Err(reason) = file.check(kept.log)
        {
            if let Some(Opened { connection, .. }) = opened.take() {
                // With its log gone, SQLite writes what was in it to the file as it closes.
                let _ = connection.close().await;
            }
            tracing::warn!(reason, "the connection to the database was given up");
        }
        let opened = match opened {
            Some(opened) => opened,
            None => {
                if let Some(file) = &self.file {
                    file.check(None).map_err(Fault::Displaced)?;
                }
                Opened::new(&self.options, self.file.as_ref()).await?
            }
        };
        Ok(Lease { opened, place, file: self.file.as_ref() })
    }

    /// Whether the file is in its place.
    pub fn check(&self) -> Result<(), String> {
        self.file.as_ref().map_or(Ok(()), |file| file.check(None))
    }

    /// Closes the connection after the work under way has ended.
    pub async fn close(&self) {
        if let Some(opened) = self.kept.lock().await.take()
            && let Err(error) = opened.connection.close().await
        {
            tracing::error!(error = error.to_string(), "the database could not be closed");
        }
    }
}

impl Opened {
    async fn new(options: &SqliteConnectOptions, file: Option<&DatabaseFile>) -> Result<Self, sqlx::Error> {
        let mut connection = SqliteConnection::connect_with(options).await?;
        // SQLite opens its log at the first read.
        connection.execute("select count(*) from sqlite_schema").await?;
        Ok(Self { connection, log: file.and_then(DatabaseFile::log) })
    }
}

/// The connection while it is in use. Dropping it closes the connection.
pub(super) struct Lease<'c> {
    opened: Opened,
    place: MutexGuard<'c, Option<Opened>>,
    file: Option<&'c DatabaseFile>,
}

impl Lease<'_> {
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.opened.connection
    }

    /// Begins a transaction that writes.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        self.connection().execute("begin immediate").await?;
        Ok(())
    }

    /// Ends a transaction: what it wrote is on disk, in a file that is in its place.
    pub async fn commit(&mut self) -> Result<(), Fault> {
        self.connection().execute("commit").await?;
        self.check()
    }

    /// Runs a whole transaction, which is on disk then.
    pub async fn run(&mut self, transaction: Transaction) -> Result<(), Fault> {
        let Transaction { sql, rows } = transaction;
        let query = rows.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), Query::<Sqlite, _>::bind);
        query.execute(self.connection()).await?;
        self.check()
    }

    fn check(&self) -> Result<(), Fault> {
        let log = self.opened.log;
        self.file.map_or(Ok(()), |file| file.check(log).map_err(Fault::Displaced))
    }

    /// Puts the connection back after work that succeeded; after an error, only if no transaction is open.
    pub async fn settle<T>(mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        let keep = match &result {
            Ok(_) => true,
            Err(fault) => is_sound(fault) && self.is_idle().await,
        };
        let Self { opened, mut place, .. } = self;
        if keep {
            *place = Some(opened);
        } else if let Err(error) = opened.connection.close().await {
            tracing::warn!(error = error.to_string(), "a connection to the database could not be closed");
        }
        result
    }

    /// Rolls back any open transaction. SQLite begins a transaction only where there is none, which is how it is known
    /// that none is left.
    async fn is_idle(&mut self) -> bool {
        // Fails where SQLite has rolled back already.
        let _ = self.connection().execute("rollback").await;
        self.connection().execute("begin").await.is_ok() && self.connection().execute("rollback").await.is_ok()
    }
}
