//! Gathering the events of several servers. Each keeps its newest ones in memory for a moment, so that calls wait for
//! nothing; who looks events up lets all servers write theirs.

use std::time::Duration;

use tokio::sync::watch;

use super::{Blocks, Trail};

/// How long those who follow wait for more events to read at once, and at most for news of the other servers.
const PAUSE: Duration = Duration::from_millis(100);
const LONG_PAUSE: Duration = Duration::from_millis(500);

impl Trail {
    /// Has the events and denials of all servers written that were recorded before it was called. All events up to the
    /// sequence number that it returns are.
    pub(super) async fn gather(&self) -> u64 {
        match &self.archive {
            Blocks::Own(_) => u64::MAX,
            Blocks::Shared(_, rounds) => {
                let (own, others) = tokio::join!(self.write_recorded(), rounds.ask());
                own.min(others)
            }
        }
    }

    /// Writes what was recorded so far. The sequence number up to which that is all.
    pub async fn write_recorded(&self) -> u64 {
        let last = self.last();
        self.write_waiting(last).await;
        last
    }

    /// Waits until there may be newer events than there were when `newest` was last marked as unchanged. `false` if
    /// there will be none.
    pub async fn wait_for_news(&self, newest: &mut watch::Receiver<u64>) -> bool {
        match &self.archive {
            Blocks::Own(_) => newest.changed().await.is_ok(),
            Blocks::Shared(..) => match tokio::time::timeout(LONG_PAUSE, newest.changed()).await {
                Ok(changed) => {
                    tokio::time::sleep(PAUSE).await;
                    changed.is_ok()
                }
                // Another server may have some.
                Err(_) => true,
            },
        }
    }
}
