//! The change of the key of an audit trail: block by block, so that it can be interrupted and done again.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row};

use super::archive::{Archive, Open};
use super::block::Packer;
use super::denials::id_of;
use super::shared::SharedArchive;
use crate::store::fault::Fault;

/// How many blocks or denials are changed in a transaction.
const AT_ONCE: i64 = 64;

impl Archive {
    /// Seals all blocks and denials with another key, or with none.
    pub async fn reseal(&self, new: &Packer) -> Result<(), Fault> {
        if self.is_absent() {
            return Ok(());
        }
        let resealed = self.try_reseal(new).await;
        self.give_up_after(resealed).await
    }

    async fn try_reseal(&self, new: &Packer) -> Result<(), Fault> {
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(()) };
        for table in [BLOCKS, DENIALS] {
            self.reseal_table(open, &table, new).await?;
        }
        // What was there before is left in free pages and in the log until then.
        for sql in ["vacuum", "pragma wal_checkpoint(truncate)"] {
            open.connection.execute(sql).await?;
        }
        Ok(())
    }

    async fn reseal_table(&self, open: &mut Open, table: &Table, new: &Packer) -> Result<(), Fault> {
        let mut last = i64::MIN;
        loop {
            let rows = sqlx::query(table.select).bind(last).bind(AT_ONCE).fetch_all(&mut open.connection).await?;
            if rows.is_empty() {
                return Ok(());
            }
            open.begin().await?;
            for row in rows {
                last = row.try_get(0)?;
                let key = (table.key)(&row)?;
                if let Some(sealed) = self.packer.resealed((table.name, &key), row.try_get(1)?, new)? {
                    sqlx::query(table.update).bind(sealed).bind(last).execute(&mut open.connection).await?;
                }
            }
            open.commit().await?;
        }
    }
}

/// A table of what is sealed.
struct Table {
    name: &'static str,
    /// Selects rows after a place: their places, what is sealed, and what else the key needs.
    select: &'static str,
    update: &'static str,
    /// What a row is bound to.
    key: fn(&SqliteRow) -> Result<String, Fault>,
}

const BLOCKS: Table = Table {
    name: "blocks",
    select: "select first, events from blocks where first > ? order by first limit ?",
    update: "update blocks set events = ?1 where first = ?2",
    key: |row| Ok(row.try_get::<i64, _>(0)?.cast_unsigned().to_string()),
};

const DENIALS: Table = Table {
    name: "denials",
    select: "select place, details, id from denials where place > ? order by place limit ?",
    update: "update denials set details = ?1, size = length(?1) where place = ?2",
    key: |row| Ok(id_of(row.try_get(2)?)?.to_string()),
};

impl SharedArchive {
    /// Seals all blocks and denials with another key, or with none.
    pub async fn reseal(&self, new: &Packer) -> Result<(), Fault> {
        let mut connection = self.link.lease().await?;
        let resealed = self.try_reseal(&mut connection, new).await;
        self.link.settle(connection, resealed)
    }

    async fn try_reseal(&self, connection: &mut PgConnection, new: &Packer) -> Result<(), Fault> {
        let (mut first, mut server) = (i64::MIN, i64::MIN);
        loop {
            let sql = "select first, server, events from blocks where (first, server) > ($1, $2) \
                       order by first, server limit $3";
            let query = sqlx::query(sql).bind(first).bind(server).bind(AT_ONCE);
            let rows = query.fetch_all(&mut *connection).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                (first, server) = (row.try_get(0)?, row.try_get(1)?);
                let place = ("blocks", &*first.cast_unsigned().to_string());
                if let Some(block) = self.packer.resealed(place, row.try_get(2)?, new)? {
                    let sql = "update blocks set events = $3 where first = $1 and server = $2";
                    sqlx::query(sql).bind(first).bind(server).bind(block).execute(&mut *connection).await?;
                }
            }
        }
        self.reseal_denials(connection, new).await?;
        for sql in ["vacuum full blocks", "vacuum full denials"] {
            connection.execute(sql).await?;
        }
        Ok(())
    }

    async fn reseal_denials(&self, connection: &mut PgConnection, new: &Packer) -> Result<(), Fault> {
        let mut last = i64::MIN;
        loop {
            let sql = "select place, id, details from denials where place > $1 order by place limit $2";
            let rows = sqlx::query(sql).bind(last).bind(AT_ONCE).fetch_all(&mut *connection).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                last = row.try_get(0)?;
                let id = id_of(row.try_get(1)?)?.to_string();
                if let Some(sealed) = self.packer.resealed(("denials", &id), row.try_get(2)?, new)? {
                    let sql = "update denials set details = $1, size = octet_length($1) where place = $2";
                    sqlx::query(sql).bind(sealed).bind(last).execute(&mut *connection).await?;
                }
            }
        }
    }
}
