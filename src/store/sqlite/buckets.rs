//! Who made which bucket of S3, in the database.

use sqlx::Row;

use super::connection::Lease;
use crate::shapes::AccountId;
use crate::store::fault::Fault;
use crate::store::records::BucketRecord;

/// All buckets.
pub(super) async fn load(lease: &mut Lease<'_>) -> Result<Vec<BucketRecord>, Fault> {
    let sql = "select name, account, without_block, without_ownership from buckets";
    let rows = sqlx::query(sql).fetch_all(lease.connection()).await?;
    let mut buckets = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(owner) = AccountId::parse_qualified(row.try_get(1)?) else { continue };
        buckets.push(BucketRecord {
            name: row.try_get(0)?,
            owner,
            without_block: row.try_get(2)?,
            without_ownership: row.try_get(3)?,
        });
    }
    Ok(buckets)
}

/// Writes what is known of a bucket.
pub(super) async fn save(lease: &mut Lease<'_>, bucket: &BucketRecord) -> Result<(), Fault> {
    let sql = "insert into buckets (name, account, without_block, without_ownership) values (?, ?, ?, ?) \
               on conflict do update set account = excluded.account, without_block = excluded.without_block, \
               without_ownership = excluded.without_ownership";
    let query = sqlx::query(sql).bind(&bucket.name).bind(bucket.owner.qualified());
    query.bind(bucket.without_block).bind(bucket.without_ownership).execute(lease.connection()).await?;
    Ok(())
}

/// Forgets a bucket.
pub(super) async fn remove(lease: &mut Lease<'_>, name: &str) -> Result<(), Fault> {
    sqlx::query("delete from buckets where name = ?").bind(name).execute(lease.connection()).await?;
    Ok(())
}
