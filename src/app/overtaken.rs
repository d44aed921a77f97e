//! What happens when another server writes to an account first.

use std::time::Duration;

use crate::account::Account;
use crate::error::Result;
use crate::shapes::AccountId;
use crate::store::Accounts;

/// How often a call runs whose account other servers are quicker to write to.
pub(super) const MAX_RUNS: u32 = 24;

/// Lets the quicker server get ahead, longer from time to time, and not two servers equally long.
pub(super) async fn pause(runs: u32) {
    let longest = 1 << runs.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..longest))).await;
}

/// Changes an account in its turn, and waits until the change is on disk. Where another server was quicker, `change`
/// runs again; also where it refuses, or leaves the account as it is.
///
/// # Errors
/// What `change` returns, and when the store fails.
pub(super) async fn change<T>(
    accounts: &Accounts,
    id: AccountId,
    mut change: impl FnMut(&mut Account) -> Result<T>,
) -> Result<T> {
    let mut runs = 1;
    loop {
        let turn = accounts.turn(id).await?;
        let mut account = turn.account();
        let result = match change(&mut account) {
            Ok(result) if account.has_changes() => Ok((result, turn.commit(account).await)),
            unchanged => {
                drop(turn);
                Err(unchanged)
            }
        };
        match result {
            Ok((_, Err(error))) if error.is_overtaken() && runs < MAX_RUNS => pause(runs).await,
            Ok((result, committed)) => return committed.map(|()| result),
            Err(_) if runs < MAX_RUNS && accounts.is_behind(id).await? => {}
            Err(unchanged) => return unchanged,
        }
        runs += 1;
    }
}
