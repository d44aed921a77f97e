//! The accounts that something was written to, and what they hold.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::connection::Lease;
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::records::AccountCounts;

/// All accounts, in the order of their numbers.
pub(super) async fn accounts(lease: &mut Lease<'_>) -> Result<Vec<AccountCounts>, Fault> {
    let rows = sqlx::query("select id, created from accounts order by id").fetch_all(lease.connection()).await?;
    let read = |row: &SqliteRow| -> Result<Option<AccountCounts>, sqlx::Error> {
        let account: String = row.try_get(0)?;
        // What AWS keeps itself is in an account of its own.
        let is_somebodys = AccountId::parse_qualified(&account).is_some_and(|id| id != AccountId::AWS);
        let created = Timestamp::from_seconds(row.try_get(1)?).to_string();
        let counts = AccountCounts { account, created, users: 0, groups: 0, roles: 0, policies: 0 };
        Ok(Some(counts).filter(|_| is_somebodys))
    };
    let mut accounts =
        rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<Vec<_>, _>>().map_err(Fault::from)?;
    let (users, groups) = (count(lease, "users").await?, count(lease, "groups").await?);
    let (roles, policies) = (count(lease, "roles").await?, count(lease, "policies").await?);
    for counts in &mut accounts {
        let of = |table: &BTreeMap<String, u64>| table.get(&counts.account).copied().unwrap_or_default();
        (counts.users, counts.groups) = (of(&users), of(&groups));
        (counts.roles, counts.policies) = (of(&roles), of(&policies));
    }
    Ok(accounts)
}

/// The account that has this alias.
pub(super) async fn account_of_alias(lease: &mut Lease<'_>, alias: &str) -> Result<Option<AccountId>, Fault> {
    let query = sqlx::query_scalar("select account from settings where alias = ?").bind(alias);
    let account: Option<String> = query.fetch_optional(lease.connection()).await?;
    Ok(account.as_deref().and_then(AccountId::parse_qualified))
}

/// How many rows of a table each account has.
async fn count(lease: &mut Lease<'_>, table: &str) -> Result<BTreeMap<String, u64>, Fault> {
    let sql = AssertSqlSafe(format!("select account, count(*) from {table} group by account"));
    let rows = sqlx::query(sql).fetch_all(lease.connection()).await?;
    let read = |row: &SqliteRow| -> Result<(String, u64), sqlx::Error> {
        Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))
    };
    rows.iter().map(read).collect::<Result<_, _>>().map_err(Fault::from)
}

/// The accounts that manage an organization.
pub(super) async fn organizations(lease: &mut Lease<'_>) -> Result<Vec<AccountId>, Fault> {
    let accounts: Vec<String> =
        sqlx::query_scalar("select account from organizations").fetch_all(lease.connection()).await?;
    Ok(accounts.iter().filter_map(|account| AccountId::parse_qualified(account)).collect())
}
