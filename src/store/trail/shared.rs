//! Blocks of events in a PostgreSQL database, to which several servers write. Blocks of different servers are of the same
//! time, so that their events have to be brought into order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row};

use super::block::{Block, Packer, named_by};
use super::shared_denials::forget_denials;
use super::{EXPIRE_EVERY, RETENTION_SECONDS, SWEEP_EVERY};
use crate::audit::{Event, EventQuery};
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::postgres::{Link, in_long_time, in_time};

/// How many blocks are read at once.
const READ_AT_ONCE: i64 = 8;

/// How many blocks a look-up reads at first, and at most at once.
const FIRST_LIMIT: i64 = 2;
const MAX_LIMIT: i64 = 32;

/// The next blocks that have a term, the newest first, between two places: the keys of so many, and their events unless they
/// are of another time or gone. Each block is read by its key when its turn comes, whatever the statistics say.
const FIND: &str = "with next as materialized (select first, server from terms \
     where term = $1 and (first, server) < ($2, $3) and first >= $4 order by first desc, server desc limit $5) \
     select next.first, next.server, events from next left join blocks on blocks.first = next.first \
     and blocks.server = next.server and last >= $6 and latest >= $7 and earliest <= $8 \
     order by next.first desc, next.server desc";

/// The first block with events since a time, the last one with events until a time, and where the first block begins that
/// can have events of a place. The clock can be turned back, so the times of blocks need not be in their order; mostly all
/// blocks are of the time, which is known at once.
const BOUNDS: &str = "select \
     case when (select min(latest) from blocks) < $1 \
     then (select min(first) from blocks where latest >= $1) else 0 end, \
     case when (select max(earliest) from blocks) > $2 \
     then (select max(first) from blocks where earliest <= $2) else 9223372036854775807 end, \
     $3 - coalesce((select max(last - first) from blocks), 0)";

/// The last event of the blocks before a place: blocks of several servers overlap, but none is longer than the longest. They
/// are found by their place, whatever the statistics say.
const NEWEST_BEFORE: &str = "with near as materialized (select last from blocks where (first, server) < ($1, $2) \
     and first >= $1 - (select max(last - first) from blocks)) select max(last) from near";

/// The terms of blocks that are gone.
const SWEEP: &str = "delete from terms where not exists \
     (select 1 from blocks where blocks.first = terms.first and blocks.server = terms.server)";

/// Blocks of events of all servers.
pub(super) struct SharedArchive {
    pub(super) link: Arc<Link>,
    pub(super) packer: Packer,
    max_size: u64,
    /// Distinguishes this server's blocks from those of others.
    server: i64,
    /// How many blocks were written since it was looked for those that are too old.
    unchecked: AtomicUsize,
    /// The blocks that this server has removed, and not yet their terms.
    removed: AtomicU64,
}

impl SharedArchive {
    pub fn new(link: Arc<Link>, packer: Packer, max_size: u64) -> Self {
        let (unchecked, removed) = (AtomicUsize::new(EXPIRE_EVERY), AtomicU64::new(0));
        Self { link, packer, max_size, server: rand::random(), unchecked, removed }
    }

    /// Writes events in blocks, all or none, and removes the oldest blocks if there are too many.
    pub async fn append(&self, events: &[Arc<Event>]) -> Result<(), Fault> {
        let Some(last) = events.last() else { return Ok(()) };
        let blocks = self.packer.pack_all(events).await?;
        let mut connection = self.link.lease().await?;
        let written = in_time(async {
            let mut transaction = connection.begin().await?;
            for block in &blocks {
                self.insert(&mut transaction, block).await?;
            }
            Ok(transaction.commit().await?)
        });
        let mut written = written.await;
        let unchecked = self.unchecked.fetch_add(blocks.len(), Ordering::Relaxed) + blocks.len();
        if written.is_ok() && unchecked >= EXPIRE_EVERY {
            self.unchecked.store(0, Ordering::Relaxed);
            written = in_time(self.make_room(&mut connection, last.time.plus(-RETENTION_SECONDS))).await;
        }
        self.link.settle(connection, written)
    }

    async fn insert(&self, connection: &mut PgConnection, block: &Block) -> Result<(), Fault> {
        let sql = "with block as (insert into blocks (first, server, last, earliest, latest, events) \
                   values ($1, $2, $3, $4, $5, $6)) \
                   insert into terms (term, first, server) select term, $1, $2 from unnest($7::bigint[]) as term";
        let query = sqlx::query(sql)
            .bind(block.first)
            .bind(self.server)
            .bind(block.last)
            .bind(block.earliest)
            .bind(block.latest)
            .bind(&block.bytes)
            .bind(&block.terms);
        query.execute(connection).await?;
        Ok(())
    }

    /// Removes the blocks whose events are all older, and the oldest of those that are too many.
    async fn make_room(&self, connection: &mut PgConnection, oldest: Timestamp) -> Result<(), Fault> {
        let sql = "with sized as (select first, server, latest, \
                   sum(octet_length(events)) over (order by first desc, server desc) as size from blocks) \
                   delete from blocks using sized where blocks.first = sized.first \
                   and blocks.server = sized.server and (sized.latest < $1 or sized.size > $2)";
        let query = sqlx::query(sql).bind(oldest.seconds()).bind(i64::try_from(self.max_size).unwrap_or(i64::MAX));
        let gone = query.execute(&mut *connection).await?.rows_affected();
        if self.removed.fetch_add(gone, Ordering::Relaxed) + gone >= SWEEP_EVERY {
            self.removed.store(0, Ordering::Relaxed);
            sqlx::query(SWEEP).execute(connection).await?;
        }
        Ok(())
    }

    /// The events that fit, the newest first.
    pub async fn find(&self, query: &EventQuery) -> Result<Vec<Event>, Fault> {
        let Some(named) = named_by(query) else { return Ok(Vec::new()) };
        let mut connection = self.link.lease().await?;
        let found = in_time(self.find_on(&mut connection, query, named)).await;
        self.link.settle(connection, found)
    }

    async fn find_on(
        &self,
        connection: &mut PgConnection,
        query: &EventQuery,
        named: (i64, i64),
    ) -> Result<Vec<Event>, Fault> {
        let mut found = Vec::new();
        let Some((first, last)) = bounds(connection, query, named).await? else { return Ok(found) };
        let before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let mut place = (before.min(last.saturating_add(1)), i64::MIN);
        let mut limit = FIRST_LIMIT;
        loop {
            let rows = sqlx::query(FIND)
                .bind(query.term().cast_signed())
                .bind(place.0)
                .bind(place.1)
                .bind(first)
                .bind(limit)
                .bind(named.0)
                .bind(query.start.seconds())
                .bind(query.end.seconds())
                .fetch_all(&mut *connection)
                .await?;
            for row in &rows {
                place = (row.try_get(0)?, row.try_get(1)?);
                let block: Option<&[u8]> = row.try_get(2)?;
                let Some(block) = block else { continue };
                let events = self.packer.find(place.0.cast_unsigned(), block, query.term())?;
                found.extend(events.into_iter().filter(|event| query.fits(event)));
            }
            // A page of what is frequent is in a block or two; one of what is rare is in many.
            let is_last = (rows.len() as i64) < limit;
            if is_last || found.len() >= query.limit {
                found.sort_by_key(|event: &Event| std::cmp::Reverse((event.sequence, event.random)));
                let is_settled = match found.get(query.limit.saturating_sub(1)) {
                    Some(event) if !is_last => event.sequence.cast_signed() > newest_before(connection, place).await?,
                    _ => is_last,
                };
                if is_settled {
                    found.truncate(query.limit);
                    return Ok(found);
                }
            }
            limit = MAX_LIMIT.min(limit * 4);
        }
    }

    /// The blocks after a place, some at a time, each with its place.
    pub async fn read_after(&self, (first, server): (i64, i64)) -> Result<Vec<((i64, i64), Vec<Event>)>, Fault> {
        let sql = "select first, server, events from blocks where (first, server) > ($1, $2) \
                   order by first, server limit $3";
        let mut connection = self.link.lease().await?;
        let query = sqlx::query(sql).bind(first).bind(server).bind(READ_AT_ONCE);
        let rows = in_time(async { Ok(query.fetch_all(&mut *connection).await?) }).await;
        let rows = self.link.settle(connection, rows)?;
        let mut blocks = Vec::new();
        for row in &rows {
            let place: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            blocks.push((place, self.packer.unpack(place.0.cast_unsigned(), row.try_get(2)?)?));
        }
        Ok(blocks)
    }

    /// The next events of all servers after one of them and up to another one, the oldest first, without those of blocks
    /// that are all older than `start`. All up to the latter must be written.
    pub async fn between(&self, (after, to): (u64, u64), start: Timestamp) -> Result<Vec<Event>, Fault> {
        let sql = "select first, events from blocks where last > $1 and first <= $2 and latest >= $3 \
                   order by first, server limit $4";
        let [after, to] = [after, to].map(|sequence| i64::try_from(sequence).unwrap_or(i64::MAX));
        let mut limit = READ_AT_ONCE;
        loop {
            let mut connection = self.link.lease().await?;
            let query = sqlx::query(sql).bind(after).bind(to).bind(start.seconds()).bind(limit);
            let rows = in_time(async { Ok(query.fetch_all(&mut *connection).await?) }).await;
            let rows = self.link.settle(connection, rows)?;
            let (mut found, mut end) = (Vec::new(), to);
            for row in &rows {
                let first: i64 = row.try_get(0)?;
                found.extend(self.packer.unpack(first.cast_unsigned(), row.try_get(1)?)?);
                // Blocks that were not read begin with this event, or later.
                if rows.len() as i64 == limit {
                    end = to.min(first - 1);
                }
            }
            found.retain(|event: &Event| (after + 1..=end).contains(&event.sequence.cast_signed()));
            if !found.is_empty() || (rows.len() as i64) < limit {
                found.sort_by_key(|event| (event.sequence, event.random));
                return Ok(found);
            }
            limit *= 2;
        }
    }

    /// Forgets an account, or all.
    pub async fn forget(&self, account: Option<AccountId>) -> Result<(), Fault> {
        let mut connection = self.link.lease().await?;
        let forgotten = in_long_time(async {
            forget_denials(&mut connection, account).await?;
            match account {
                Some(account) => self.forget_one(&mut connection, account).await,
                None => forget_all(&mut connection).await,
            }
        });
        let forgotten = forgotten.await;
        self.link.settle(connection, forgotten)
    }

    async fn forget_one(&self, connection: &mut PgConnection, account: AccountId) -> Result<(), Fault> {
        let term = EventQuery::all_of(account).term().cast_signed();
        let mut transaction = connection.begin().await?;
        let sql = "select first, server, events from terms join blocks using (first, server) where term = $1 \
                   order by first, server for update of blocks";
        for row in sqlx::query(sql).bind(term).fetch_all(&mut *transaction).await? {
            let (first, server): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let events = self.packer.unpack(first.cast_unsigned(), row.try_get(2)?)?;
            let left: Vec<_> = events.into_iter().filter(|event| event.account != account).map(Arc::new).collect();
            if left.is_empty() {
                let sql = "delete from blocks where first = $1 and server = $2";
                sqlx::query(sql).bind(first).bind(server).execute(&mut *transaction).await?;
                self.removed.fetch_add(1, Ordering::Relaxed);
            } else {
                let block = self.packer.pack(first.cast_unsigned(), &left)?.bytes;
                let sql = "update blocks set events = $3 where first = $1 and server = $2";
                sqlx::query(sql).bind(first).bind(server).bind(block).execute(&mut *transaction).await?;
            }
            let sql = "delete from terms where term = $1 and first = $2 and server = $3";
            sqlx::query(sql).bind(term).bind(first).bind(server).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// The first and the last block that can have what is looked for, by its time and by the place that its name says; `None`
/// if none can.
async fn bounds(
    connection: &mut PgConnection,
    query: &EventQuery,
    (named, to): (i64, i64),
) -> Result<Option<(i64, i64)>, Fault> {
    let bounds = sqlx::query_as(BOUNDS).bind(query.start.seconds()).bind(query.end.seconds()).bind(named);
    let (since, until, at): (Option<i64>, Option<i64>, i64) = bounds.fetch_one(connection).await?;
    let (Some(since), Some(until)) = (since, until) else { return Ok(None) };
    let (first, last) = (since.max(at), until.min(to));
    Ok((first <= last).then_some((first, last)))
}

/// The sequence number of the newest event in the blocks before a place; 0 if there is none.
async fn newest_before(connection: &mut PgConnection, (first, server): (i64, i64)) -> Result<i64, Fault> {
    let newest = sqlx::query_scalar(NEWEST_BEFORE).bind(first).bind(server);
    let newest: Option<i64> = newest.fetch_one(connection).await?;
    Ok(newest.unwrap_or_default())
}

async fn forget_all(connection: &mut PgConnection) -> Result<(), Fault> {
    let mut transaction = connection.begin().await?;
    for sql in ["delete from terms", "delete from blocks"] {
        sqlx::query(sql).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
