//! Makes writes durable, many in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::Utc;
use tokio::sync::{mpsc, oneshot};

use super::accounts::Cell;
use super::sqlite::{Batch, Sqlite};
use crate::account::{Account, Changes};
use crate::error::{Code, Error, Result};
use crate::shapes::AccountId;

/// What is asked of the committer, in the order in which it must happen.
pub(super) enum Order {
    Commit(Commit),
    /// Forget these accounts, or all that are stored.
    Reset {
        account: Option<AccountId>,
        cells: Vec<Arc<Cell>>,
        done: oneshot::Sender<Result<()>>,
    },
}

/// One write that waits to be durable.
pub(super) struct Commit {
    pub cell: Arc<Cell>,
    /// The cell's epoch when the write was made: if a commit before it failed, it stands on nothing.
    pub epoch: u64,
    pub account: Arc<Account>,
    pub changes: Changes,
    pub done: oneshot::Sender<Result<()>>,
}

/// Runs until all senders are gone. Whatever waits when the database is ready shares one transaction.
pub(super) async fn run(store: Arc<Sqlite>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut waiting = Vec::new();
    // As many as that keep a transaction's statements well below SQLite's limits.
    while orders.recv_many(&mut waiting, 1024).await > 0 {
        let mut commits = Vec::new();
        for order in waiting.drain(..) {
            match order {
                Order::Commit(commit) => commits.push(commit),
                Order::Reset { account, cells, done } => {
                    commit_all(&store, std::mem::take(&mut commits)).await;
                    let result = store.reset(account).await.map_err(failure);
                    if result.is_ok() {
                        for cell in cells {
                            cell.fall_back_to(Arc::new(Account::new(cell.id, Utc::now().into()))).await;
                        }
                    }
                    let _ = done.send(result);
                }
            }
        }
        commit_all(&store, commits).await;
    }
}

async fn commit_all(store: &Sqlite, commits: Vec<Commit>) {
    let (commits, orphans): (Vec<_>, Vec<_>) =
        commits.into_iter().partition(|commit| commit.cell.epoch.load(Ordering::Acquire) == commit.epoch);
    for orphan in orphans {
        let _ = orphan.done.send(Err(failure("a write before this one could not be stored")));
    }
    if commits.is_empty() {
        return;
    }
    let mut batch = Batch::default();
    let mut waiting = Vec::with_capacity(commits.len());
    for Commit { cell, account, changes, done, .. } in commits {
        batch.add(&account, changes);
        waiting.push((cell, account, done));
    }
    match store.commit(batch).await {
        Ok(()) => {
            for (cell, account, done) in waiting {
                cell.publish(account);
                let _ = done.send(Ok(()));
            }
        }
        Err(error) => {
            tracing::error!(%error, "a commit failed");
            let cells: BTreeMap<AccountId, Arc<Cell>> = waiting.iter().map(|(c, ..)| (c.id, c.clone())).collect();
            for cell in cells.into_values() {
                let durable = cell.durable();
                cell.fall_back_to(durable).await;
            }
            for (_, _, done) in waiting {
                let _ = done.send(Err(failure(&error)));
            }
        }
    }
}

fn failure(cause: impl ToString) -> Error {
    tracing::error!(cause = cause.to_string(), "the store failed");
    Error::new(
        Code::ServiceFailure,
        "The request processing has failed because of an unknown error, exception or failure.",
    )
}
