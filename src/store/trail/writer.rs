//! Writes the events and denials that wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Blocks, MAX_AT_ONCE, Trail, on};
use crate::store::fault::Fault;

/// How long events wait for others to be written with.
const PATIENCE: Duration = Duration::from_millis(500);

impl Trail {
    /// Writes what comes until no more does.
    pub(super) async fn write(self: Arc<Self>) {
        loop {
            // Some may have come while others were written.
            if self.waiting() == 0 {
                self.wake.notified().await;
            }
            // The others that come meanwhile are written with it; full blocks need not wait.
            let full = async {
                while !self.lock().is_full() {
                    self.wake.notified().await;
                }
            };
            let _ = tokio::time::timeout(PATIENCE, full).await;
            let closed = self.lock().closed;
            // What comes from now on waits for others again, so that blocks are large however many come.
            self.write_waiting(if closed { u64::MAX } else { self.last() }).await;
            if closed {
                break;
            }
        }
        if let Blocks::Own(archive) = &self.archive {
            archive.close().await;
        }
    }

    /// Writes the denials, and the events up to a sequence number, that wait.
    pub(super) async fn write_waiting(&self, to: u64) {
        let turn = self.turn.lock().await;
        let denials = self.denials().waiting();
        let kept = on!(self.archive, archive => archive.keep(&denials).await);
        self.denials().remove(&denials);
        if let Err(fault) = kept {
            tracing::error!(cause = fault.to_string(), "details of denials cannot be written and are lost");
        }
        drop(turn);
        loop {
            let _turn = self.turn.lock().await;
            let events = self.lock().first(MAX_AT_ONCE);
            let Some(last) = events.last().map(|event| event.sequence) else { return };
            if events.first().is_some_and(|event| event.sequence > to) {
                return;
            }
            let written = on!(self.archive, archive => archive.append(&events).await);
            self.note(written.err(), events.len());
            self.lock().remove_to(last);
        }
    }

    /// Says once that events cannot be written, and once that they can be again.
    fn note(&self, fault: Option<Fault>, count: usize) {
        let was_failing = self.is_failing.swap(fault.is_some(), Ordering::Relaxed);
        match fault {
            Some(fault) => {
                self.lock().dropped += count as u64;
                if !was_failing {
                    tracing::error!(
                        cause = fault.to_string(),
                        "events of the audit trail cannot be written and are lost"
                    );
                }
            }
            None if was_failing => tracing::info!("events of the audit trail can be written again"),
            None => {}
        }
    }
}
