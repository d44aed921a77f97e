//! The gate of long computations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use crate::shapes::AccountId;

/// Lets some long computations run at a time, and leaves a core to the requests that do not compute. The others wait
/// without a thread: password hashes take memory, and threads that compete for the same cores finish no sooner.
///
/// An account has half of the permits at most, and waits for the others with that many calls: the calls of one account
/// do not keep those of the next one waiting, however many they are.
pub struct Gate {
    permits: Semaphore,
    per_account: usize,
    /// The accounts that compute or wait.
    accounts: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

impl Default for Gate {
    /// A permit for each core but one.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores.saturating_sub(1).max(1))
    }
}

impl Gate {
    /// A gate with this many permits.
    pub fn new(permits: usize) -> Self {
        let per_account = permits.div_ceil(2).max(1);
        Self { permits: Semaphore::new(permits), per_account, accounts: Mutex::default() }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Semaphore>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit and computes for an account. Other requests go on without the thread in the meantime.
    pub async fn compute<T>(&self, account: AccountId, work: impl FnOnce() -> T) -> T {
        let share = Share::of(self, account);
        // The semaphores are never closed; without a permit the work would only be less bounded.
        let _share = share.permits.acquire().await.ok();
        let _permit = self.permits.acquire().await.ok();
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
            _ => work(),
        }
    }
}

/// What an account may use of the gate. It is forgotten when no call of the account computes or waits.
struct Share<'g> {
    gate: &'g Gate,
    account: AccountId,
    permits: Arc<Semaphore>,
}

impl<'g> Share<'g> {
    fn of(gate: &'g Gate, account: AccountId) -> Self {
        let mut accounts = gate.accounts();
        let permits = accounts.entry(account).or_insert_with(|| Arc::new(Semaphore::new(gate.per_account))).clone();
        Self { gate, account, permits }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut accounts = self.gate.accounts();
        // The table's and this one.
        if Arc::strong_count(&self.permits) == 2 {
            accounts.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn account(number: u64) -> AccountId {
        AccountId::from_number(number).unwrap()
    }

    #[tokio::test]
    async fn the_calls_of_one_account_do_not_keep_another_waiting() {
        let gate = Arc::new(Gate::new(2));
        let (entered, mut order) = tokio::sync::mpsc::unbounded_channel();
        let held = gate.permits.acquire_many(2).await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for caller in [1, 1, 1, 1, 2] {
            let (gate, entered) = (gate.clone(), entered.clone());
            calls.spawn(async move { gate.compute(account(caller), || entered.send(caller).unwrap()).await });
            tokio::task::yield_now().await;
        }
        drop(held);
        while calls.join_next().await.is_some() {}
        let order: Vec<u64> = std::iter::from_fn(|| order.try_recv().ok()).collect();
        assert_eq!(order.iter().position(|caller| *caller == 2), Some(1), "{order:?}");
        assert!(gate.accounts().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn no_more_than_the_permits_compute_at_a_time() {
        let gate = Arc::new(Gate::new(2));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls = (0..16).map(|caller| {
            let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                gate.compute(account(caller), || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    running.fetch_sub(1, Ordering::SeqCst);
                })
                .await;
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
    }
}
