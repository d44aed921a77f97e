//! The server's clock: real time, which a test can move.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time. Everything that depends on time asks the same clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// Microseconds that the server's time is ahead of real time.
    ahead: AtomicI64,
}

impl Clock {
    /// The server's time.
    pub fn now(&self) -> DateTime<Utc> {
        let ahead = TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed));
        Utc::now().checked_add_signed(ahead).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Moves the server's time by this much; backwards if negative.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }

    /// Sets the server's time. It goes on from there.
    pub fn set(&self, now: DateTime<Utc>) {
        let ahead = (now - Utc::now()).num_microseconds().unwrap_or(0);
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// Goes back to real time.
    pub fn reset(&self) {
        self.ahead.store(0, Ordering::Relaxed);
    }
}
