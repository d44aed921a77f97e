//! Whether a database is sealed, the sealing of one that was not, and the change of its key.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, Row};

use super::connection::Lease;
use crate::account::TABLES;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::seal::{MARK, Resealing, Sealer, SealingKey};

/// The value of the server's that says that plain text, or what another key seals, may be left in free pages.
const REMAINS: &str = "unsealed remains";

/// Holds the key against the database; one that is not sealed yet is sealed, in one transaction.
pub(super) async fn prepare(
    lease: &mut Lease<'_>,
    path: &Path,
    key: Option<&SealingKey>,
) -> Result<Result<Option<Sealer>, StoreError>, Fault> {
    let mark = value(lease, MARK).await?;
    let (sealer, mark) = match (key.map(Sealer::new), mark) {
        (None, None) => return Ok(Ok(None)),
        (None, Some(_)) => return Ok(Err(StoreError::Sealed(path.to_owned()))),
        (Some(sealer), mark) => (sealer, mark),
    };
    match mark {
        Some(mark) if sealer.open(("server", "", MARK), &mark).is_err() => {
            return Ok(Err(StoreError::WrongKey(path.to_owned())));
        }
        Some(_) => {}
        None => {
            lease.begin().await?;
            rewrite(lease, Resealing { old: None, new: Some(&sealer) }).await?;
            lease.commit().await?;
        }
    }
    if value(lease, REMAINS).await?.is_some() {
        clean(lease).await?;
    }
    Ok(Ok(Some(sealer)))
}

async fn value(lease: &mut Lease<'_>, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let query = sqlx::query_scalar("select value from server where key = ?").bind(key);
    Ok(query.fetch_optional(lease.connection()).await?)
}

/// Seals all that is stored with another key, or with none: all of it, or nothing.
pub(super) async fn reseal(lease: &mut Lease<'_>, change: Resealing<'_>) -> Result<(), Fault> {
    lease.begin().await?;
    rewrite(lease, change).await?;
    lease.commit().await?;
    clean(lease).await
}

async fn rewrite(lease: &mut Lease<'_>, change: Resealing<'_>) -> Result<(), Fault> {
    for table in TABLES {
        let rows = sqlx::query(AssertSqlSafe(format!("select account, key, body from {table}")));
        for row in rows.fetch_all(lease.connection()).await? {
            let (account, key): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let body = change.body((table, &account, &key), row.try_get(2)?)?;
            let update = AssertSqlSafe(format!("update {table} set body = ? where account = ? and key = ?"));
            sqlx::query(update).bind(body.as_str()).bind(account).bind(key).execute(lease.connection()).await?;
        }
    }
    let marks = sqlx::query("delete from server where key in (?, ?)").bind(MARK).bind(REMAINS);
    marks.execute(lease.connection()).await?;
    let values = sqlx::query("select key, value from server where typeof(value) = 'blob'");
    for row in values.fetch_all(lease.connection()).await? {
        let key: String = row.try_get(0)?;
        let value = change.value(("server", "", &key), row.try_get(1)?)?;
        let update = sqlx::query("update server set value = ? where key = ?").bind(value.as_slice()).bind(key);
        update.execute(lease.connection()).await?;
    }
    if let Some(new) = change.new {
        let mark = new.seal(("server", "", MARK), b"")?;
        let insert = sqlx::query("insert into server (key, value) values (?, ?)").bind(MARK).bind(mark);
        insert.execute(lease.connection()).await?;
    }
    let insert = sqlx::query("insert into server (key, value) values (?, x'')").bind(REMAINS);
    insert.execute(lease.connection()).await?;
    Ok(())
}

/// Writes the database anew, without the free pages and the log that hold what was there before.
async fn clean(lease: &mut Lease<'_>) -> Result<(), Fault> {
    for sql in ["vacuum", "pragma wal_checkpoint(truncate)"] {
        lease.connection().execute(sql).await?;
    }
    sqlx::query("delete from server where key = ?").bind(REMAINS).execute(lease.connection()).await?;
    Ok(())
}
