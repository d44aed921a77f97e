//! Blocks of events in a database of their own, so that no commit of an account waits for them.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row};
use tokio::sync::{Mutex, MutexGuard};

use super::super::fault::Fault;
use super::super::room::leave_room;
use super::block::{Packer, named_by};
use super::{EXPIRE_EVERY, RETENTION_SECONDS, SWEEP_EVERY};
use crate::audit::{Event, EventQuery};
use crate::shapes::{AccountId, Timestamp};

/// The tables, by the version of the database that each makes.
const TABLES: [&str; 3] = [
    include_str!("../../../migrations/audit/0001_blocks.sql"),
    include_str!("../../../migrations/audit/0002_denials.sql"),
    include_str!("../../../migrations/audit/0003_times.sql"),
];

/// How many blocks are read at once.
const READ_AT_ONCE: i64 = 8;

/// The blocks that have a term, the newest first, between two of them. They are ordered by the key of the terms, so that no
/// block is read before its turn.
const FIND: &str = "select first, events from terms cross join blocks on first = block \
                    where term = ?1 and block >= ?2 and block < ?3 \
                    and last >= ?4 and latest >= ?5 and earliest <= ?6 order by block desc limit ?7";

/// The first block with events since a time, the last one with events until a time, and the last one that begins at or
/// before a place: without an answer if there is none. The clock can be turned back, so the times of blocks need not be in
/// their order; mostly all blocks are of the time, which is known at once.
const BOUNDS: &str = "select \
    iif(exists (select 1 from blocks where latest < ?1), \
        (select min(first) from blocks indexed by blocks_latest where latest >= ?1), 0), \
    iif(exists (select 1 from blocks where earliest > ?2), \
        (select max(first) from blocks indexed by blocks_earliest where earliest <= ?2), ?4), \
    (select max(first) from blocks where first <= ?3)";

/// The terms of blocks that are gone.
const SWEEP: &str = "delete from terms where block not in (select first from blocks)";

/// Blocks of events.
pub(super) struct Archive {
    /// `None` for one in memory.
    path: Option<PathBuf>,
    pub(super) packer: Packer,
    max_size: u64,
    open: Mutex<Option<Open>>,
}

pub(super) struct Open {
    pub connection: SqliteConnection,
    /// The bytes in all blocks.
    size: u64,
    /// How many blocks were written since it was looked for those that are too old.
    unchecked: usize,
    /// The blocks that were removed, and not yet their terms.
    removed: u64,
}

impl Archive {
    pub fn new(path: Option<PathBuf>, packer: Packer, max_size: u64) -> Self {
        Self { path, packer, max_size, open: Mutex::default() }
    }

    /// Writes events in blocks, all or none, and removes the oldest blocks if there are too many.
    pub async fn append(&self, events: &[Arc<Event>]) -> Result<(), Fault> {
        if let Some(folder) = self.path.as_deref().and_then(Path::parent) {
            leave_room(folder).map_err(|error| Fault::Content(error.to_string()))?;
        }
        let written = self.try_append(events).await;
        self.give_up_after(written).await
    }

    /// After an error, a transaction may be open: it is undone with its connection.
    pub(super) async fn give_up_after(&self, result: Result<(), Fault>) -> Result<(), Fault> {
        if result.is_err() && self.path.is_some() {
            *self.open.lock().await = None;
        }
        result
    }

    async fn try_append(&self, events: &[Arc<Event>]) -> Result<(), Fault> {
        let Some(last) = events.last() else { return Ok(()) };
        let blocks = self.packer.pack_all(events).await?;
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(()) };
        open.begin().await?;
        for block in &blocks {
            sqlx::query("insert into blocks (first, last, earliest, latest, events) values (?, ?, ?, ?, ?)")
                .bind(block.first)
                .bind(block.last)
                .bind(block.earliest)
                .bind(block.latest)
                .bind(&block.bytes)
                .execute(&mut open.connection)
                .await?;
            sqlx::query("insert into terms (term, block) select value, ? from json_each(?)")
                .bind(block.first)
                .bind(sqlx::types::Json(&block.terms))
                .execute(&mut open.connection)
                .await?;
        }
        open.commit().await?;
        open.size += blocks.iter().map(|block| block.bytes.len() as u64).sum::<u64>();
        open.unchecked += blocks.len();
        if open.unchecked >= EXPIRE_EVERY {
            open.unchecked = 0;
            open.expire(last.time.plus(-RETENTION_SECONDS)).await?;
        }
        while open.size > self.max_size && open.remove_oldest().await? {}
        Ok(())
    }

    /// The events that fit, the newest first.
    pub async fn find(&self, query: &EventQuery) -> Result<Vec<Event>, Fault> {
        let mut found = Vec::new();
        if self.is_absent() {
            return Ok(found);
        }
        let mut before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let Some((named, to)) = named_by(query) else { return Ok(found) };
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(found) };
        let Some((first, last)) = open.bounds(query, (named, to)).await? else { return Ok(found) };
        before = before.min(last.saturating_add(1));
        loop {
            let rows = sqlx::query(FIND)
                .bind(query.term().cast_signed())
                .bind(first)
                .bind(before)
                .bind(named)
                .bind(query.start.seconds())
                .bind(query.end.seconds())
                .bind(READ_AT_ONCE)
                .fetch_all(&mut open.connection)
                .await?;
            let is_last = (rows.len() as i64) < READ_AT_ONCE;
            for row in rows {
                before = row.try_get(0)?;
                let events = self.packer.find(before.cast_unsigned(), row.try_get(1)?, query.term())?;
                found.extend(events.into_iter().rev().filter(|event| query.fits(event)));
                if found.len() >= query.limit {
                    found.truncate(query.limit);
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The blocks after a place, some at a time, each with its place.
    pub async fn read_after(&self, (after, _): (i64, i64)) -> Result<Vec<((i64, i64), Vec<Event>)>, Fault> {
        let mut blocks = Vec::new();
        if self.path.as_ref().is_some_and(|path| !path.exists()) {
            return Ok(blocks);
        }
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(blocks) };
        let sql = "select first, events from blocks where first > ? order by first limit ?";
        let rows = sqlx::query(sql).bind(after).bind(READ_AT_ONCE).fetch_all(&mut open.connection).await?;
        for row in &rows {
            let first: i64 = row.try_get(0)?;
            blocks.push(((first, 0), self.packer.unpack(first.cast_unsigned(), row.try_get(1)?)?));
        }
        Ok(blocks)
    }

    /// The events after this one in the next block that has some and is not all older than `start`, the oldest first.
    pub async fn after(&self, after: u64, start: Timestamp) -> Result<Vec<Event>, Fault> {
        if self.is_absent() {
            return Ok(Vec::new());
        }
        let sql = "select first, events from blocks \
                   where first >= coalesce((select max(first) from blocks where first <= ?1), 0) \
                   and last > ?1 and latest >= ?2 order by first limit 1";
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(Vec::new()) };
        let row = sqlx::query(sql)
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(start.seconds())
            .fetch_optional(&mut open.connection)
            .await?;
        drop(guard);
        let Some(row) = row else { return Ok(Vec::new()) };
        let first: i64 = row.try_get(0)?;
        let events = self.packer.unpack(first.cast_unsigned(), row.try_get(1)?)?;
        Ok(events.into_iter().filter(|event| event.sequence > after).collect())
    }

    /// Forgets an account, or all.
    pub async fn forget(&self, account: Option<AccountId>) -> Result<(), Fault> {
        let forgotten = self.try_forget(account).await;
        self.give_up_after(forgotten).await
    }

    async fn try_forget(&self, account: Option<AccountId>) -> Result<(), Fault> {
        if self.is_absent() {
            return Ok(());
        }
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(()) };
        open.forget_denials(account).await?;
        let Some(account) = account else {
            open.connection.execute("delete from terms; delete from blocks; pragma incremental_vacuum").await?;
            open.size = 0;
            return Ok(());
        };
        let every = EventQuery::all_of(account);
        let blocks = sqlx::query_scalar("select block from terms where term = ?").bind(every.term().cast_signed());
        let blocks: Vec<i64> = blocks.fetch_all(&mut open.connection).await?;
        for first in blocks {
            let block = sqlx::query_scalar("select events from blocks where first = ?").bind(first);
            let block: Option<Vec<u8>> = block.fetch_optional(&mut open.connection).await?;
            let events = match block {
                Some(block) => self.packer.unpack(first.cast_unsigned(), &block)?,
                None => Vec::new(),
            };
            let left: Vec<Arc<Event>> =
                events.into_iter().filter(|event| event.account != account).map(Arc::new).collect();
            open.begin().await?;
            if left.is_empty() {
                sqlx::query("delete from blocks where first = ?").bind(first).execute(&mut open.connection).await?;
                open.removed += 1;
            } else {
                let block = self.packer.pack(first.cast_unsigned(), &left)?.bytes;
                let sql = "update blocks set events = ? where first = ?";
                sqlx::query(sql).bind(block).bind(first).execute(&mut open.connection).await?;
            }
            let own = sqlx::query("delete from terms where term = ? and block = ?").bind(every.term().cast_signed());
            own.bind(first).execute(&mut open.connection).await?;
            open.commit().await?;
        }
        open.size = size(&mut open.connection).await?;
        Ok(())
    }

    /// Closes the database, so that all of it is in one file.
    pub async fn close(&self) {
        if let Some(open) = self.open.lock().await.take()
            && let Err(error) = open.connection.close().await
        {
            tracing::error!(error = error.to_string(), "the database of the audit trail could not be closed");
        }
    }

    pub(super) async fn open(&self) -> Result<MutexGuard<'_, Option<Open>>, Fault> {
        let mut guard = self.open.lock().await;
        if guard.is_none() {
            *guard = Some(Open::new(self.path.as_deref()).await?);
        }
        Ok(guard)
    }

    /// Whether there is no file yet.
    pub(super) fn is_absent(&self) -> bool {
        self.path.as_ref().is_some_and(|path| !path.exists())
    }
}

impl Open {
    async fn new(path: Option<&Path>) -> Result<Self, Fault> {
        let options = match path {
            Some(path) => SqliteConnectOptions::new().filename(owned_by_user(path)?),
            None => SqliteConnectOptions::new().in_memory(true),
        };
        // After a crash of the machine the last events may be missing; the database is sound.
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .pragma("cache_size", "-1024");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        prepare(&mut connection).await?;
        let size = size(&mut connection).await?;
        Ok(Self { connection, size, unchecked: EXPIRE_EVERY, removed: 0 })
    }

    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        self.connection.execute("begin immediate").await?;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Fault> {
        self.connection.execute("commit").await?;
        Ok(())
    }

    /// The first and the last block that can have what is looked for, by its time and by the place that its name says; `None`
    /// if none can.
    async fn bounds(&mut self, query: &EventQuery, (named, to): (i64, i64)) -> Result<Option<(i64, i64)>, Fault> {
        let row = sqlx::query(BOUNDS)
            .bind(query.start.seconds())
            .bind(query.end.seconds())
            .bind(named)
            .bind(i64::MAX)
            .fetch_one(&mut self.connection)
            .await?;
        let (since, until, at): (Option<i64>, Option<i64>, Option<i64>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (Some(since), Some(until)) = (since, until) else { return Ok(None) };
        let (first, last) = (since.max(at.unwrap_or(0)), until.min(to));
        Ok((first <= last).then_some((first, last)))
    }

    /// Removes the blocks whose events are all older, and after many the terms without a block.
    async fn expire(&mut self, oldest: Timestamp) -> Result<(), Fault> {
        self.begin().await?;
        let sql = "delete from blocks where latest < ?";
        let removed = sqlx::query(sql).bind(oldest.seconds()).execute(&mut self.connection).await?.rows_affected();
        self.removed += removed;
        if self.removed >= SWEEP_EVERY {
            sqlx::query(SWEEP).execute(&mut self.connection).await?;
            self.removed = 0;
        }
        self.commit().await?;
        if removed > 0 {
            self.size = size(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Removes the oldest block; whether there was one to spare.
    async fn remove_oldest(&mut self) -> Result<bool, Fault> {
        let sql = "select first, length(events) from blocks order by first limit 2";
        let rows = sqlx::query(sql).fetch_all(&mut self.connection).await?;
        let [oldest, _] = rows.as_slice() else { return Ok(false) };
        let (first, size): (i64, i64) = (oldest.try_get(0)?, oldest.try_get(1)?);
        sqlx::query("delete from blocks where first = ?").bind(first).execute(&mut self.connection).await?;
        self.removed += 1;
        self.size = self.size.saturating_sub(size.unsigned_abs());
        Ok(true)
    }
}

/// The bytes in all blocks.
async fn size(connection: &mut SqliteConnection) -> Result<u64, Fault> {
    let sql = "select coalesce(sum(length(events)), 0) from blocks";
    let size: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(size.unsigned_abs())
}

/// Makes the tables that are not there yet.
async fn prepare(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let version: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&mut *connection).await?;
    let known = usize::try_from(version).ok().filter(|version| *version <= TABLES.len());
    let newer = || Fault::Content("the audit trail was written by a newer version of iamd".to_owned());
    for (number, tables) in TABLES.iter().enumerate().skip(known.ok_or_else(newer)?) {
        connection.execute(*tables).await?;
        connection.execute(AssertSqlSafe(format!("pragma user_version = {}", number + 1))).await?;
    }
    Ok(())
}

/// Makes the file if it is absent, readable by its owner only.
fn owned_by_user(path: &Path) -> Result<&Path, Fault> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    opened.map(|_| path).map_err(|error| Fault::Content(format!("{}: {error}", path.display())))
}
