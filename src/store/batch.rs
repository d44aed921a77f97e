//! What a batch of commits writes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::connection::{Fault, Lease};
use super::seal::Sealer;
use crate::account::{Account, Changes};
use crate::shapes::{AccountId, Timestamp};

/// All that a batch of commits writes: per table, account and key the new body, or `None` for a row that is gone.
#[derive(Default)]
pub(super) struct Batch {
    rows: BTreeMap<&'static str, BTreeMap<(AccountId, String), Option<String>>>,
    accounts: BTreeMap<AccountId, (Timestamp, u64)>,
    /// The subjects whose last uses are forgotten.
    subjects: Vec<(AccountId, String)>,
}

impl Batch {
    pub fn add(&mut self, account: &Account, changes: &Changes) {
        self.accounts.insert(account.id, (account.created, account.revision));
        for ((table, key), body) in &changes.rows {
            self.rows.entry(table).or_default().insert((account.id, key.clone()), body.clone());
        }
        self.subjects.extend(changes.gone.iter().map(|subject| (account.id, subject.clone())));
    }

    /// Writes all of it within a transaction.
    pub async fn write(&self, lease: &mut Lease<'_>, sealer: Option<&Sealer>) -> Result<(), Fault> {
        for (table, rows) in &self.rows {
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
            let delete = format!(
                "delete from {table} where (account, key) in (select value ->> 0, value ->> 1 from json_each(?))"
            );
            let insert = format!(
                "insert into {table} (account, key, body) select value ->> 0, value ->> 1, value ->> 2 \
                 from json_each(?) where true on conflict (account, key) do update set body = excluded.body"
            );
            each(lease, delete, &gone).await?;
            each(lease, insert, &written).await?;
        }
        let delete =
            "delete from usage where (account, subject) in (select value ->> 0, value ->> 1 from json_each(?))";
        let subjects: Vec<_> = self.subjects.iter().map(|(account, subject)| (account.qualified(), subject)).collect();
        each(lease, delete.to_owned(), &subjects).await?;
        let insert = "insert into accounts (id, created, revision) select value ->> 0, value ->> 1, value ->> 2 \
                      from json_each(?) where true on conflict do update set revision = excluded.revision";
        let accounts: Vec<_> = self
            .accounts
            .iter()
            .map(|(account, (created, revision))| (account.qualified(), created.seconds(), revision))
            .collect();
        each(lease, insert.to_owned(), &accounts).await
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
