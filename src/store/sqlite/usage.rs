//! When access keys, users and roles were last used, in the database.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::connection::Lease;
use super::write::each;
use crate::audit::LastUse;
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;

/// All that is known.
pub(super) async fn load(lease: &mut Lease<'_>) -> Result<Vec<LastUse>, Fault> {
    let sql = "select account, subject, action, used, service, region from usage";
    let rows = sqlx::query(sql).fetch_all(lease.connection()).await?;
    let read = |row: &SqliteRow| -> Result<Option<LastUse>, sqlx::Error> {
        let Some(account) = AccountId::parse_qualified(row.try_get(0)?) else { return Ok(None) };
        Ok(Some(LastUse {
            account,
            subject: row.try_get(1)?,
            action: row.try_get(2)?,
            used: Timestamp::from_seconds(row.try_get(3)?),
            service: row.try_get(4)?,
            region: row.try_get(5)?,
        }))
    };
    let uses: Result<Vec<_>, _> = rows.iter().filter_map(|row| read(row).transpose()).collect();
    uses.map_err(|error| Fault::Content(format!("the table usage cannot be read: {error}")))
}

/// Writes some, within a transaction.
pub(super) async fn save(lease: &mut Lease<'_>, uses: &[LastUse]) -> Result<(), Fault> {
    let row = |last: &LastUse| {
        let LastUse { account, subject, action, used, service, region } = last.clone();
        (account.qualified(), subject, action, used.seconds(), service, region)
    };
    let rows: Vec<_> = uses.iter().map(row).collect();
    let sql = "insert into usage (account, subject, action, used, service, region) \
               select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
               from json_each(?) where true on conflict do update \
               set used = excluded.used, service = excluded.service, region = excluded.region";
    each(lease, sql.to_owned(), &rows).await
}
