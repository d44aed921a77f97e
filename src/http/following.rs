//! Following the other servers on the same database.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;

use super::State;
use crate::store::{News, StoreError};

/// How often this server looks for what it has not heard of.
const COMPARING: Duration = Duration::from_secs(1);

/// After so many looks, it takes up when credentials were last used, and removes what has expired.
const LEARNING: u64 = 5;
const CLEANING: u64 = 60;

/// Follows the other servers until this one ends.
pub async fn follow(mut news: mpsc::UnboundedReceiver<News>, state: Weak<State>) {
    let mut interval = tokio::time::interval(COMPARING);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0;
    loop {
        let heard = tokio::select! {
            heard = news.recv() => heard,
            _ = interval.tick() => None,
        };
        let Some(state) = state.upgrade() else { return };
        let done = match heard {
            Some(news) => heed(&state, &news).await,
            None => {
                looks += 1;
                look(&state, looks).await
            }
        };
        if let Err(error) = done {
            tracing::debug!(%error, "what other servers did is not known yet");
        }
    }
}

async fn heed(state: &Arc<State>, news: &News) -> Result<(), StoreError> {
    state.app.heed(news).await?;
    match news {
        News::Reset(account) => {
            state.credentials.forget(*account);
            if let Some(gateway) = &state.gateway {
                gateway.forget(*account);
            }
        }
        News::Bucket(name) => {
            if let Some(gateway) = &state.gateway {
                gateway.follow_bucket(name, state.app.store.load_bucket(name).await?);
            }
        }
        News::Documents => {
            if let Some(gateway) = &state.gateway {
                gateway.forget_documents();
            }
        }
        News::Account(..)
        | News::Organization(_)
        | News::Value(_)
        | News::Question(_)
        | News::Answer(..)
        | News::Sighting(_)
        | News::Delivery(..)
        | News::Missed => {}
    }
    Ok(())
}

async fn look(state: &Arc<State>, looks: u64) -> Result<(), StoreError> {
    state.app.compare_accounts().await;
    if looks.is_multiple_of(LEARNING) {
        state.app.learn_usage().await?;
    }
    if looks.is_multiple_of(CLEANING) {
        state.app.clean().await?;
    }
    Ok(())
}
