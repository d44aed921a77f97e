//! What explanations may cost: to explain a denial takes longer than to deny.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The most denials in a second that are explained. Of the others the log says no more than the layer that denied them:
/// a flood of denials must not slow the server.
const MAX_PER_SECOND: u64 = 100;

/// Counts the explanations of the present second.
pub struct Budget {
    begun: Instant,
    /// The second in the upper half, its count in the lower.
    window: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { begun: Instant::now(), window: AtomicU64::new(0) }
    }
}

impl Budget {
    /// Takes an explanation out of the budget, if one is left.
    pub fn take(&self) -> bool {
        self.take_in(self.begun.elapsed().as_secs())
    }

    fn take_in(&self, second: u64) -> bool {
        let (second, first) = (second & u64::from(u32::MAX), 1);
        let counted = |window: u64| match window >> 32 {
            same if same != second => Some(second << 32 | first),
            _ if window & u64::from(u32::MAX) < MAX_PER_SECOND => Some(window + 1),
            _ => None,
        };
        self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_a_hundred_explanations() {
        let budget = Budget::default();
        for second in [0, 1, 7] {
            assert_eq!((0..1000).filter(|_| budget.take_in(second)).count(), 100, "{second}");
        }
    }
}
