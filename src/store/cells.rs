//! The accounts in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::OnceCell;

use crate::account::Account;
use crate::shapes::AccountId;

/// Accounts beyond this number that are not in use leave memory.
const MAX_ACCOUNTS_IN_MEMORY: usize = 1024;

/// One account in memory.
pub struct Cell {
    /// Which account.
    pub id: AccountId,
    /// What is on disk: what readers see.
    durable: RwLock<Arc<Account>>,
    /// The newest state, which may still be on its way to the disk: what the next writer builds on.
    pub(super) head: Arc<tokio::sync::Mutex<Account>>,
    void: Arc<AtomicBool>,
}

impl Cell {
    pub(super) fn new(account: Account, slot: &Slot) -> Self {
        Self {
            id: account.id,
            durable: RwLock::new(Arc::new(account.clone())),
            head: Arc::new(tokio::sync::Mutex::new(account)),
            void: slot.void.clone(),
        }
    }

    /// The committed state.
    pub fn durable(&self) -> Arc<Account> {
        self.durable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn publish(&self, account: Arc<Account>) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// Whether the cell no longer shows what is on disk: nothing may be built on it.
    pub(super) fn is_void(&self) -> bool {
        self.void.load(Ordering::Acquire)
    }
}

/// The place of an account in memory, which may still be loading.
#[derive(Default)]
pub(super) struct Slot {
    pub cell: OnceCell<Arc<Cell>>,
    /// The account as it was before another server wrote to it.
    pub known: Option<Arc<Account>>,
    void: Arc<AtomicBool>,
}

impl Slot {
    pub fn is_void(&self) -> bool {
        self.void.load(Ordering::Acquire)
    }
}

/// The accounts in memory, by number.
#[derive(Default)]
pub(super) struct Cells {
    slots: Mutex<HashMap<AccountId, Arc<Slot>>>,
    /// Those whose organization other servers have changed, and that nobody here has read since.
    reorganized: Mutex<BTreeSet<AccountId>>,
}

impl Cells {
    /// The place of an account.
    pub fn slot(&self, id: AccountId) -> Arc<Slot> {
        let mut slots = self.lock();
        if slots.len() > MAX_ACCOUNTS_IN_MEMORY {
            slots.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.cell.get().is_some_and(|cell| Arc::strong_count(cell) > 1)
            });
        }
        slots.entry(id).or_default().clone()
    }

    /// Gives up what is known of one account, or of all, even what is loading: the next use loads from the database.
    /// Writes that were built on it are refused.
    pub fn give_up(&self, account: Option<AccountId>) {
        self.lock().retain(|id, slot| {
            let kept = account.is_some_and(|account| account != *id);
            if !kept {
                slot.void.store(true, Ordering::Release);
            }
            kept
        });
    }

    /// The accounts whose organization other servers have changed, and that nobody here has read since.
    pub fn reorganized(&self) -> BTreeSet<AccountId> {
        self.reorganized.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that another server has changed the organization of an account, or made one.
    pub fn reorganize(&self, id: AccountId) {
        self.reorganized.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Notes that an account is about to be read.
    pub fn will_be_read(&self, id: AccountId) {
        self.reorganized.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Gives up what is in memory of an account if it is older than a revision; the next use loads what has changed.
    pub fn overtake(&self, id: AccountId, revision: u64) {
        let mut slots = self.lock();
        let Some(slot) = slots.get_mut(&id) else { return };
        let known = match slot.cell.get() {
            Some(cell) if cell.durable().revision >= revision => return,
            Some(cell) => Some(cell.durable()),
            None => slot.known.clone(),
        };
        slot.void.store(true, Ordering::Release);
        *slot = Arc::new(Slot { known, ..Slot::default() });
    }

    /// Whether a revision that is newer than what readers see may be this server's own, about to be published.
    pub fn is_writing(&self, id: AccountId, revision: u64) -> bool {
        let slots = self.lock();
        let Some(cell) = slots.get(&id).and_then(|slot| slot.cell.get()) else { return false };
        let is_ahead = || cell.head.try_lock().map_or(true, |head| head.revision >= revision);
        cell.durable().revision < revision && is_ahead()
    }

    /// Gives up a state that another server has overtaken, unless that was done before.
    pub fn give_up_overtaken(&self, cell: &Cell) {
        if !cell.is_void() {
            self.overtake(cell.id, u64::MAX);
        }
    }

    /// The accounts in memory, or one of them if it is, with their revisions.
    pub fn revisions(&self, account: Option<AccountId>) -> Vec<(AccountId, u64)> {
        let slots = self.lock();
        let revision = |slot: &Slot| slot.cell.get().map(|cell| cell.durable().revision);
        match account {
            Some(id) => {
                slots.get(&id).and_then(|slot| revision(slot)).map(|revision| (id, revision)).into_iter().collect()
            }
            None => slots.iter().filter_map(|(id, slot)| Some((*id, revision(slot)?))).collect(),
        }
    }

    /// An account as it was before another server wrote to it.
    pub fn known(&self, id: AccountId) -> Option<Arc<Account>> {
        self.lock().get(&id)?.known.clone()
    }

    /// How many accounts are in memory, or loading.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
