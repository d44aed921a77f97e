//! What servers on one database share beside the accounts. A server that is alone has nobody to share with.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::engine::Store;
use super::error::StoreError;
use super::fault::Fault;
use super::postgres::{Announcer, Link, Postgres, Rounds};
use super::records::{BucketRecord, News};
use crate::audit::LastUse;
use crate::error::Result;
use crate::shapes::{AccountId, Timestamp};

impl Store {
    /// What other servers on the database do from now on; `None` if there can be no other.
    pub fn follow(&self) -> Option<mpsc::UnboundedReceiver<News>> {
        self.postgres().map(Postgres::follow)
    }

    /// Waits, for a moment at most, until the other servers have taken note of all that this one has announced, and have
    /// written what they do not write at once.
    pub async fn wait_for_others(&self) {
        if let Some(rounds) = self.rounds() {
            rounds.ask().await;
        }
    }

    /// Lets the gateways of other servers forget what upstreams have said of policies, and waits until they have.
    pub async fn forget_documents_everywhere(&self) {
        if let Some(postgres) = self.postgres() {
            postgres.announce_documents();
            self.wait_for_others().await;
        }
    }

    /// Answers another server's question: all events are written up to a sequence number.
    pub fn answer(&self, question: u64, written: u64) {
        if let Some(postgres) = self.postgres() {
            postgres.answer(question, written);
        }
    }

    /// Takes note of another server's answer.
    pub fn hear_answer(&self, question: u64, written: u64) {
        if let Some(rounds) = self.rounds() {
            rounds.hear(question, written);
        }
    }

    /// This server's questions to the others; `None` if there can be none.
    pub(super) fn rounds(&self) -> Option<Arc<Rounds>> {
        self.postgres().map(Postgres::rounds)
    }

    /// The connections to a database that other servers write to as well.
    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.postgres().map(Postgres::link)
    }

    /// How long the database has been gone; `None` if it is there.
    pub(super) fn gone_for(&self) -> Option<Duration> {
        self.postgres()?.gone_for()
    }

    /// Those accounts of which the database has another revision, and that revision.
    pub(super) async fn other_revisions(&self, known: &[(AccountId, u64)]) -> Result<Vec<(AccountId, u64)>, Fault> {
        match self.postgres() {
            Some(postgres) => postgres.other_revisions(known).await,
            None => Ok(Vec::new()),
        }
    }

    /// A bucket, if something is known of it, after another server has learned something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_bucket(&self, name: &str) -> Result<Option<BucketRecord>, StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.load_bucket(name).await,
            None => Ok(None),
        }
    }

    /// The last uses that other servers, and this one, have written in the last seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_usage(&self) -> Result<Vec<LastUse>, StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.recent_usage().await,
            None => Ok(Vec::new()),
        }
    }

    /// Removes what servers had to know of each other and no longer need.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clean(&self, now: Timestamp) -> Result<(), StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.clean(now).await,
            None => Ok(()),
        }
    }

    /// Changes a value that all servers share. A server that is alone keeps it itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.share(key, value).await,
            None => Ok(()),
        }
    }

    /// A value that all servers share; `None` for a server that is alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shared(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.shared(key).await,
            None => Ok(None),
        }
    }

    /// Keeps for other servers the resource that an account's opaque tokens belong to, by the hashes of the tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_tokens(&self, account: AccountId, keys: &[[u8; 32]], resource: &str) -> Result<(), StoreError> {
        match self.postgres() {
            Some(postgres) if !keys.is_empty() => postgres.keep_tokens(account, keys, resource).await,
            _ => Ok(()),
        }
    }

    /// The resource that an opaque token belongs to, if a server has kept it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resource_of_token(&self, key: &[u8; 32]) -> Result<Option<String>, StoreError> {
        match self.postgres() {
            Some(postgres) => postgres.resource_of_token(key).await,
            None => Ok(None),
        }
    }

    /// Lets other servers know what this one has seen.
    pub fn announce_sighting(&self, text: &str) {
        if let Some(announcer) = self.announcer() {
            announcer.sighting(text);
        }
    }

    /// What this server announces to others; `None` if there can be none.
    pub(super) fn announcer(&self) -> Option<Announcer> {
        self.postgres().map(Postgres::announcer)
    }

    /// Uses up something that its maker gave a name; `false` if a server has used it before. A server that is alone
    /// remembers such things itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, account: AccountId, place: (&str, &str), until: Timestamp) -> Result<bool> {
        match self.postgres() {
            Some(postgres) => postgres.claim(account, place, until).await.map_err(Fault::into_error),
            None => Ok(true),
        }
    }
}
