//! Blocks of events in a PostgreSQL database, to which several servers write. Blocks of different servers are of the same
//! time, so that their events have to be brought into order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row};

use super::block::{Block, Packer, named_by};
use super::shared_denials::forget_denials;
use super::{EXPIRE_EVERY, RETENTION_SECONDS};
use crate::audit::{Event, EventQuery};
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::postgres::{Link, in_long_time, in_time};

/// How many blocks are read at once.
const READ_AT_ONCE: i64 = 8;

/// Blocks of events of all servers.
pub(super) struct SharedArchive {
    pub(super) link: Arc<Link>,
    pub(super) packer: Packer,
    max_size: u64,
    /// Distinguishes this server's blocks from those of others.
    server: i64,
    /// How many blocks were written since it was looked for those that are too old.
    unchecked: AtomicUsize,
}

impl SharedArchive {
    pub fn new(link: Arc<Link>, packer: Packer, max_size: u64) -> Self {
        Self { link, packer, max_size, server: rand::random(), unchecked: AtomicUsize::new(EXPIRE_EVERY) }
    }

    /// Writes events in blocks, all or none, and removes the oldest blocks if there are too many.
    pub async fn append(&self, events: &[Arc<Event>]) -> Result<(), Fault> {
        let Some(last) = events.last() else { return Ok(()) };
        let blocks = self.packer.pack_all(events).await?;
        let unchecked = self.unchecked.fetch_add(blocks.len(), Ordering::Relaxed) + blocks.len();
        let mut connection = self.link.lease().await?;
        let written = in_time(async {
            let mut transaction = connection.begin().await?;
            for block in &blocks {
                self.insert(&mut transaction, block).await?;
            }
            transaction.commit().await?;
            if unchecked >= EXPIRE_EVERY {
                self.unchecked.store(0, Ordering::Relaxed);
                self.make_room(&mut connection, last.time.plus(-RETENTION_SECONDS)).await?;
            }
            Ok(())
        });
        let written = written.await;
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
                   sum(octet_length(events)) over (order by first desc, server desc) as size from blocks), \
                   gone as (delete from blocks using sized where blocks.first = sized.first \
                   and blocks.server = sized.server and (sized.latest < $1 or sized.size > $2) \
                   returning blocks.first, blocks.server) \
                   delete from terms using gone where terms.first = gone.first and terms.server = gone.server";
        let query = sqlx::query(sql).bind(oldest.seconds()).bind(i64::try_from(self.max_size).unwrap_or(i64::MAX));
        query.execute(connection).await?;
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
        let sql = "select last, first, server, events from terms join blocks using (first, server) \
                   where term = $1 and first < $2 and last >= $3 and first <= $4 and latest >= $5 and earliest <= $6 \
                   and (last, first, server) < ($7, $8, $9) order by last desc, first desc, server desc limit $10";
        let before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let mut place = (i64::MAX, i64::MAX, i64::MAX);
        let mut found = Vec::new();
        loop {
            let rows = sqlx::query(sql)
                .bind(query.term().cast_signed())
                .bind(before)
                .bind(named.0)
                .bind(named.1)
                .bind(query.start.seconds())
                .bind(query.end.seconds())
                .bind(place.0)
                .bind(place.1)
                .bind(place.2)
                .bind(READ_AT_ONCE)
                .fetch_all(&mut *connection)
                .await?;
            for row in &rows {
                place = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let events = self.packer.find(place.1.cast_unsigned(), row.try_get(3)?, query.term())?;
                found.extend(events.into_iter().filter(|event| query.fits(event)));
            }
            found.sort_by_key(|event: &Event| std::cmp::Reverse((event.sequence, event.random)));
            // The blocks that were not read yet have nothing newer than this.
            let settled = found.iter().take_while(|event| event.sequence.cast_signed() > place.0).count();
            if (rows.len() as i64) < READ_AT_ONCE || settled >= query.limit {
                found.truncate(query.limit);
                return Ok(found);
            }
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
                let sql = "with gone as (delete from blocks where first = $1 and server = $2) \
                           delete from terms where first = $1 and server = $2";
                sqlx::query(sql).bind(first).bind(server).execute(&mut *transaction).await?;
                continue;
            }
            let block = self.packer.pack(first.cast_unsigned(), &left)?.bytes;
            let sql = "update blocks set events = $3 where first = $1 and server = $2";
            sqlx::query(sql).bind(first).bind(server).bind(block).execute(&mut *transaction).await?;
            let sql = "delete from terms where first = $1 and server = $2 and term = $3";
            sqlx::query(sql).bind(first).bind(server).bind(term).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn forget_all(connection: &mut PgConnection) -> Result<(), Fault> {
    let mut transaction = connection.begin().await?;
    for sql in ["delete from terms", "delete from blocks"] {
        sqlx::query(sql).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
