//! What is stored beside the accounts: last uses, buckets, values of the server's own, counts.

use std::collections::BTreeMap;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};

use crate::audit::LastUse;
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::records::{AccountCounts, BucketRecord};
use crate::store::seal::Sealer;

/// All last uses.
pub(super) async fn load_usage(connection: &mut PgConnection) -> Result<Vec<LastUse>, Fault> {
    let sql = "select account, subject, action, used, service, region from usage";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let uses: Result<Vec<_>, _> = rows.iter().filter_map(|row| last_use(row).transpose()).collect();
    Ok(uses?)
}

/// The last uses that were written in the last seconds, by any server.
pub(super) async fn recent_usage(connection: &mut PgConnection) -> Result<Vec<LastUse>, Fault> {
    // A transaction that began then may have ended just now.
    let sql = "select account, subject, action, used, service, region from usage \
               where written > now() - interval '20 seconds'";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let uses: Result<Vec<_>, _> = rows.iter().filter_map(|row| last_use(row).transpose()).collect();
    Ok(uses?)
}

fn last_use(row: &PgRow) -> Result<Option<LastUse>, sqlx::Error> {
    let Some(account) = AccountId::parse_qualified(row.try_get(0)?) else { return Ok(None) };
    Ok(Some(LastUse {
        account,
        subject: row.try_get(1)?,
        action: row.try_get(2)?,
        used: Timestamp::from_seconds(row.try_get(3)?),
        service: row.try_get(4)?,
        region: row.try_get(5)?,
    }))
}

/// Writes last uses, in the order of their keys, as all servers do.
pub(super) async fn save_usage(connection: &mut PgConnection, uses: &[LastUse]) -> Result<(), Fault> {
    let mut rows: Vec<_> = uses.iter().map(|last| (last.account.qualified(), last)).collect();
    rows.sort_by(|(a, left), (b, right)| (a, &left.subject, &left.action).cmp(&(b, &right.subject, &right.action)));
    let column = |of: fn(&LastUse) -> &str| rows.iter().map(|(_, last)| of(last).to_owned()).collect::<Vec<_>>();
    let sql = "insert into usage as known (account, subject, action, used, service, region) \
               select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[]) \
               on conflict (account, subject, action) do update \
               set used = excluded.used, service = excluded.service, region = excluded.region, written = now()";
    sqlx::query(sql)
        .bind(rows.iter().map(|(account, _)| account.clone()).collect::<Vec<_>>())
        .bind(column(|last| &last.subject))
        .bind(column(|last| &last.action))
        .bind(rows.iter().map(|(_, last)| last.used.seconds()).collect::<Vec<_>>())
        .bind(column(|last| &last.service))
        .bind(column(|last| &last.region))
        .execute(connection)
        .await?;
    Ok(())
}

/// All buckets.
pub(super) async fn load_buckets(connection: &mut PgConnection) -> Result<Vec<BucketRecord>, Fault> {
    let sql = "select name, account, without_block, without_ownership from buckets";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let buckets: Result<Vec<_>, _> = rows.iter().filter_map(|row| bucket(row).transpose()).collect();
    Ok(buckets?)
}

/// A bucket, if something is known of it.
pub(super) async fn load_bucket(connection: &mut PgConnection, name: &str) -> Result<Option<BucketRecord>, Fault> {
    let sql = "select name, account, without_block, without_ownership from buckets where name = $1";
    let row = sqlx::query(sql).bind(name).fetch_optional(connection).await?;
    Ok(row.map(|row| bucket(&row)).transpose()?.flatten())
}

fn bucket(row: &PgRow) -> Result<Option<BucketRecord>, sqlx::Error> {
    let Some(owner) = AccountId::parse_qualified(row.try_get(1)?) else { return Ok(None) };
    Ok(Some(BucketRecord {
        name: row.try_get(0)?,
        owner,
        without_block: row.try_get(2)?,
        without_ownership: row.try_get(3)?,
    }))
}

/// Writes what is known of a bucket.
pub(super) async fn save_bucket(connection: &mut PgConnection, bucket: &BucketRecord) -> Result<(), Fault> {
    let sql = "insert into buckets (name, account, without_block, without_ownership) values ($1, $2, $3, $4) \
               on conflict (name) do update set account = excluded.account, \
               without_block = excluded.without_block, without_ownership = excluded.without_ownership";
    let query = sqlx::query(sql).bind(&bucket.name).bind(bucket.owner.qualified());
    query.bind(bucket.without_block).bind(bucket.without_ownership).execute(connection).await?;
    Ok(())
}

/// Forgets a bucket.
pub(super) async fn remove_bucket(connection: &mut PgConnection, name: &str) -> Result<(), Fault> {
    sqlx::query("delete from buckets where name = $1").bind(name).execute(connection).await?;
    Ok(())
}

/// A value of the servers' own.
pub(super) async fn value(connection: &mut PgConnection, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let query = sqlx::query_scalar("select value from server where key = $1").bind(key);
    Ok(query.fetch_optional(connection).await?)
}

/// A value of the servers' own; made and kept if it is not there yet.
pub(super) async fn kept_value(
    connection: &mut PgConnection,
    sealer: Option<&Sealer>,
    key: &str,
    new: &[u8],
) -> Result<Vec<u8>, Fault> {
    let place = ("server", "", key);
    let new = sealer.map_or_else(|| Ok(new.to_vec()), |sealer| sealer.seal(place, new))?;
    keep_value(connection, key, &new).await?;
    let kept = value(connection, key).await?.unwrap_or(new);
    sealer.map_or(Ok(kept.clone()), |sealer| Ok(sealer.open(place, &kept)?.to_vec()))
}

/// Keeps a value of the servers' own, unless there is one.
pub(super) async fn keep_value(connection: &mut PgConnection, key: &str, value: &[u8]) -> Result<(), Fault> {
    let insert = sqlx::query("insert into server (key, value) values ($1, $2) on conflict (key) do nothing");
    insert.bind(key).bind(value).execute(connection).await?;
    Ok(())
}

/// Changes a value of the servers' own.
pub(super) async fn set_value(
    connection: &mut PgConnection,
    sealer: Option<&Sealer>,
    key: &str,
    value: &[u8],
) -> Result<(), Fault> {
    let value = sealer.map_or_else(|| Ok(value.to_vec()), |sealer| sealer.seal(("server", "", key), value))?;
    let sql = "insert into server (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
    sqlx::query(sql).bind(key).bind(value).execute(connection).await?;
    Ok(())
}

/// A value of the servers' own as it was given.
pub(super) async fn open_value(
    connection: &mut PgConnection,
    sealer: Option<&Sealer>,
    key: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    match (value(connection, key).await?, sealer) {
        (Some(value), Some(sealer)) => Ok(Some(sealer.open(("server", "", key), &value)?.to_vec())),
        (value, _) => Ok(value),
    }
}

/// Uses up something that can be used once; `false` if it was used before.
pub(super) async fn claim(
    connection: &mut PgConnection,
    account: AccountId,
    (issuer, id): (&str, &str),
    until: Timestamp,
) -> Result<bool, Fault> {
    let sql =
        "insert into used_assertions (account, issuer, id, expires) values ($1, $2, $3, $4) on conflict do nothing";
    let insert = sqlx::query(sql).bind(account.qualified()).bind(issuer).bind(id).bind(until.seconds());
    Ok(insert.execute(connection).await?.rows_affected() == 1)
}

/// Keeps the resource that opaque tokens belong to, by the hashes of the tokens.
pub(super) async fn keep_tokens(
    connection: &mut PgConnection,
    account: AccountId,
    keys: &[[u8; 32]],
    resource: &str,
) -> Result<(), Fault> {
    // In their order, as all servers do.
    let mut keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
    keys.sort_unstable();
    keys.dedup();
    let sql = "insert into tokens (key, account, resource) select key, $1, $2 from unnest($3::bytea[]) as new (key) \
               on conflict (key) do update set resource = excluded.resource, made = excluded.made";
    sqlx::query(sql).bind(account.qualified()).bind(resource).bind(keys).execute(connection).await?;
    Ok(())
}

/// The resource that an opaque token belongs to.
pub(super) async fn resource_of_token(connection: &mut PgConnection, key: &[u8; 32]) -> Result<Option<String>, Fault> {
    let query = sqlx::query_scalar("select resource from tokens where key = $1").bind(key.as_slice());
    Ok(query.fetch_optional(connection).await?)
}

/// The number of accounts that something was written to.
pub(super) async fn count_accounts(connection: &mut PgConnection) -> Result<u64, Fault> {
    let sql = "select count(*) from accounts where created is not null";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// All accounts that something was written to.
pub(super) async fn account_ids(connection: &mut PgConnection) -> Result<Vec<AccountId>, Fault> {
    let sql = "select id from accounts where created is not null order by id";
    let ids: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await?;
    Ok(ids.iter().filter_map(|id| AccountId::parse_qualified(id)).collect())
}

/// The account that has this alias.
pub(super) async fn account_of_alias(connection: &mut PgConnection, alias: &str) -> Result<Option<AccountId>, Fault> {
    let query = sqlx::query_scalar("select account from settings where body ->> 'alias' = $1").bind(alias);
    let account: Option<String> = query.fetch_optional(connection).await?;
    Ok(account.as_deref().and_then(AccountId::parse_qualified))
}

/// All accounts, in the order of their numbers.
pub(super) async fn accounts(connection: &mut PgConnection) -> Result<Vec<AccountCounts>, Fault> {
    let sql = "select id, created from accounts where created is not null order by id";
    let rows = sqlx::query(sql).fetch_all(&mut *connection).await?;
    let mut counts = Vec::new();
    for table in ["users", "groups", "roles", "policies"] {
        counts.push(count(connection, table).await?);
    }
    let [users, groups, roles, policies] = counts.as_slice() else { return Ok(Vec::new()) };
    let mut accounts = Vec::with_capacity(rows.len());
    for row in &rows {
        let account: String = row.try_get(0)?;
        // What AWS keeps itself is in an account of its own.
        if AccountId::parse_qualified(&account).is_none_or(|id| id == AccountId::AWS) {
            continue;
        }
        let of = |table: &BTreeMap<String, u64>| table.get(&account).copied().unwrap_or_default();
        accounts.push(AccountCounts {
            created: Timestamp::from_seconds(row.try_get(1)?).to_string(),
            users: of(users),
            groups: of(groups),
            roles: of(roles),
            policies: of(policies),
            account,
        });
    }
    Ok(accounts)
}

/// How many rows of a table each account has.
async fn count(connection: &mut PgConnection, table: &str) -> Result<BTreeMap<String, u64>, Fault> {
    let sql = AssertSqlSafe(format!("select account, count(*) from {table} group by account"));
    let mut counts = BTreeMap::new();
    for row in &sqlx::query(sql).fetch_all(connection).await? {
        counts.insert(row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs());
    }
    Ok(counts)
}

/// The accounts that manage an organization.
pub(super) async fn organizations(connection: &mut PgConnection) -> Result<Vec<AccountId>, Fault> {
    let accounts: Vec<String> = sqlx::query_scalar("select account from organizations").fetch_all(connection).await?;
    Ok(accounts.iter().filter_map(|account| AccountId::parse_qualified(account)).collect())
}
