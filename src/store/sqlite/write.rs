//! How a batch of commits is written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::connection::Lease;
use crate::account::TABLES;
use crate::shapes::AccountId;
use crate::store::batch::Batch;
use crate::store::fault::Fault;
use crate::store::seal::Sealer;

/// Statements of one transaction, which go to SQLite's thread together: to wait for each of them takes longer than most of
/// them do.
pub(super) struct Transaction {
    pub sql: String,
    /// Their parameters, one each.
    pub rows: Vec<String>,
}

impl Transaction {
    /// What writes a batch.
    pub fn of(batch: &Batch, sealer: Option<&Sealer>) -> Result<Self, Fault> {
        let mut transaction = Self { sql: "begin immediate".to_owned(), rows: Vec::new() };
        for (table, rows) in &batch.rows {
            transaction.add_table(table, rows, sealer)?;
        }
        let delete =
            "delete from usage where (account, subject) in (select value ->> 0, value ->> 1 from json_each(?))";
        let subjects: Vec<_> = batch.subjects.iter().map(|(account, subject)| (account.qualified(), subject)).collect();
        transaction.add(delete, &subjects)?;
        let insert = "insert into accounts (id, created, revision) select value ->> 0, value ->> 1, value ->> 2 \
                      from json_each(?) where true on conflict do update set revision = excluded.revision";
        let accounts: Vec<_> = batch
            .accounts
            .iter()
            .map(|(account, head)| (account.qualified(), head.created.seconds(), head.revision))
            .collect();
        transaction.add(insert, &accounts)?;
        transaction.sql.push_str("; commit");
        Ok(transaction)
    }

    fn add_table(
        &mut self,
        table: &str,
        rows: &BTreeMap<(AccountId, String), Option<String>>,
        sealer: Option<&Sealer>,
    ) -> Result<(), Fault> {
        let (mut written, mut gone) = (Vec::new(), Vec::new());
        for ((account, key), body) in rows {
            let account = account.qualified();
            match (body, sealer) {
                (Some(body), Some(sealer)) => {
                    let body = sealer.seal_body((table, &account, key), body)?;
                    written.push((account, key, Cow::Owned(body)));
                }
                (Some(body), None) => written.push((account, key, Cow::Borrowed(body.as_str()))),
                (None, _) => gone.push((account, key)),
            }
        }
        let delete =
            format!("delete from {table} where (account, key) in (select value ->> 0, value ->> 1 from json_each(?))");
        let insert = format!(
            "insert into {table} (account, key, body) select value ->> 0, value ->> 1, value ->> 2 \
             from json_each(?) where true on conflict (account, key) do update set body = excluded.body"
        );
        self.add(&delete, &gone)?;
        self.add(&insert, &written)
    }

    /// Adds a statement over rows, which travel as one JSON array.
    fn add<R: Serialize>(&mut self, sql: &str, rows: &[R]) -> Result<(), Fault> {
        if !rows.is_empty() {
            self.rows.push(serde_json::to_string(rows).map_err(|error| Fault::Content(error.to_string()))?);
            self.sql.extend(["; ", sql]);
        }
        Ok(())
    }
}

/// Runs a statement over rows, which travel as one JSON array.
pub(super) async fn each<R: Serialize>(lease: &mut Lease<'_>, sql: String, rows: &[R]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_string(rows).map_err(|error| Fault::Content(error.to_string()))?;
    sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(lease.connection()).await?;
    Ok(())
}

/// Forgets an account, or all of them, within a transaction.
pub(super) async fn forget(lease: &mut Lease<'_>, account: Option<AccountId>) -> Result<(), Fault> {
    let account = account.map(AccountId::qualified);
    let tables = TABLES.iter().map(|table| (*table, "account"));
    for (table, column) in tables.chain([("usage", "account"), ("buckets", "account"), ("accounts", "id")]) {
        let sql = AssertSqlSafe(format!("delete from {table} where ?1 is null or {column} = ?1"));
        sqlx::query(sql).bind(&account).execute(lease.connection()).await?;
    }
    Ok(())
}
