//! Who may read and write an account, and who may write next.

use std::sync::Arc;

use chrono::Utc;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::cells::{Cell, Cells};
use super::committer::{Commit, Committer, Order};
use super::engine::Store;
use crate::account::Account;
use crate::audit::Usage;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::shapes::AccountId;

/// A writer's turn on an account. No other call writes to it until the turn ends.
pub struct Turn {
    head: OwnedMutexGuard<Account>,
    cell: Arc<Cell>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Turn {
    /// The newest state, to be worked on.
    pub fn account(&self) -> Account {
        self.head.clone()
    }

    /// Makes `account` the newest state and ends the turn. The future resolves when it is durable.
    ///
    /// # Errors
    /// `ServiceFailure` or `ServiceUnavailable` when it could not be stored, `EntityAlreadyExists` when another account has its alias: then
    /// nothing has happened. [`Error::is_overtaken`] where another server was quicker.
    pub fn commit(mut self, mut account: Account) -> impl Future<Output = Result<()>> + use<> {
        let (done, committed) = oneshot::channel();
        let changes = account.take_changes();
        *self.head = account.clone();
        // What the database may refuse is nothing to build on: the turn lasts until it is known.
        let held = changes.may_conflict().then_some(self.head);
        let commit = Commit { cell: self.cell, account: Arc::new(account), changes, done };
        let sent = self.orders.send(Order::Commit(commit));
        async move {
            sent.map_err(|_| Error::internal("the server is stopping"))?;
            let result = committed.await.map_err(Error::internal)?;
            drop(held);
            result
        }
    }
}

/// All accounts: in memory those that are in use, in the store all.
pub struct Accounts {
    cells: Arc<Cells>,
    store: Arc<Store>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Accounts {
    /// The accounts of a store. The handle is of the task that makes writes durable, last uses among them; it ends when
    /// the accounts are gone and all is written.
    pub fn new(store: Arc<Store>, usage: Arc<Usage>, metrics: Arc<Metrics>) -> (Self, JoinHandle<()>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let cells = Arc::new(Cells::default());
        let committer = Committer { store: store.clone(), cells: cells.clone(), usage, metrics };
        let committer = tokio::spawn(committer.run(receiver));
        (Self { cells, store, orders }, committer)
    }

    /// The account, loaded at its first use.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, id: AccountId) -> Result<Arc<Cell>> {
        loop {
            let slot = self.cells.slot(id);
            let load = async || {
                let account = self.store.load(id, slot.known.as_deref(), Utc::now().into()).await?;
                Ok(Arc::new(Cell::new(account, &slot)))
            };
            let cell = slot.cell.get_or_try_init(load).await?.clone();
            // A reset, or a commit that failed, may have overtaken the loading.
            if !slot.is_void() {
                return Ok(cell);
            }
        }
    }

    /// How many accounts are in memory.
    pub fn count_in_memory(&self) -> usize {
        self.cells.count()
    }

    /// Waits for the turn to write to an account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn turn(&self, id: AccountId) -> Result<Turn> {
        loop {
            let cell = self.get(id).await?;
            let head = cell.head.clone().lock_owned().await;
            if !cell.is_void() {
                return Ok(Turn { head, cell, orders: self.orders.clone() });
            }
        }
    }

    /// Forgets all that an account holds, or all accounts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reset(&self, account: Option<AccountId>) -> Result<()> {
        let (done, finished) = oneshot::channel();
        let order = Order::Reset { account, done };
        self.orders.send(order).map_err(|_| Error::internal("the server is stopping"))?;
        finished.await.map_err(Error::internal)?
    }
}
