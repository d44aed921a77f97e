//! The gate of long computations.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// Lets as many long computations run at a time as there are cores. The others wait without a thread: password hashes
/// take memory, and threads that compete for the same cores finish no sooner.
pub struct Gate {
    permits: Semaphore,
}

impl Default for Gate {
    /// As many permits as the process has cores.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Gate {
    /// A gate with this many permits.
    pub fn new(permits: usize) -> Self {
        Self { permits: Semaphore::new(permits) }
    }

    /// Waits for a permit and computes. Other requests go on without the thread in the meantime.
    pub async fn compute<T>(&self, work: impl FnOnce() -> T) -> T {
        // The semaphore is never closed; without a permit the work would only be less bounded.
        let _permit = self.permits.acquire().await.ok();
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
            _ => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn no_more_than_the_permits_compute_at_a_time() {
        let gate = Arc::new(Gate::new(2));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls = (0..16).map(|_| {
            let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                gate.compute(|| {
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
