//! The accounts in memory: who may write next, and what readers see.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::Utc;
use tokio::sync::{MutexGuard, OnceCell, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::committer::{self, Commit, Order};
use super::sqlite::Sqlite;
use crate::account::Account;
use crate::error::{Error, Result};
use crate::shapes::AccountId;

/// Accounts beyond this number that nobody uses leave memory.
const ACCOUNTS_IN_MEMORY: usize = 1024;

/// One account in memory.
pub struct Cell {
    /// Which account.
    pub id: AccountId,
    /// What is on disk: what readers see.
    durable: RwLock<Arc<Account>>,
    /// The newest state, which may still be on its way to the disk: what the next writer builds on.
    head: tokio::sync::Mutex<Account>,
    /// Counts the times that the head had to fall back.
    pub(super) epoch: AtomicU64,
}

impl Cell {
    fn new(account: Account) -> Self {
        Self {
            id: account.id,
            durable: RwLock::new(Arc::new(account.clone())),
            head: tokio::sync::Mutex::new(account),
            epoch: AtomicU64::new(0),
        }
    }

    /// The committed state.
    pub fn durable(&self) -> Arc<Account> {
        self.durable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn publish(&self, account: Arc<Account>) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// Gives up what was not stored: the head becomes `account` again, and writes under way are void.
    pub(super) async fn fall_back_to(&self, account: Arc<Account>) {
        let mut head = self.head.lock().await;
        self.epoch.fetch_add(1, Ordering::AcqRel);
        *head = (*account).clone();
        self.publish(account);
    }
}

/// A writer's turn on an account. Nobody else writes to it until the turn ends.
pub struct Turn<'c> {
    head: MutexGuard<'c, Account>,
    cell: &'c Arc<Cell>,
    orders: &'c mpsc::UnboundedSender<Order>,
}

impl Turn<'_> {
    /// The newest state, to be worked on.
    pub fn account(&self) -> Account {
        self.head.clone()
    }

    /// Makes `account` the newest state and ends the turn. The future resolves when it is durable.
    ///
    /// # Errors
    /// `ServiceFailure` when it could not be stored: then nothing has happened.
    pub fn commit(mut self, mut account: Account) -> impl Future<Output = Result<()>> + use<> {
        let (done, committed) = oneshot::channel();
        let changes = account.take_changes();
        *self.head = account.clone();
        let epoch = self.cell.epoch.load(Ordering::Acquire);
        let commit = Commit { cell: self.cell.clone(), epoch, account: Arc::new(account), changes, done };
        let sent = self.orders.send(Order::Commit(commit));
        async move {
            sent.map_err(|_| Error::internal("the server is stopping"))?;
            committed.await.map_err(Error::internal)?
        }
    }
}

/// All accounts: in memory those that are in use, in the store all.
pub struct Accounts {
    cells: Mutex<HashMap<AccountId, Arc<OnceCell<Arc<Cell>>>>>,
    store: Arc<Sqlite>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Accounts {
    /// The accounts of a store. The handle is of the task that makes writes durable; it ends when the accounts are gone.
    pub fn new(store: Arc<Sqlite>) -> (Self, JoinHandle<()>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let committer = tokio::spawn(committer::run(store.clone(), receiver));
        (Self { cells: Mutex::default(), store, orders }, committer)
    }

    /// The account, loaded at its first use.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, id: AccountId) -> Result<Arc<Cell>> {
        let slot = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            if cells.len() > ACCOUNTS_IN_MEMORY {
                cells.retain(|_, slot| {
                    Arc::strong_count(slot) > 1 || slot.get().is_some_and(|cell| Arc::strong_count(cell) > 1)
                });
            }
            cells.entry(id).or_default().clone()
        };
        let load = async || self.store.load(id, Utc::now().into()).await.map(|account| Arc::new(Cell::new(account)));
        slot.get_or_try_init(load).await.cloned()
    }

    /// Waits for the turn to write to an account.
    pub async fn turn<'c>(&'c self, cell: &'c Arc<Cell>) -> Turn<'c> {
        Turn { head: cell.head.lock().await, cell, orders: &self.orders }
    }

    /// Forgets all that an account holds, or all accounts.
    ///
    /// # Errors
    /// When the store fails: then nothing is forgotten.
    pub async fn reset(&self, account: Option<AccountId>) -> Result<()> {
        let cells = {
            let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            let concerned = cells.iter().filter(|(id, _)| account.is_none_or(|account| account == **id));
            concerned.filter_map(|(_, slot)| slot.get().cloned()).collect()
        };
        let (done, finished) = oneshot::channel();
        let order = Order::Reset { account, cells, done };
        self.orders.send(order).map_err(|_| Error::internal("the server is stopping"))?;
        finished.await.map_err(Error::internal)?
    }
}
