//! What is heard of other servers on the same database.

use super::App;
use crate::store::{News, StoreError};

/// The value under which servers share how their clocks are set.
const CLOCK: &str = "clock";

impl App {
    /// Takes note of what another server has done.
    ///
    /// # Errors
    /// When the database fails: it is asked again later.
    pub async fn heed(&self, news: &News) -> Result<(), StoreError> {
        self.accounts.heed(news);
        match news {
            News::Reset(account) => {
                self.environment.volatile.forget(*account);
                if let Some(trail) = &self.trail {
                    trail.forget_waiting(*account);
                }
            }
            News::Value(key) if key == CLOCK => self.follow_clock().await?,
            News::Missed => {
                self.follow_clock().await?;
                self.compare_accounts().await;
            }
            News::Account(..) | News::Value(_) | News::Bucket(_) => {}
        }
        Ok(())
    }

    /// Finds out what was missed. What fails now is done later.
    pub async fn compare_accounts(&self) {
        if let Err(error) = self.accounts.catch_up().await {
            tracing::debug!(%error, "the accounts could not be compared with the database");
        }
    }

    /// Takes up when credentials were last used with other servers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn_usage(&self) -> Result<(), StoreError> {
        self.environment.volatile.usage.learn(self.store.recent_usage().await?);
        Ok(())
    }

    /// Removes what servers no longer need to know of each other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clean(&self) -> Result<(), StoreError> {
        self.store.clean(self.environment.clock.now().into()).await
    }

    /// Sets the clocks of other servers as this one's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share_clock(&self) -> Result<(), StoreError> {
        self.store.share(CLOCK, self.environment.clock.to_text().as_bytes()).await
    }

    /// Sets the clock as that of the other servers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_clock(&self) -> Result<(), StoreError> {
        if let Some(text) = self.store.shared(CLOCK).await? {
            self.environment.clock.follow(&String::from_utf8_lossy(&text));
        }
        Ok(())
    }
}
