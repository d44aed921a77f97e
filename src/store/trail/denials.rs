//! Denials that can be looked up by their ids: for a day, so many of each caller, and within a size for all.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{Executor, Row};

use super::super::fault::Fault;
use super::archive::{Archive, Open};
use super::{Blocks, Trail, now, on};
use crate::audit::{AuthorizationId, Details};
use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

/// How long a denial can be looked up (IAM User Guide, Access Troubleshooter: 24 hours).
pub(super) const RETENTION_SECONDS: i64 = 24 * 3600;

/// The most denials of a second that are kept: of all callers, and of one.
const MAX_PER_SECOND: u32 = 100;
const MAX_PER_SECOND_OF_CALLER: u32 = 20;

/// How many denials of an account are kept in a second whatever others do, so that a flood leaves ids to them.
const RESERVED_PER_SECOND: u32 = 5;

/// The most accounts that have them.
const MAX_ACCOUNTS: usize = 100;

/// The most denials of one caller.
pub(super) const MAX_OF_CALLER: i64 = 500;

/// The most bytes of all denials on disk; the account with the most of them makes room.
pub(super) const MAX_SIZE: i64 = 64 << 20;

/// How many denials make room at once.
pub(super) const MAKE_ROOM: i64 = 64;

/// The most bytes of denials that wait to be written.
const MAX_WAITING: usize = 8 << 20;

/// Denials that are not written yet.
#[derive(Default)]
pub(super) struct Denials {
    waiting: Vec<Arc<Details>>,
    size: usize,
    /// The second that is counted, and its denials: of all, and by caller.
    second: u64,
    count: u32,
    callers: HashMap<String, u32>,
    accounts: HashMap<String, u32>,
}

impl Denials {
    /// Whether one more denial of a caller, whose account is the first word, may be kept. A flood of denials, be it of
    /// one caller or of many, is kept in part only, and leaves some of each second to every other account.
    pub fn may_keep(&mut self, caller: &str, second: u64) -> bool {
        if self.second != second {
            (self.second, self.count) = (second, 0);
            self.callers.clear();
            self.accounts.clear();
        }
        let account = caller.split(' ').next().unwrap_or(caller);
        let of_account = self.accounts.get(account).copied().unwrap_or_default();
        let is_reserved = of_account < RESERVED_PER_SECOND && (of_account > 0 || self.accounts.len() < MAX_ACCOUNTS);
        if (self.count >= MAX_PER_SECOND && !is_reserved) || self.size >= MAX_WAITING {
            return false;
        }
        let own = self.callers.entry(caller.to_owned()).or_default();
        if *own >= MAX_PER_SECOND_OF_CALLER {
            return false;
        }
        *own += 1;
        self.count += 1;
        *self.accounts.entry(account.to_owned()).or_default() += 1;
        true
    }

    /// Adds a denial; whether the writer is to look after it.
    pub fn push(&mut self, details: Details) -> bool {
        self.size += details.size();
        self.waiting.push(Arc::new(details));
        self.waiting.len() == 1
    }

    pub fn find(&self, id: AuthorizationId, now: Timestamp) -> Option<Arc<Details>> {
        let fits = |details: &&Arc<Details>| details.id == id && details.time >= now.plus(-RETENTION_SECONDS);
        self.waiting.iter().find(fits).cloned()
    }

    pub fn waiting(&self) -> Vec<Arc<Details>> {
        self.waiting.clone()
    }

    /// Forgets those that are written.
    pub fn remove(&mut self, written: &[Arc<Details>]) {
        self.waiting.retain(|one| !written.iter().any(|written| Arc::ptr_eq(one, written)));
        self.size = self.waiting.iter().map(|details| details.size()).sum();
    }

    /// Forgets what an account has to do with, or all.
    pub fn forget(&mut self, account: Option<AccountId>) {
        let concerns = |details: &Details, account| details.account == account || details.owner == account;
        self.waiting.retain(|details| account.is_some_and(|account| !concerns(details, account)));
        self.size = self.waiting.iter().map(|details| details.size()).sum();
    }
}

impl Trail {
    /// Whether the details of one more denial of a caller are kept: not in a flood of them.
    pub fn may_keep_denial(&self, caller: &str) -> bool {
        self.denials().may_keep(caller, now() / 1_000_000)
    }

    /// Keeps the details of a denial. They are written with the events.
    pub fn keep_denial(&self, details: Details) {
        if self.denials().push(details) {
            self.wake.notify_one();
        }
    }

    /// The details of a denial, if they are there and not too old.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn denial(&self, id: AuthorizationId, now: Timestamp) -> Result<Option<Arc<Details>>> {
        let waiting = self.denials().find(id, now);
        if waiting.is_some() {
            return Ok(waiting);
        }
        let written = on!(self.archive, archive => archive.denial(id, now).await).map_err(Error::internal)?;
        if written.is_some() || matches!(self.archive, Blocks::Own(_)) {
            return Ok(written.map(Arc::new));
        }
        // Another server may not have written it yet.
        self.gather().await;
        let written = on!(self.archive, archive => archive.denial(id, now).await).map_err(Error::internal)?;
        Ok(written.map(Arc::new))
    }

    /// The details of the last denial that has some.
    ///
    /// # Errors
    /// When what was written cannot be read.
    pub async fn last_denial(&self, now: Timestamp) -> Result<Option<Arc<Details>>> {
        match &self.archive {
            Blocks::Own(_) => drop(self.write_recorded().await),
            Blocks::Shared(..) => drop(self.gather().await),
        }
        let written = on!(self.archive, archive => archive.last_denial(now).await).map_err(Error::internal)?;
        Ok(written.map(Arc::new))
    }
}

/// The id in a row.
pub(super) fn id_of(bytes: Vec<u8>) -> Result<AuthorizationId, Fault> {
    let bits = bytes.try_into().map(u128::from_be_bytes);
    let unreadable = |_| Fault::Content("a denial of the audit trail cannot be read".to_owned());
    bits.map(AuthorizationId::new).map_err(unreadable)
}

impl Archive {
    /// Writes denials, and removes those that are too old or too many.
    pub async fn keep(&self, denials: &[Arc<Details>]) -> Result<(), Fault> {
        let kept = self.try_keep(denials).await;
        self.give_up_after(kept).await
    }

    async fn try_keep(&self, denials: &[Arc<Details>]) -> Result<(), Fault> {
        let Some(last) = denials.last() else { return Ok(()) };
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(()) };
        open.begin().await?;
        let sql = "insert into denials (id, account, owner, caller, made, size, details) values (?, ?, ?, ?, ?, ?, ?)";
        for details in denials {
            let packed = self.packer.seal(("denials", &details.id.to_string()), &**details)?;
            sqlx::query(sql)
                .bind(details.id.bytes().as_slice())
                .bind(details.account.qualified())
                .bind(details.owner.qualified())
                .bind(&details.principal)
                .bind(details.time.seconds())
                .bind(i64::try_from(packed.len()).unwrap_or(i64::MAX))
                .bind(packed)
                .execute(&mut open.connection)
                .await?;
        }
        open.make_room(last.time, denials).await?;
        open.commit().await
    }

    /// A denial with this id that is not too old.
    pub async fn denial(&self, id: AuthorizationId, now: Timestamp) -> Result<Option<Details>, Fault> {
        let oldest = now.plus(-RETENTION_SECONDS).seconds();
        self.one_denial(("select id, details from denials where id = ? and made >= ?", Some(id)), oldest).await
    }

    /// The newest denial that is not too old.
    pub async fn last_denial(&self, now: Timestamp) -> Result<Option<Details>, Fault> {
        let oldest = now.plus(-RETENTION_SECONDS).seconds();
        self.one_denial(("select id, details from denials where made >= ? order by place desc limit 1", None), oldest)
            .await
    }

    async fn one_denial(
        &self,
        (sql, id): (&'static str, Option<AuthorizationId>),
        oldest: i64,
    ) -> Result<Option<Details>, Fault> {
        if self.is_absent() {
            return Ok(None);
        }
        let mut guard = self.open().await?;
        let Some(open) = guard.as_mut() else { return Ok(None) };
        let query = match id {
            Some(id) => sqlx::query(sql).bind(id.bytes().to_vec()),
            None => sqlx::query(sql),
        };
        let row = query.bind(oldest).fetch_optional(&mut open.connection).await?;
        drop(guard);
        let Some(row) = row else { return Ok(None) };
        let id = id_of(row.try_get(0)?)?;
        self.packer.unseal(("denials", &id.to_string()), row.try_get(1)?).map(Some)
    }
}

impl Open {
    /// Removes the denials that are too old, too many of their callers, or too large together.
    async fn make_room(&mut self, now: Timestamp, denials: &[Arc<Details>]) -> Result<(), Fault> {
        let sql = "delete from denials where made < ?";
        sqlx::query(sql).bind(now.plus(-RETENTION_SECONDS).seconds()).execute(&mut self.connection).await?;
        let mut callers: Vec<_> = denials.iter().map(|details| (details.account, &details.principal)).collect();
        callers.sort_unstable();
        callers.dedup();
        for (account, caller) in callers {
            let sql = "delete from denials where place in (select place from denials where account = ? and caller = ? \
                       order by place desc limit -1 offset ?)";
            sqlx::query(sql)
                .bind(account.qualified())
                .bind(caller)
                .bind(MAX_OF_CALLER)
                .execute(&mut self.connection)
                .await?;
        }
        loop {
            let sql = "select coalesce(sum(size), 0) from denials";
            let size: i64 = sqlx::query_scalar(sql).fetch_one(&mut self.connection).await?;
            if size <= MAX_SIZE {
                return Ok(());
            }
            let sql = "delete from denials where place in (select place from denials where account = \
                       (select account from denials group by account order by sum(size) desc limit 1) \
                       order by place limit ?)";
            sqlx::query(sql).bind(MAKE_ROOM).execute(&mut self.connection).await?;
        }
    }

    /// Forgets the denials that an account has to do with, or all.
    pub(super) async fn forget_denials(&mut self, account: Option<AccountId>) -> Result<(), Fault> {
        let Some(account) = account else {
            self.connection.execute("delete from denials").await?;
            return Ok(());
        };
        let sql = "delete from denials where account = ?1 or owner = ?1";
        sqlx::query(sql).bind(account.qualified()).execute(&mut self.connection).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_takes_its_share_of_a_second_only() {
        let mut denials = Denials::default();
        let kept = |denials: &mut Denials, caller: &str, second| {
            (0..1000).filter(|_| denials.may_keep(caller, second)).count()
        };
        assert_eq!(kept(&mut denials, "0 stranger", 1), 20);
        assert_eq!(kept(&mut denials, "0 ann", 1), 20);
        assert_eq!((0..1000).filter(|number| denials.may_keep(&format!("0 {number}"), 1)).count(), 60);
        assert_eq!(kept(&mut denials, "0 ann", 2), 20);
    }

    #[test]
    fn a_flood_leaves_denials_to_other_accounts() {
        let mut denials = Denials::default();
        let kept = |denials: &mut Denials, caller: &str, second| {
            (0..1000).filter(|_| denials.may_keep(caller, second)).count()
        };
        for second in [7, 8] {
            assert_eq!(kept(&mut denials, "111111111111 ann", second), 20);
            let flood: usize =
                (0..50).map(|role| kept(&mut denials, &format!("111111111111 role{role}"), second)).sum();
            assert_eq!(flood, 80);
            assert_eq!(kept(&mut denials, "222222222222 bob", second), 5);
            assert_eq!(kept(&mut denials, "222222222222 eve", second), 0);
            let accounts: usize = (0..1000).map(|account| kept(&mut denials, &format!("{account} x"), second)).sum();
            assert_eq!(accounts, 98 * 5);
        }
    }
}
