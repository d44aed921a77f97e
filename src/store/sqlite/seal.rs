//! Whether a database is sealed, and the sealing of one that was not.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, Row};

use super::connection::Lease;
use crate::account::TABLES;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::seal::{MARK, Sealer, SealingKey};

/// The value of the server's that says that plain text may be left in free pages.
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
            seal_all(lease, &sealer).await?;
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

async fn seal_all(lease: &mut Lease<'_>, sealer: &Sealer) -> Result<(), Fault> {
    for table in TABLES {
        let rows = sqlx::query(AssertSqlSafe(format!("select account, key, body from {table}")));
        for row in rows.fetch_all(lease.connection()).await? {
            let (account, key): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let body = sealer.seal_body((table, &account, &key), row.try_get(2)?)?;
            let update = AssertSqlSafe(format!("update {table} set body = ? where account = ? and key = ?"));
            sqlx::query(update).bind(body).bind(account).bind(key).execute(lease.connection()).await?;
        }
    }
    let values = sqlx::query("select key, value from server where typeof(value) = 'blob'");
    for row in values.fetch_all(lease.connection()).await? {
        let key: String = row.try_get(0)?;
        let sealed = sealer.seal(("server", "", &key), row.try_get(1)?)?;
        let update = sqlx::query("update server set value = ? where key = ?").bind(sealed).bind(key);
        update.execute(lease.connection()).await?;
    }
    let mark = sealer.seal(("server", "", MARK), b"")?;
    let insert = "insert into server (key, value) values (?, ?), (?, x'')";
    sqlx::query(insert).bind(MARK).bind(mark).bind(REMAINS).execute(lease.connection()).await?;
    Ok(())
}

/// Writes the database anew, without the free pages and the log that hold what was plain text.
async fn clean(lease: &mut Lease<'_>) -> Result<(), Fault> {
    for sql in ["vacuum", "pragma wal_checkpoint(truncate)"] {
        lease.connection().execute(sql).await?;
    }
    sqlx::query("delete from server where key = ?").bind(REMAINS).execute(lease.connection()).await?;
    Ok(())
}
