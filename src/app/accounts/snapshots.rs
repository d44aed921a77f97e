//! Snapshots of accounts with names: made, restored, listed, deleted.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::account::{Account, Entity, Held, NamedSnapshot};
use crate::app::App;
use crate::app::overtaken::{MAX_RUNS, pause};
use crate::error::Error;
use crate::organization::Directory;
use crate::shapes::{AccountId, Timestamp};
use crate::store::Turn;

/// The most snapshots of an account.
const MAX_SNAPSHOTS: usize = 100;
/// The most characters of a name.
const MAX_NAME: usize = 64;

/// Why nothing was done with a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The name cannot be one.
    #[error("the name of a snapshot has 1 to {MAX_NAME} letters, digits, dots, dashes and underscores, not only dots")]
    Name,
    /// No snapshot has this name.
    #[error("there is no snapshot {0}")]
    Missing(String),
    /// It is a part of a snapshot of all accounts.
    #[error("{0} is a snapshot of all accounts; leave out account to replace or delete it")]
    OfAll(String),
    /// There is no room.
    #[error("an account can have {MAX_SNAPSHOTS} snapshots; delete one")]
    TooMany,
    /// The snapshot has an account that has gone to another organization since.
    #[error("the account {account} is in the organization of {manager} now; restore a snapshot of all accounts")]
    Elsewhere {
        /// The account.
        account: AccountId,
        /// The management account of its organization.
        manager: AccountId,
    },
    /// The store failed, or the account's alias belongs to another account by now.
    #[error("{}", .0.message().unwrap_or("the database failed; the log says why"))]
    Store(#[from] Error),
}

/// A snapshot in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ListedSnapshot {
    /// The name.
    pub name: String,
    /// When it was made.
    pub created: String,
    /// Whether it is of all accounts.
    pub of_all: bool,
}

/// What to do with the working copy of an account.
type Change<'c> = dyn Fn(&mut Account) -> Result<(), SnapshotError> + Send + Sync + 'c;

impl App {
    /// Keeps what an account holds, or all accounts, under a name; one of that name is replaced.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub async fn make_snapshot(&self, account: Option<AccountId>, name: &str) -> Result<(), SnapshotError> {
        check_name(name)?;
        let created: Timestamp = self.environment.clock.now().into();
        let ids = self.accounts_of(account).await?;
        let make = |copy: &mut Account| {
            if copy.snapshots.get(name).is_none() && copy.snapshots.len() >= MAX_SNAPSHOTS {
                return Err(SnapshotError::TooMany);
            }
            must_be_whole(copy, account, name)?;
            let (name, held) = (name.to_owned(), copy.held());
            Ok(copy.put(NamedSnapshot { name, created, of_all: account.is_none(), held })?)
        };
        self.change_all(&ids, &make).await
    }

    /// Makes an account, or all, hold what the snapshot has. Accounts that came after a snapshot of all hold nothing then.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub async fn restore_snapshot(&self, account: Option<AccountId>, name: &str) -> Result<(), SnapshotError> {
        self.must_exist(account, name).await?;
        let nothing = Held::nothing();
        let restore = |copy: &mut Account| {
            let snapshot = copy.snapshots.get(name).filter(|snapshot| account.is_some() || snapshot.of_all).cloned();
            Ok(copy.restore(snapshot.as_ref().map_or(&nothing, |snapshot| &snapshot.held))?)
        };
        let ids = self.accounts_of(account).await?;
        self.change_all(&ids, &restore).await?;
        for id in ids {
            self.go_on_in(id).await;
        }
        Ok(())
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub async fn delete_snapshot(&self, account: Option<AccountId>, name: &str) -> Result<(), SnapshotError> {
        self.must_exist(account, name).await?;
        let delete = |copy: &mut Account| {
            must_be_whole(copy, account, name)?;
            if copy.snapshots.get(name).is_some_and(|snapshot| account.is_some() || snapshot.of_all) {
                copy.remove::<NamedSnapshot>(name);
            }
            Ok(())
        };
        let ids = self.accounts_of(account).await?;
        self.change_all(&ids, &delete).await
    }

    /// The snapshots of an account, or those of all accounts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_snapshots(&self, account: Option<AccountId>) -> Result<Vec<ListedSnapshot>, SnapshotError> {
        let shown = self.accounts.get(account.unwrap_or(AccountId::AWS)).await?.durable();
        let listed = shown.snapshots.iter().map(|snapshot| ListedSnapshot {
            name: snapshot.key(),
            created: snapshot.created.to_string(),
            of_all: snapshot.of_all,
        });
        Ok(listed.collect())
    }

    /// Refuses a snapshot that is not there. One of all accounts is always in the account of AWS, too.
    async fn must_exist(&self, account: Option<AccountId>, name: &str) -> Result<(), SnapshotError> {
        let holder = self.accounts.get(account.unwrap_or(AccountId::AWS)).await?.durable();
        match holder.snapshots.get(name) {
            Some(snapshot) if account.is_some() || snapshot.of_all => Ok(()),
            _ => Err(SnapshotError::Missing(name.to_owned())),
        }
    }

    /// The one account, or all that something was written to.
    async fn accounts_of(&self, account: Option<AccountId>) -> Result<BTreeSet<AccountId>, SnapshotError> {
        if let Some(account) = account {
            return Ok([account].into());
        }
        let known = self.store.accounts().await.map_err(Error::internal)?;
        let known = known.iter().filter_map(|counts| AccountId::parse_qualified(&counts.account));
        Ok(known.chain([AccountId::AWS]).collect())
    }

    /// Changes accounts in their turns: all of them, or none.
    async fn change_all(&self, ids: &BTreeSet<AccountId>, change: &Change<'_>) -> Result<(), SnapshotError> {
        let mut runs = 1;
        loop {
            match self.change_once(ids, change).await {
                Err(SnapshotError::Store(error)) if error.is_overtaken() && runs < MAX_RUNS => pause(runs).await,
                result => return result,
            }
            runs += 1;
        }
    }

    /// Refuses to take accounts from the organizations of others.
    async fn members_must_be_free(&self, changed: &[(Turn, Account)]) -> Result<(), SnapshotError> {
        if changed.iter().all(|(_, copy)| copy.organization_accounts.is_empty()) {
            return Ok(());
        }
        let directory = self.accounts.organizations().await?;
        match elsewhere(&directory, changed) {
            Some((account, manager)) => Err(SnapshotError::Elsewhere { account, manager }),
            None => Ok(()),
        }
    }

    async fn change_once(&self, ids: &BTreeSet<AccountId>, change: &Change<'_>) -> Result<(), SnapshotError> {
        let mut changed = Vec::with_capacity(ids.len());
        for id in ids {
            let turn = self.accounts.turn(*id).await?;
            let mut copy = turn.account();
            self.gate.compute(*id, || change(&mut copy)).await?;
            changed.push((turn, copy));
        }
        changed.retain(|(_, copy)| copy.has_changes());
        self.members_must_be_free(&changed).await?;
        Ok(Turn::commit_together(changed).await?)
    }
}

/// An account of the copies that belongs to the organization of another account, and that account.
fn elsewhere(directory: &Directory, changed: &[(Turn, Account)]) -> Option<(AccountId, AccountId)> {
    let gives_up = |manager: AccountId, id: AccountId| {
        changed.iter().any(|(_, copy)| copy.id == manager && copy.member(&id.to_string()).is_none())
    };
    let members =
        changed.iter().flat_map(|(_, copy)| copy.organization_accounts.iter().map(|member| (copy.id, member.id)));
    let mut taken =
        members.filter_map(|(own, id)| Some((id, directory.manager_of(id).filter(|manager| *manager != own)?)));
    taken.find(|(id, manager)| !gives_up(*manager, *id))
}

/// Refuses to take an account out of a snapshot of all: it would hold nothing when that is restored.
fn must_be_whole(copy: &Account, account: Option<AccountId>, name: &str) -> Result<(), SnapshotError> {
    match copy.snapshots.get(name) {
        Some(snapshot) if account.is_some() && snapshot.of_all => Err(SnapshotError::OfAll(name.to_owned())),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), SnapshotError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    // Clients resolve a path that ends with `.` or `..` before they send it.
    let is_path = name.bytes().all(|byte| byte == b'.');
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain) && !is_path;
    if fits { Ok(()) } else { Err(SnapshotError::Name) }
}
