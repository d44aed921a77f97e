//! Loading accounts: whole, or what has changed since a state that is in memory. Each is one statement, so that all of
//! it is of one moment.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::LazyLock;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};

use crate::account::{Account, Changes, TABLES};
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::seal::Sealer;

/// More changed rows than these are not worth telling from the others.
const MAX_NEWS: i64 = 1000;

/// All rows of an account: table, key, body. The first is of the account itself: no table, revision, creation.
static WHOLE: LazyLock<String> = LazyLock::new(|| {
    let mut sql =
        "select '' as source, revision::text as key, created::text as body from accounts where id = $1".to_owned();
    for table in TABLES {
        let _ = write!(sql, " union all select '{table}', key, body::text from {table} where account = $1");
    }
    sql
});

/// The rows that were changed after a revision; those that are gone have no body. Besides the account's own row there is
/// one for each commit: its revision and the one before.
static NEWS: LazyLock<String> = LazyLock::new(|| {
    let mut sql = "with log as materialized \
                   (select revision, previous, rows from changes where account = $1 and revision > $2), \
                   news as materialized (select distinct row ->> 0 as source, row ->> 1 as key \
                   from log, json_array_elements(log.rows) as row) \
                   select '' as source, revision::text as key, created::text as body from accounts where id = $1 \
                   union all select 'changes', revision::text, previous::text from log"
        .to_owned();
    for table in TABLES {
        let _ = write!(
            sql,
            " union all select '{table}', news.key, stored.body::text from news \
             left join {table} as stored on stored.account = $1 and stored.key = news.key \
             where news.source = '{table}' and (select count(*) from news) <= $3"
        );
    }
    sql
});

/// Loads an account; one that was never written to is empty and comes into being `now`.
pub(super) async fn whole(
    connection: &mut PgConnection,
    sealer: Option<&Sealer>,
    id: AccountId,
    now: Timestamp,
) -> Result<Account, Fault> {
    let sql = AssertSqlSafe(WHOLE.as_str());
    let rows = sqlx::query(sql).bind(id.qualified()).fetch_all(connection).await?;
    let mut account = Account::new(id, now);
    for row in &rows {
        let row = StoredRow::read(row)?;
        match (row.source, row.body) {
            ("", created) => row.head(created)?.apply(&mut account),
            (table, Some(body)) => {
                let body = row.open(sealer, id, body)?;
                account.load(table, &body).map_err(|error| row.unreadable(id, &error))?;
            }
            (_, None) => return Err(row.unreadable(id, &"it has no body")),
        }
    }
    Ok(account)
}

/// Brings an account up to date; `None` if the log does not reach back to it.
pub(super) async fn news(
    connection: &mut PgConnection,
    sealer: Option<&Sealer>,
    known: &Account,
) -> Result<Option<Account>, Fault> {
    let id = known.id;
    let rows = sqlx::query(AssertSqlSafe(NEWS.as_str()))
        .bind(id.qualified())
        .bind(known.revision.cast_signed())
        .bind(MAX_NEWS)
        .fetch_all(connection)
        .await?;
    let mut head = None;
    let mut log = BTreeMap::new();
    let mut changes = Changes::default();
    for row in &rows {
        let row = StoredRow::read(row)?;
        match (row.source, row.body) {
            ("", created) => head = Some(row.head(created)?),
            ("changes", Some(previous)) => {
                log.insert(row.number(previous)?, row.number(row.key)?);
            }
            (source, body) => {
                let Some(table) = TABLES.iter().find(|table| **table == source) else { return Ok(None) };
                let body = body.map(|body| row.open(sealer, id, body).map(|body| body.into_owned()));
                changes.rows.insert((table, row.key.to_owned()), body.transpose()?);
            }
        }
    }
    let Some(head) = head else { return Ok(None) };
    if head.revision == known.revision {
        return Ok(Some(known.clone()));
    }
    // Each commit begins where the one before has ended. If one is missing, so is what it changed.
    let mut reached = known.revision;
    while let Some(next) = log.remove(&reached) {
        reached = next;
    }
    if reached != head.revision || changes.rows.is_empty() {
        return Ok(None);
    }
    let mut account = known.clone();
    account.adopt(changes).map_err(|error| Fault::Content(error.to_string()))?;
    drop(account.take_changes());
    head.apply(&mut account);
    Ok(Some(account))
}

/// What is stored of an account itself.
struct Head {
    revision: u64,
    /// `None` if it was reset since.
    created: Option<i64>,
}

impl Head {
    fn apply(self, account: &mut Account) {
        account.revision = self.revision;
        if let Some(created) = self.created {
            account.created = Timestamp::from_seconds(created);
        }
    }
}

/// A row as the statements here return it.
struct StoredRow<'r> {
    source: &'r str,
    key: &'r str,
    body: Option<&'r str>,
}

impl<'r> StoredRow<'r> {
    fn read(row: &'r PgRow) -> Result<Self, Fault> {
        Ok(Self { source: row.try_get(0)?, key: row.try_get(1)?, body: row.try_get(2)? })
    }

    fn head(&self, created: Option<&str>) -> Result<Head, Fault> {
        let created = created.map(|created| self.number(created).map(u64::cast_signed)).transpose()?;
        Ok(Head { revision: self.number(self.key)?, created })
    }

    fn number(&self, text: &str) -> Result<u64, Fault> {
        let number = text.parse::<i64>().map(i64::cast_unsigned);
        number.map_err(|error| Fault::Content(format!("{text} is not a number: {error}")))
    }

    fn open<'b>(
        &self,
        sealer: Option<&Sealer>,
        id: AccountId,
        body: &'b str,
    ) -> Result<std::borrow::Cow<'b, str>, Fault> {
        let Some(sealer) = sealer else { return Ok(body.into()) };
        let opened = sealer.open_body((self.source, &id.qualified(), self.key), body);
        opened.map(|opened| opened.as_str().to_owned().into()).map_err(|error| self.unreadable(id, &error))
    }

    fn unreadable(&self, id: AccountId, error: &dyn Display) -> Fault {
        Fault::Content(format!("account {id}, table {}, key {} cannot be read: {error}", self.source, self.key))
    }
}
