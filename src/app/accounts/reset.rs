//! Forgetting accounts.

use crate::app::App;
use crate::error::Result;
use crate::shapes::AccountId;

impl App {
    /// Forgets all that an account holds and all that is known of it, or of all accounts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reset(&self, account: Option<AccountId>) -> Result<()> {
        self.accounts.reset(account).await?;
        // They write none of its events from then on.
        self.store.wait_for_others().await;
        self.environment.volatile.forget(account);
        if let Some(trail) = &self.trail {
            trail.forget(account).await?;
        }
        if let Some(delivery) = &self.environment.delivery {
            delivery.forget(account);
        }
        self.detections.forget(account);
        self.make_planned_organization().await
    }
}
