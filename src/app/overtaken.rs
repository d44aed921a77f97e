//! What happens when another server writes to an account first.

use std::time::Duration;

/// How often a call runs whose account other servers are quicker to write to.
pub(super) const MAX_RUNS: u32 = 24;

/// Lets the quicker server get ahead, longer from time to time, and not two servers equally long.
pub(super) async fn pause(runs: u32) {
    let longest = 1 << runs.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..longest))).await;
}
