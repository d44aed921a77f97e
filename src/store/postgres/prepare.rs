//! Preparing a database: whose it is, its tables, its seal. Servers that start together wait for each other.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row};

use super::beside::{keep_value, value};
use crate::account::TABLES;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::seal::{MARK, Resealing, Sealer, SealingKey};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Brings the tables up to date.
pub(super) async fn migrate(connection: &mut PgConnection, place: &str) -> Result<(), StoreError> {
    let failed = |error: &dyn std::error::Error| StoreError::Unavailable(place.into(), error.to_string());
    if !is_ours(connection).await.map_err(|error| failed(&error))? {
        return Err(StoreError::ForeignServer(place.to_owned()));
    }
    // It takes an advisory lock.
    match MIGRATIONS.run(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => Err(StoreError::Newer(place.into())),
        Err(error) => Err(failed(&error)),
    }
}

/// Whether the schema is empty, or our first migration is its first.
async fn is_ours(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let sql = "select count(*), count(*) filter (where tablename = '_sqlx_migrations') \
               from pg_tables where schemaname = current_schema()";
    let (tables, migrations): (i64, i64) = sqlx::query_as(sql).fetch_one(&mut *connection).await?;
    if migrations == 0 {
        return Ok(tables == 0);
    }
    let first = MIGRATIONS.iter().next().map(|migration| migration.checksum.to_vec());
    let sql = "select checksum from _sqlx_migrations order by version limit 1";
    let checksum: Option<Vec<u8>> = sqlx::query_scalar(sql).fetch_optional(connection).await?;
    // Another server may be at its first migration.
    Ok(checksum.is_none() || checksum == first)
}

/// Holds the key against the database; one that is not sealed yet is sealed, in one transaction.
pub(super) async fn seal(
    connection: &mut PgConnection,
    place: &str,
    key: Option<&SealingKey>,
) -> Result<Result<Option<Sealer>, StoreError>, Fault> {
    let mut transaction = connection.begin().await?;
    // No other server writes while it is found out, or sealed.
    transaction.execute("lock table accounts, server in share row exclusive mode").await?;
    let sealer = match (key.map(Sealer::new), value(&mut transaction, MARK).await?) {
        (None, None) => return Ok(Ok(None)),
        (None, Some(_)) => return Ok(Err(StoreError::Sealed(place.into()))),
        (Some(sealer), Some(mark)) if sealer.open(("server", "", MARK), &mark).is_ok() => return Ok(Ok(Some(sealer))),
        (Some(_), Some(_)) => return Ok(Err(StoreError::WrongKey(place.into()))),
        (Some(sealer), None) => sealer,
    };
    if !is_alone(&mut transaction, "pg_try_advisory_xact_lock").await? {
        return Ok(Err(StoreError::InUse(place.into())));
    }
    rewrite(&mut transaction, Resealing { old: None, new: Some(&sealer) }).await?;
    transaction.commit().await?;
    Ok(Ok(Some(sealer)))
}

/// The numbers of the lock that servers share as long as they hear what others on the schema announce.
const HEARING: &str = "hashtext('iamd'), hashtext(current_schema())";

/// The numbers of the lock that all connections of servers to the schema share.
const USE: &str = "hashtext('iamd connection'), hashtext(current_schema())";

/// Notes that a server hears what others announce, for as long as the connection lasts.
pub(super) async fn note_hearing<'e>(connection: impl Executor<'e, Database = Postgres>) -> Result<(), sqlx::Error> {
    connection.execute(AssertSqlSafe(format!("select pg_advisory_lock_shared({HEARING})"))).await?;
    Ok(())
}

/// Notes that a server uses the database, for as long as the connection lasts. `false` if it must not: somebody wants to be
/// alone there.
pub(super) async fn share_use(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let sql = AssertSqlSafe(format!("select pg_try_advisory_lock_shared({USE})"));
    sqlx::query_scalar(sql).fetch_one(connection).await
}

/// How many servers use the database and hear what others announce.
pub(super) async fn count_servers(connection: &mut PgConnection) -> Result<usize, Fault> {
    let sql = "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted \
               and database = (select oid from pg_database where datname = current_database()) and objsubid = 2 \
               and classid = (hashtext('iamd')::bigint & 4294967295)::oid \
               and objid = (hashtext(current_schema())::bigint & 4294967295)::oid";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Whether no server uses the database. None can begin to as long as the locks are held that the function takes.
pub(super) async fn is_alone(connection: &mut PgConnection, function: &str) -> Result<bool, sqlx::Error> {
    let sql = AssertSqlSafe(format!("select {function}({USE}) and {function}({HEARING})"));
    sqlx::query_scalar(sql).fetch_one(connection).await
}

/// Seals all that is stored with another key, or with none: all of it, or nothing.
pub(super) async fn reseal(connection: &mut PgConnection, change: Resealing<'_>) -> Result<(), Fault> {
    let mut transaction = connection.begin().await?;
    transaction.execute("lock table accounts, server in share row exclusive mode").await?;
    rewrite(&mut transaction, change).await?;
    transaction.commit().await?;
    // What was there before is left in the tables until then.
    for table in TABLES.iter().chain(&["server"]) {
        sqlx::query(AssertSqlSafe(format!("vacuum full {table}"))).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn rewrite(connection: &mut PgConnection, change: Resealing<'_>) -> Result<(), Fault> {
    for table in TABLES {
        let rows = sqlx::query(AssertSqlSafe(format!("select account, key, body::text from {table}")));
        for row in rows.fetch_all(&mut *connection).await? {
            let (account, key): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let body = change.body((table, &account, &key), row.try_get(2)?)?;
            let update = AssertSqlSafe(format!("update {table} set body = $1::json where account = $2 and key = $3"));
            sqlx::query(update).bind(body.as_str()).bind(account).bind(key).execute(&mut *connection).await?;
        }
    }
    sqlx::query("delete from server where key = $1").bind(MARK).execute(&mut *connection).await?;
    for row in sqlx::query("select key, value from server").fetch_all(&mut *connection).await? {
        let key: String = row.try_get(0)?;
        let value = change.value(("server", "", &key), row.try_get(1)?)?;
        let update = sqlx::query("update server set value = $1 where key = $2").bind(value.as_slice()).bind(key);
        update.execute(&mut *connection).await?;
    }
    match change.new {
        Some(new) => keep_value(connection, MARK, &new.seal(("server", "", MARK), b"")?).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers and names of migrations.
    fn steps(migrations: &Migrator) -> Vec<(i64, String)> {
        migrations.iter().map(|step| (step.version, step.description.to_string())).collect()
    }

    #[test]
    fn both_engines_have_the_same_steps() {
        let (own, common): (Vec<_>, Vec<_>) = steps(&MIGRATIONS)
            .into_iter()
            .partition(|step| ["servers", "sharing", "look ups", "tokens"].contains(&step.1.as_str()));
        assert_eq!(own.len(), 4, "the steps of PostgreSQL's own");
        assert_eq!(common, steps(&crate::store::sqlite::MIGRATIONS), "migrations/postgres and migrations/sqlite");
    }

    #[test]
    fn every_table_is_made() {
        let sql: String = MIGRATIONS.iter().map(|step| step.sql.as_str()).collect();
        for table in TABLES {
            assert!(sql.contains(&format!("create table {table} (")), "migrations/postgres makes no table {table}");
        }
    }
}
