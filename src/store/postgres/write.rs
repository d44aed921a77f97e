//! Writing: a batch of commits in one statement, which is one transaction and one journey to the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sqlx::postgres::{PgConnection, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Executor};

use crate::account::TABLES;
use crate::shapes::AccountId;
use crate::store::batch::Batch;
use crate::store::fault::Fault;
use crate::store::seal::Sealer;

/// Takes the accounts whose stored revision is still the one that the commit builds on. Locks are taken in the order of
/// the accounts, as by all servers.
const WIN: &str = "with won as (insert into accounts as known (id, created, revision, previous) \
    select id, created, revision, previous \
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as new (id, created, revision, previous) \
    where previous = 0 or exists (select from accounts where accounts.id = new.id) \
    on conflict (id) do update set revision = excluded.revision, previous = excluded.previous, \
    created = coalesce(known.created, excluded.created) where known.revision = excluded.previous returning id), \
    logged as (insert into changes (account, revision, previous, rows) \
    select new.id, new.revision, new.previous, new.rows::json \
    from unnest($1::text[], $3::bigint[], $4::bigint[], $5::text[]) as new (id, revision, previous, rows) \
    join won on won.id = new.id)";

/// The parameters of a statement that come after those of [`WIN`]: columns of rows.
struct Columns {
    sql: String,
    count: usize,
    columns: Vec<Vec<String>>,
}

/// Writes a batch, but for the accounts that another server has written to since: those are returned. Of a batch that is to
/// be written whole, nothing is written if there are such accounts, and all are returned.
pub(super) async fn write(
    connection: &mut PgConnection,
    batch: &Batch,
    sealer: Option<&Sealer>,
) -> Result<BTreeSet<AccountId>, Fault> {
    if !batch.whole {
        return write_won(connection, batch, sealer).await;
    }
    let mut transaction = connection.begin().await?;
    if write_won(&mut transaction, batch, sealer).await?.is_empty() {
        transaction.commit().await?;
        return Ok(BTreeSet::new());
    }
    transaction.rollback().await?;
    Ok(batch.accounts.keys().copied().collect())
}

/// Writes the accounts that no other server has written to since; the others are returned.
async fn write_won(
    connection: &mut PgConnection,
    batch: &Batch,
    sealer: Option<&Sealer>,
) -> Result<BTreeSet<AccountId>, Fault> {
    let mut ids = Vec::with_capacity(batch.accounts.len());
    let (mut created, mut revisions, mut previous, mut logs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let rows = changed_rows(batch);
    for (account, head) in &batch.accounts {
        ids.push(account.qualified());
        created.push(head.created.seconds());
        revisions.push(head.revision.cast_signed());
        previous.push(head.previous.cast_signed());
        let rows = serde_json::to_string(rows.get(account).map_or(&[][..], Vec::as_slice));
        logs.push(rows.map_err(|error| Fault::Content(error.to_string()))?);
    }
    let mut statement = Columns { sql: WIN.to_owned(), count: 5, columns: Vec::new() };
    for (table, rows) in &batch.rows {
        statement.add_table(table, rows, sealer)?;
    }
    statement.add_gone_subjects(batch);
    statement.sql += " select id from won";
    let query = sqlx::query(AssertSqlSafe(statement.sql));
    let query = query.bind(ids).bind(created).bind(revisions).bind(previous).bind(logs);
    let query = statement.columns.into_iter().fold(query, Query::<Postgres, _>::bind);
    let won = query.fetch_all(connection).await?;
    if won.len() == batch.accounts.len() {
        return Ok(BTreeSet::new());
    }
    let mut lost: BTreeSet<AccountId> = batch.accounts.keys().copied().collect();
    for row in &won {
        let id = sqlx::Row::try_get::<&str, _>(row, 0)?;
        if let Some(id) = AccountId::parse_qualified(id) {
            lost.remove(&id);
        }
    }
    Ok(lost)
}

/// The tables and keys that a batch changes, by account.
fn changed_rows(batch: &Batch) -> BTreeMap<AccountId, Vec<(&str, &str)>> {
    let mut changed: BTreeMap<AccountId, Vec<(&str, &str)>> = BTreeMap::new();
    for (table, rows) in &batch.rows {
        for (account, key) in rows.keys() {
            changed.entry(*account).or_default().push((table, key));
        }
    }
    changed
}

impl Columns {
    /// Adds a column; its place among the parameters.
    fn add(&mut self, column: Vec<String>) -> usize {
        self.count += 1;
        self.columns.push(column);
        self.count
    }

    fn add_table(
        &mut self,
        table: &str,
        rows: &BTreeMap<(AccountId, String), Option<String>>,
        sealer: Option<&Sealer>,
    ) -> Result<(), Fault> {
        let (mut owners, mut keys, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        let (mut gone_owners, mut gone_keys) = (Vec::new(), Vec::new());
        for ((account, key), body) in rows {
            let account = account.qualified();
            let Some(body) = body else {
                gone_owners.push(account);
                gone_keys.push(key.clone());
                continue;
            };
            bodies.push(match sealer {
                Some(sealer) => sealer.seal_body((table, &account, key), body)?,
                None => body.clone(),
            });
            owners.push(account);
            keys.push(key.clone());
        }
        if !gone_owners.is_empty() {
            let (owner, key) = (self.add(gone_owners), self.add(gone_keys));
            let _ = write!(
                self.sql,
                ", gone_{table} as (delete from {table} as stored \
                 using unnest(${owner}::text[], ${key}::text[]) as gone (account, key), won \
                 where won.id = gone.account and stored.account = gone.account and stored.key = gone.key)"
            );
        }
        if !owners.is_empty() {
            let (owner, key, body) = (self.add(owners), self.add(keys), self.add(bodies));
            let _ = write!(
                self.sql,
                ", new_{table} as (insert into {table} (account, key, body) \
                 select new.account, new.key, new.body::json \
                 from unnest(${owner}::text[], ${key}::text[], ${body}::text[]) as new (account, key, body) \
                 join won on won.id = new.account on conflict (account, key) do update set body = excluded.body)"
            );
        }
        Ok(())
    }

    fn add_gone_subjects(&mut self, batch: &Batch) {
        if batch.subjects.is_empty() {
            return;
        }
        let subjects = batch.subjects.iter();
        let (owners, subjects) = subjects.map(|(account, subject)| (account.qualified(), subject.clone())).unzip();
        let (owner, subject) = (self.add(owners), self.add(subjects));
        let _ = write!(
            self.sql,
            ", unused as (delete from usage using unnest(${owner}::text[], ${subject}::text[]) as gone (account, subject), \
             won where won.id = gone.account and usage.account = gone.account and usage.subject = gone.subject)"
        );
    }
}

/// Forgets an account, or all of them. Their revisions go on, so that no server takes what it has in memory for the
/// state of accounts that come into being anew.
pub(super) async fn forget(connection: &mut PgConnection, account: Option<AccountId>) -> Result<(), Fault> {
    let account = account.map(AccountId::qualified);
    let mut transaction = connection.begin().await?;
    if account.is_none() {
        // One after the other, the rows might be locked in another order than by commits.
        transaction.execute("lock table accounts in share row exclusive mode").await?;
    }
    let sql = "update accounts set revision = revision + 1, previous = revision, created = null \
               where $1::text is null or id = $1";
    sqlx::query(sql).bind(&account).execute(&mut *transaction).await?;
    for table in TABLES.iter().chain(&["usage", "buckets", "changes", "used_assertions", "tokens"]) {
        let sql = AssertSqlSafe(format!("delete from {table} where $1::text is null or account = $1"));
        sqlx::query(sql).bind(&account).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
