//! Who may read and write an account, and who may write next.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::{OnceCell, OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::cells::{Cell, Cells, Slot};
use super::committer::{Commit, Committer, Order};
use super::engine::Store;
use super::fault::{Fault, unavailable};
use super::records::News;
use crate::account::Account;
use crate::audit::Usage;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::organization::{Directory, Organizations};
use crate::shapes::AccountId;

/// How often, and after what time, it is looked whether this server's own writes are published.
const MAX_LOOKS: usize = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

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
    pub fn commit(self, mut account: Account) -> impl Future<Output = Result<()>> + use<> {
        let Self { mut head, cell, orders } = self;
        let (done, committed) = oneshot::channel();
        let changes = account.take_changes();
        *head = account.clone();
        let may_conflict = changes.may_conflict();
        // The turn lasts at least until here, so that writes come to the committer in the order of their revisions.
        let sent = orders.send(Order::Commit(Commit { cell, account: Arc::new(account), changes, done }));
        // What the database may refuse is nothing to build on: the turn lasts until it is known.
        let held = may_conflict.then_some(head);
        async move {
            sent.map_err(|_| Error::internal("the server is stopping"))?;
            let result = committed.await.map_err(Error::internal)?;
            drop(held);
            result
        }
    }

    /// Makes each account the newest state of its turn, all in one transaction: all of them are stored, or none. The turns
    /// last until it is known.
    ///
    /// # Errors
    /// Like [`Turn::commit`].
    pub async fn commit_together(changed: Vec<(Self, Account)>) -> Result<()> {
        let Some(orders) = changed.first().map(|(turn, _)| turn.orders.clone()) else { return Ok(()) };
        let (mut commits, mut held, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for (Self { mut head, cell, .. }, mut account) in changed {
            let (done, committed) = oneshot::channel();
            let changes = account.take_changes();
            // If the caller goes away, later writes are built on this, and are refused with it if it cannot be stored.
            *head = account.clone();
            commits.push(Commit { cell, account: Arc::new(account), changes, done });
            held.push(head);
            waiting.push(committed);
        }
        orders.send(Order::CommitTogether(commits)).map_err(|_| Error::internal("the server is stopping"))?;
        for committed in waiting {
            committed.await.map_err(Error::internal)??;
        }
        drop(held);
        Ok(())
    }
}

/// All accounts: in memory those that are in use, in the store all.
#[derive(Clone)]
pub struct Accounts {
    cells: Arc<Cells>,
    store: Arc<Store>,
    organizations: Arc<Organizations>,
    /// Set when the stored organizations have been loaded: until then nobody gets an account, since nobody can decide what
    /// its organization denies.
    organizations_are_known: Arc<OnceCell<()>>,
    orders: mpsc::UnboundedSender<Order>,
    reading: Reading,
}

/// What readers of a database that other servers write to put up with.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Whether the database is asked at every read if it has something newer.
    pub latest: bool,
    /// How long accounts in memory are read while the database is gone.
    pub max_stale: Duration,
}

impl Accounts {
    /// The accounts of a store. The handle is of the task that makes writes durable, last uses among them; it ends when
    /// the accounts are gone and all is written.
    pub fn new(store: Arc<Store>, usage: Arc<Usage>, metrics: Arc<Metrics>) -> (Self, JoinHandle<()>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let cells = Arc::new(Cells::default());
        let organizations = Arc::new(Organizations::default());
        let committer = Committer {
            store: store.clone(),
            cells: cells.clone(),
            organizations: organizations.clone(),
            usage,
            metrics,
        };
        let committer = tokio::spawn(committer.run(receiver));
        let reading = Reading { latest: false, max_stale: Duration::MAX };
        let organizations_are_known = Arc::default();
        (Self { cells, store, organizations, organizations_are_known, orders, reading }, committer)
    }

    /// The same, read in this way.
    #[must_use]
    pub fn read(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// The account, loaded at its first use.
    ///
    /// # Errors
    /// When the store fails, and what is in memory is too old.
    pub async fn get(&self, id: AccountId) -> Result<Arc<Cell>> {
        if self.reading.latest {
            loop {
                let cell = self.load(id).await?;
                // The loading may have begun before this read.
                self.compare(Some(id)).await.map_err(Fault::into_error)?;
                if !cell.is_void() {
                    return Ok(cell);
                }
            }
        }
        let loaded = self.load(id).await;
        let Some(gone) = self.store.gone_for() else { return loaded };
        if gone > self.reading.max_stale {
            return Err(unavailable());
        }
        // The state from before another server wrote to it, which cannot be loaded: good enough for a reader.
        let known = || self.cells.known(id).map(|known| Arc::new(Cell::new((*known).clone(), &Slot::default())));
        loaded.or_else(|error| known().ok_or(error))
    }

    /// Takes note of what another server has done.
    pub fn heed(&self, news: &News) {
        match news {
            News::Account(id, revision) => self.cells.overtake(*id, *revision),
            News::Organization(id) => self.cells.reorganize(*id),
            News::Reset(account) => {
                self.cells.give_up(*account);
                self.organizations.forget(*account);
            }
            News::Value(_)
            | News::Bucket(_)
            | News::Documents
            | News::Question(_)
            | News::Answer(..)
            | News::Sighting(_)
            | News::Delivery(..)
            | News::Missed => {}
        }
    }

    /// Compares all accounts in memory with the database, and gives up the states that are not the newest.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self) -> Result<()> {
        self.compare(None).await.map_err(Fault::into_error)?;
        self.load_organizations().await
    }

    /// Loads the organizations that are stored.
    async fn load_organizations(&self) -> Result<()> {
        for id in self.store.organizations().await.map_err(Error::internal)? {
            self.load_alone(id).await?;
        }
        Ok(())
    }

    /// Whether another server has written to an account meanwhile, whose next use here then loads that.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_behind(&self, id: AccountId) -> Result<bool> {
        if !self.store.is_shared() {
            return Ok(false);
        }
        let cell = self.load(id).await?;
        self.compare(Some(id)).await.map_err(Fault::into_error)?;
        Ok(cell.is_void())
    }

    async fn compare(&self, account: Option<AccountId>) -> Result<(), Fault> {
        let known = self.cells.revisions(account);
        if known.is_empty() {
            return Ok(());
        }
        for (id, revision) in self.store.other_revisions(&known).await? {
            match known.iter().find(|(known, _)| *known == id) {
                // A database that was put back to an older state.
                Some((_, known)) if *known > revision => self.cells.give_up(Some(id)),
                _ => self.give_up_older(id, revision).await,
            }
        }
        Ok(())
    }

    /// Gives up a state that is older than the one in the database, unless the newer one turns out to be this server's own.
    async fn give_up_older(&self, id: AccountId, revision: u64) {
        for _ in 0..MAX_LOOKS {
            if !self.cells.is_writing(id, revision) {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.cells.overtake(id, revision);
    }

    async fn load(&self, id: AccountId) -> Result<Arc<Cell>> {
        self.organizations_are_known.get_or_try_init(|| self.load_organizations()).await?;
        self.load_alone(id).await
    }

    async fn load_alone(&self, id: AccountId) -> Result<Arc<Cell>> {
        loop {
            let slot = self.cells.slot(id);
            let load = async || {
                let account = self.store.load(id, slot.known.as_deref(), Utc::now().into()).await?;
                // Another server may have written it.
                if !slot.is_void() {
                    self.organizations.publish(&account, None);
                }
                Ok(Arc::new(Cell::new(account, &slot)))
            };
            let cell = slot.cell.get_or_try_init(load).await?.clone();
            // A reset, or a commit that failed, may have overtaken the loading.
            if !slot.is_void() {
                return Ok(cell);
            }
        }
    }

    /// The organizations as they are now, those of management accounts that other servers have written to included.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organizations(&self) -> Result<Arc<Directory>> {
        self.organizations_are_known.get_or_try_init(|| self.load_organizations()).await?;
        let directory = self.organizations.current();
        if !self.store.is_shared() {
            return Ok(directory);
        }
        for organization in directory.iter() {
            self.get(organization.management_account).await?;
        }
        for id in self.cells.reorganized() {
            self.cells.will_be_read(id);
            // One that fails is asked for again by the next call.
            self.get(id).await.inspect_err(|_| self.cells.reorganize(id))?;
        }
        Ok(self.organizations.current())
    }

    /// Whether an account is closed, by its own record or by that of its organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_closed(&self, id: AccountId) -> Result<bool> {
        let organizations = self.organizations().await?;
        let by_organization = organizations.of(id).is_some_and(|organization| organization.has_closed(id));
        if by_organization {
            return Ok(true);
        }
        // The organization, which closes it first, is the newest: it is not worth another look into the database.
        let cell = if self.reading.latest { self.load(id).await? } else { self.get(id).await? };
        Ok(cell.durable().is_closed())
    }

    /// The organizations as this server knows them: all, as soon as it has given out an account.
    pub fn known_organizations(&self) -> Arc<Directory> {
        self.organizations.current()
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
            let cell = self.load(id).await?;
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
