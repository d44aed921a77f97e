//! Generations of policies, which go on after the calls that start them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::Gate;
use crate::account::{Account, Generator, PolicyGeneration};
use crate::app::overtaken::change;
use crate::error::Result;
use crate::identity::Clock;
use crate::services::generation::{self, JobFailure};
use crate::shapes::{AccountId, GenerationStatus, Timestamp};
use crate::store::{Accounts, Trail};

/// How long it takes until a generated policy that could not be stored is stored again, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(4);

/// After so many attempts, about a minute, what is stored is that the generation failed.
const MAX_ATTEMPTS: u32 = 16;

/// Generates policies. A generation belongs to its account: what is known here is only which of them this server works on.
pub struct Generations {
    /// The accounts that the policies are for.
    pub accounts: Accounts,
    /// The events that they are generated from, unless the trail is off.
    pub trail: Option<Arc<Trail>>,
    /// What computes long goes through it.
    pub gate: Arc<Gate>,
    /// The server's time.
    pub clock: Arc<Clock>,
    /// This server.
    pub generator: Generator,
    /// The tasks at work.
    pub running: Mutex<HashMap<(AccountId, String), AbortHandle>>,
}

impl Generations {
    /// Begins what an account has under way, and ends what was canceled.
    pub fn follow(self: &Arc<Self>, account: &Account) {
        let now = self.now();
        let mut running = self.lock();
        running.retain(|(owner, id), task| {
            let kept = account.policy_generations.get(id);
            let is_wanted = *owner != account.id || kept.is_some_and(|kept| kept.is_under_way(now, &self.generator));
            if !is_wanted {
                task.abort();
            }
            is_wanted
        });
        for generation in account.policy_generations.iter() {
            let is_own = generation.run.as_ref() == Some(&self.generator.run);
            let key = (account.id, generation.id.clone());
            if is_own && generation.is_under_way(now, &self.generator) && !running.contains_key(&key) {
                let task = tokio::spawn(self.clone().generate(account.id, generation.clone()));
                running.insert(key, task.abort_handle());
            }
        }
    }

    async fn generate(self: Arc<Self>, id: AccountId, started: Arc<PolicyGeneration>) {
        let mut ended = (*started).clone();
        ended.status = GenerationStatus::Succeeded;
        if let Err(JobFailure(code, message)) = self.fill_in(id, &mut ended).await {
            ended.status = GenerationStatus::Failed;
            ended.failure = Some((code.to_owned(), message));
        }
        let (mut attempts, mut pause) = (1, FIRST_PAUSE);
        while let Err(error) = self.store(id, &ended).await {
            if attempts == 1 {
                tracing::error!(account = id.to_string(), job = ended.id, %error, "a generated policy cannot be stored");
            }
            if !started.is_under_way(self.now(), &self.generator) {
                break;
            }
            // The store may be well again soon. If it is the policy that it does not take, the job has failed.
            if attempts == MAX_ATTEMPTS {
                let JobFailure(code, message) = generation::failed();
                let (status, failure) = (GenerationStatus::Failed, Some((code.to_owned(), message)));
                ended = PolicyGeneration { status, failure, ..(*started).clone() };
            }
            tokio::time::sleep(pause).await;
            attempts += 1;
            pause = MAX_PAUSE.min(pause * 2);
        }
        self.lock().remove(&(id, ended.id));
    }

    /// Stores what became of a generation, unless it was canceled meanwhile, or the account emptied.
    async fn store(&self, id: AccountId, ended: &PolicyGeneration) -> Result<()> {
        let put = |account: &mut Account| {
            let now = self.now();
            let kept = account.policy_generations.get(&ended.id);
            if kept.is_none_or(|kept| !kept.is_under_way(now, &self.generator)) {
                return Ok(());
            }
            account.put(PolicyGeneration { completed: Some(now), ..ended.clone() })
        };
        change(&self.accounts, id, put).await
    }

    async fn fill_in(&self, id: AccountId, generation: &mut PolicyGeneration) -> Result<(), JobFailure> {
        let failed = |error| {
            tracing::error!(account = id.to_string(), %error, "no policy was generated");
            generation::failed()
        };
        let account = self.accounts.get(id).await.map_err(failed)?.durable();
        let query = generation::query(&account, generation)?;
        let trail = self.trail.as_ref().ok_or_else(generation::without_events)?;
        let activity = trail.activity(&query).await.map_err(failed)?;
        self.gate.compute(id, || generation::fill_in(generation, &activity, id.partition())).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now().into()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(AccountId, String), AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
