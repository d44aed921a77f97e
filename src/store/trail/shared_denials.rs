//! Denials in a PostgreSQL database, where every server finds those of all.

use std::sync::Arc;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, Executor, Row};

use super::denials::{MAKE_ROOM, MAX_OF_CALLER, MAX_SIZE, RETENTION_SECONDS, id_of};
use super::shared::SharedArchive;
use crate::audit::{AuthorizationId, Details};
use crate::shapes::{AccountId, Timestamp};
use crate::store::fault::Fault;
use crate::store::postgres::in_time;

impl SharedArchive {
    /// Writes denials, and removes those that are too old or too many.
    pub async fn keep(&self, denials: &[Arc<Details>]) -> Result<(), Fault> {
        if denials.is_empty() {
            return Ok(());
        }
        let mut connection = self.link.lease().await?;
        let kept = in_time(async {
            let mut transaction = connection.begin().await?;
            for details in denials {
                self.insert_denial(&mut transaction, details).await?;
            }
            transaction.commit().await?;
            make_denials_room(&mut connection, denials).await
        });
        let kept = kept.await;
        self.link.settle(connection, kept)
    }

    async fn insert_denial(&self, connection: &mut PgConnection, details: &Details) -> Result<(), Fault> {
        let packed = self.packer.seal(("denials", &details.id.to_string()), details)?;
        let sql = "insert into denials (id, account, owner, caller, made, size, details) \
                   values ($1, $2, $3, $4, $5, $6, $7)";
        let query = sqlx::query(sql)
            .bind(details.id.bytes().to_vec())
            .bind(details.account.qualified())
            .bind(details.owner.qualified())
            .bind(&details.principal)
            .bind(details.time.seconds())
            .bind(i64::try_from(packed.len()).unwrap_or(i64::MAX))
            .bind(packed);
        query.execute(connection).await?;
        Ok(())
    }

    /// A denial with this id that is not too old.
    pub async fn denial(&self, id: AuthorizationId, now: Timestamp) -> Result<Option<Details>, Fault> {
        let sql = "select id, details from denials where id = $1 and made >= $2";
        let query = sqlx::query(sql).bind(id.bytes().to_vec()).bind(now.plus(-RETENTION_SECONDS).seconds());
        let mut connection = self.link.lease().await?;
        let row = in_time(async { Ok(query.fetch_optional(&mut *connection).await?) }).await;
        self.read_denial(self.link.settle(connection, row)?)
    }

    /// The newest denial that is not too old.
    pub async fn last_denial(&self, now: Timestamp) -> Result<Option<Details>, Fault> {
        let sql = "select id, details from denials where made >= $1 order by place desc limit 1";
        let query = sqlx::query(sql).bind(now.plus(-RETENTION_SECONDS).seconds());
        let mut connection = self.link.lease().await?;
        let row = in_time(async { Ok(query.fetch_optional(&mut *connection).await?) }).await;
        self.read_denial(self.link.settle(connection, row)?)
    }

    fn read_denial(&self, row: Option<PgRow>) -> Result<Option<Details>, Fault> {
        let Some(row) = row else { return Ok(None) };
        let id = id_of(row.try_get(0)?)?;
        self.packer.unseal(("denials", &id.to_string()), row.try_get(1)?).map(Some)
    }
}

/// Removes the denials that are too old, too many of their callers, or too large together. One server at a time does so:
/// the others leave it at that.
async fn make_denials_room(connection: &mut PgConnection, denials: &[Arc<Details>]) -> Result<(), Fault> {
    let Some(last) = denials.last() else { return Ok(()) };
    let mut transaction = connection.begin().await?;
    let lock = "select pg_try_advisory_xact_lock(hashtext('iamd denials'), hashtext(current_schema()))";
    if !sqlx::query_scalar::<_, bool>(lock).fetch_one(&mut *transaction).await? {
        return Ok(());
    }
    let oldest = last.time.plus(-RETENTION_SECONDS).seconds();
    sqlx::query("delete from denials where made < $1").bind(oldest).execute(&mut *transaction).await?;
    let mut callers: Vec<_> = denials.iter().map(|details| (details.account, &details.principal)).collect();
    callers.sort_unstable();
    callers.dedup();
    for (account, caller) in callers {
        let sql = "delete from denials where place in (select place from denials where account = $1 and caller = $2 \
                   order by place desc offset $3)";
        let query = sqlx::query(sql).bind(account.qualified()).bind(caller).bind(MAX_OF_CALLER);
        query.execute(&mut *transaction).await?;
    }
    loop {
        let sql = "select coalesce(sum(size), 0)::bigint from denials";
        let size: i64 = sqlx::query_scalar(sql).fetch_one(&mut *transaction).await?;
        if size <= MAX_SIZE {
            break;
        }
        let sql = "delete from denials where place in (select place from denials where account = \
                   (select account from denials group by account order by sum(size) desc limit 1) \
                   order by place limit $1)";
        sqlx::query(sql).bind(MAKE_ROOM).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Forgets the denials that an account has to do with, or all.
pub(super) async fn forget_denials(connection: &mut PgConnection, account: Option<AccountId>) -> Result<(), Fault> {
    let Some(account) = account else {
        connection.execute("delete from denials").await?;
        return Ok(());
    };
    let query = sqlx::query("delete from denials where account = $1 or owner = $1").bind(account.qualified());
    query.execute(connection).await?;
    Ok(())
}
