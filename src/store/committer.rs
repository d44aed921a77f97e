//! Makes writes durable, many in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::batch::Batch;
use super::cells::{Cell, Cells};
use super::engine::Store;
use super::fault::{Fault, unavailable};
use crate::account::{Account, Changes};
use crate::audit::Usage;
use crate::error::{Code, Error, Result};
use crate::metrics::Metrics;
use crate::organization::Organizations;
use crate::shapes::AccountId;

/// As many writes in a transaction as keep its statements well below SQLite's limits.
const MAX_BATCH: usize = 1024;

/// When keys were last used changes with every call; it is written this often.
const SAVING_INTERVAL: Duration = Duration::from_secs(5);

/// How often a database that cannot be written is tried again.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// What is asked of the committer, in the order in which it must happen.
pub(super) enum Order {
    Commit(Commit),
    /// Store all of these, or none.
    CommitTogether(Vec<Commit>),
    /// Forget this account, or all that are stored.
    Reset {
        account: Option<AccountId>,
        done: oneshot::Sender<Result<()>>,
    },
}

/// One write that waits to be durable.
pub(super) struct Commit {
    pub cell: Arc<Cell>,
    pub account: Arc<Account>,
    pub changes: Changes,
    pub done: oneshot::Sender<Result<()>>,
}

impl Commit {
    fn end(self, result: Result<()>) {
        // A client that has hung up does not hear it.
        let _ = self.done.send(result);
    }
}

/// Writes to the store, and keeps what is in memory in step with it. It runs alone, so that what it does to one happens
/// in the order in which it does it to the other.
pub(super) struct Committer {
    pub store: Arc<Store>,
    pub cells: Arc<Cells>,
    pub organizations: Arc<Organizations>,
    pub usage: Arc<Usage>,
    pub metrics: Arc<Metrics>,
}

impl Committer {
    /// Runs until all senders are gone. All writes that wait when the database is ready share one transaction.
    pub async fn run(self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut waiting = Vec::new();
        let mut next = Instant::now() + SAVING_INTERVAL;
        loop {
            let failing = self.store.is_failing();
            if failing {
                next = next.min(Instant::now() + PROBE_INTERVAL);
            }
            tokio::select! {
                count = orders.recv_many(&mut waiting, MAX_BATCH) => match count {
                    0 => break,
                    _ => self.follow(waiting.drain(..)).await,
                },
                () = tokio::time::sleep_until(next) => {
                    next = Instant::now() + SAVING_INTERVAL;
                    if failing && self.store.probe().await.is_err() {
                        continue;
                    }
                    self.store.write_usage(&self.usage).await;
                }
            }
        }
        self.store.write_usage(&self.usage).await;
    }

    async fn follow(&self, orders: impl Iterator<Item = Order>) {
        let mut commits = Vec::new();
        for order in orders {
            match order {
                Order::Commit(commit) => commits.push(commit),
                Order::CommitTogether(together) => {
                    self.commit(std::mem::take(&mut commits)).await;
                    self.commit_together(together).await;
                }
                Order::Reset { account, done } => {
                    self.commit(std::mem::take(&mut commits)).await;
                    let _ = done.send(self.reset(account).await);
                }
            }
        }
        self.commit(commits).await;
    }

    async fn commit(&self, commits: Vec<Commit>) {
        let Some(commits) = self.sound(commits) else { return };
        match self.store(&commits, false).await {
            Ok(overtaken) => self.end(commits, &overtaken),
            Err(fault) if fault.is_conflict() || fault.is_transient() => self.commit_one_by_one(commits).await,
            // One row may be what PostgreSQL does not take.
            Err(fault) if self.store.is_shared() && commits.len() > 1 && !fault.is_unavailable() => {
                tracing::warn!(cause = fault.to_string(), "a commit is made anew, write by write");
                self.commit_one_by_one(commits).await;
            }
            Err(fault) => {
                tracing::error!(cause = fault.to_string(), "a commit failed");
                commits.iter().for_each(|commit| self.give_up(&commit.cell));
                commits.into_iter().for_each(|commit| commit.end(Err(failure(&fault))));
            }
        }
    }

    /// One write of a batch is refused: the others must not suffer.
    async fn commit_one_by_one(&self, commits: Vec<Commit>) {
        for commit in commits {
            let Some(commits) = self.sound(vec![commit]) else { continue };
            match self.store(&commits, false).await {
                Ok(overtaken) => self.end(commits, &overtaken),
                Err(fault) => {
                    let error = self.refusal_of(&fault, &commits).await;
                    self.refuse(commits, error);
                }
            }
        }
    }

    /// Stores all writes, or none. Their turns last until it is known, but later writes of one account may be built on
    /// them if their caller has gone away: where they are not stored, all their states are given up.
    async fn commit_together(&self, commits: Vec<Commit>) {
        let result = if commits.iter().any(|commit| commit.cell.is_void()) {
            Err(self.orphaned())
        } else {
            match self.store(&commits, true).await {
                Ok(overtaken) if overtaken.is_empty() => Ok(()),
                Ok(_) => Err(Error::overtaken()),
                Err(fault) => {
                    tracing::warn!(cause = fault.to_string(), "a commit of several accounts failed");
                    Err(self.refusal_of(&fault, &commits).await)
                }
            }
        };
        match result {
            Ok(()) => commits.into_iter().for_each(|commit| self.succeed(commit)),
            Err(error) => self.refuse(commits, error),
        }
    }

    /// Gives up writes that go together. Their one caller hears it from the first.
    fn refuse(&self, commits: Vec<Commit>, error: Error) {
        commits.iter().for_each(|commit| self.give_up(&commit.cell));
        if let Some(first) = commits.into_iter().next() {
            first.end(Err(error));
        }
    }

    /// The error of writes that were refused together, or of one. In a conflict it names the alias that another account
    /// has; a member that another organization has is seen when the work is done again.
    async fn refusal_of(&self, fault: &Fault, commits: &[Commit]) -> Error {
        if fault.is_transient() {
            return Error::overtaken();
        }
        if !fault.is_conflict() {
            return failure(fault);
        }
        let mut wanted = BTreeSet::new();
        for commit in commits.iter().filter(|commit| commit.changes.may_name()) {
            let Some(alias) = commit.account.settings().alias else { continue };
            let owner = self.store.account_of_alias(&alias).await;
            let is_taken = owner.is_ok_and(|owner| owner.is_some_and(|owner| owner != commit.cell.id));
            // If nobody has it yet, two of them may want the same.
            if is_taken || !wanted.insert(alias) {
                return alias_taken(&commit.account);
            }
        }
        Error::overtaken()
    }

    async fn store(&self, commits: &[Commit], whole: bool) -> Result<BTreeSet<AccountId>, Fault> {
        let mut batch = Batch { whole, ..Batch::default() };
        commits.iter().for_each(|commit| batch.add(&commit.account, &commit.changes));
        let start = Instant::now();
        let result = self.store.commit(&batch).await;
        self.metrics.commit(commits.len(), result.is_ok(), start.elapsed());
        result
    }

    /// Ends commits that were stored, but for those of accounts that another server was quicker to write to.
    fn end(&self, commits: Vec<Commit>, overtaken: &BTreeSet<AccountId>) {
        for commit in commits {
            if overtaken.contains(&commit.cell.id) {
                self.cells.give_up_overtaken(&commit.cell);
                commit.end(Err(Error::overtaken()));
            } else {
                self.succeed(commit);
            }
        }
    }

    fn succeed(&self, commit: Commit) {
        self.usage.forget_subjects(commit.cell.id, &commit.changes.gone);
        self.organizations.publish(&commit.account, Some(&commit.changes));
        commit.cell.publish(commit.account.clone());
        if commit.cell.is_void() {
            // What has been loaded meanwhile may be older than this.
            self.cells.overtake(commit.cell.id, commit.account.revision);
        }
        commit.end(Ok(()));
    }

    /// Gives up a state of which it is not known whether it was stored.
    fn give_up(&self, cell: &Cell) {
        if self.store.is_shared() {
            self.cells.give_up_overtaken(cell);
        } else {
            self.cells.give_up(Some(cell.id));
        }
    }

    /// The writes that are built on what is durable; the others are refused. `None` if there are none.
    fn sound(&self, commits: Vec<Commit>) -> Option<Vec<Commit>> {
        let (orphans, commits): (Vec<_>, Vec<_>) = commits.into_iter().partition(|commit| commit.cell.is_void());
        orphans.into_iter().for_each(|orphan| orphan.end(Err(self.orphaned())));
        (!commits.is_empty()).then_some(commits)
    }

    /// Why a write is refused that is built on what was not stored.
    fn orphaned(&self) -> Error {
        if self.store.is_shared() { Error::overtaken() } else { internal_failure() }
    }

    async fn reset(&self, account: Option<AccountId>) -> Result<()> {
        let result = self.store.reset(account).await;
        // What is in memory is void even if the deletion failed, for it is unknown how far it went.
        self.cells.give_up(account);
        self.organizations.forget(account);
        result.map_err(|fault| {
            tracing::error!(cause = fault.to_string(), "a reset failed");
            failure(&fault)
        })?;
        self.usage.forget(account);
        Ok(())
    }
}

fn alias_taken(account: &Account) -> Error {
    let alias = account.settings().alias.unwrap_or_default();
    Error::new(Code::EntityAlreadyExists, format!("The account alias {alias} already exists."))
}

fn failure(fault: &Fault) -> Error {
    if fault.is_unavailable() { unavailable() } else { internal_failure() }
}

fn internal_failure() -> Error {
    Error::new(
        Code::ServiceFailure,
        "The request processing has failed because of an unknown error, exception or failure.",
    )
}
