//! What is heard of other servers on the same database.

use super::{App, Record};
use crate::identity::Caller;
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
                if let Some(delivery) = &self.environment.delivery {
                    delivery.forget(*account);
                }
                self.detections.forget(*account);
            }
            News::Value(key) if key == CLOCK => self.follow_clock().await?,
            News::Missed => {
                self.follow_clock().await?;
                self.compare_accounts().await;
            }
            News::Sighting(text) => self.detections.hear(text),
            News::Delivery(server, text) => {
                if let Some(delivery) = &self.environment.delivery {
                    delivery.hear(*server, text);
                }
            }
            News::Question(question) => self.answer_question(*question),
            News::Answer(question, written) => self.store.hear_answer(*question, *written),
            News::Account(..) | News::Organization(_) | News::Value(_) | News::Bucket(_) | News::Documents => {}
        }
        Ok(())
    }

    /// Writes what is not written at once, and answers the server that asked for it. News are heeded one after the other:
    /// this server has taken note of all that came before the question.
    fn answer_question(&self, question: u64) {
        let (store, trail) = (self.store.clone(), self.trail.clone());
        let usage = self.environment.volatile.usage.clone();
        tokio::spawn(async move {
            store.write_usage(&usage).await;
            let written = match trail {
                Some(trail) => trail.write_recorded().await,
                None => u64::MAX,
            };
            store.answer(question, written);
        });
    }

    /// Whether another server has written to the account that a call works on, or to the caller's, without this one having
    /// known. What the database does not say is not so.
    pub(super) async fn is_behind(&self, caller: &Caller, record: &Record) -> bool {
        let target = record.target.as_ref().map(|account| account.id);
        for id in target.into_iter().chain([caller.account].into_iter().filter(|own| Some(*own) != target)) {
            if self.accounts.is_behind(id).await.unwrap_or(false) {
                return true;
            }
        }
        false
    }

    /// Finds out what was missed. What fails now is done later.
    pub async fn compare_accounts(&self) {
        if let Err(error) = self.accounts.catch_up().await {
            tracing::debug!(%error, "the accounts could not be compared with the database");
        }
    }

    /// Asks other servers when credentials were last used there, and takes it up. Without the database, what is known here
    /// has to do.
    pub async fn gather_usage(&self) {
        self.store.wait_for_others().await;
        if let Err(error) = self.learn_usage().await {
            tracing::debug!(%error, "last uses on other servers are not known yet");
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

    /// Sets the clocks of other servers as this one's, and waits until they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share_clock(&self) -> Result<(), StoreError> {
        self.store.share(CLOCK, self.environment.clock.to_text().as_bytes()).await?;
        self.store.wait_for_others().await;
        Ok(())
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
