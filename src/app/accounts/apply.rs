//! Makes accounts what files describe, in the accounts' turns.

use std::sync::OnceLock;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::Value;

use crate::account::Account;
use crate::app::App;
use crate::app::overtaken::{MAX_RUNS, pause};
use crate::call::Context;
use crate::description::export::export;
use crate::description::reconcile::{Ground, reconcile};
use crate::description::{Described, DescriptionError, Descriptions, GeneratedSecrets, Report};
use crate::error::Error;
use crate::identity::{Caller, Principal, RequestFacts};
use crate::shapes::{AccountId, Ids, Timestamp};
use crate::store::Turn;

/// Why files were not applied. Then nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The account id is malformed.
    #[error("account must be twelve digits, after another partition and a colon where it is of one")]
    Account,
    /// What a file asks for cannot be.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The store failed, or an account's alias belongs to another account.
    #[error("{}", .0.message().unwrap_or("the database failed; the log says why"))]
    Store(#[from] Error),
    /// The secrets that were made cannot be kept.
    #[error("{0}")]
    Secrets(String),
}

/// How files are applied.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyMode {
    /// Whether the accounts stay as they are, and the report says what would happen.
    pub dry_run: bool,
    /// Whether what a file once made and no longer has is removed.
    pub prune: bool,
}

impl App {
    /// Makes accounts what files describe: all of it, or nothing. `keep` takes the secrets that were made before
    /// anything is written; where it is called again, those of the call before are of no use.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub async fn apply(
        &self,
        descriptions: &Descriptions,
        mode: ApplyMode,
        mut keep: impl FnMut(&GeneratedSecrets) -> Result<(), String>,
    ) -> Result<Report, ApplyError> {
        let mut runs = 1;
        loop {
            match self.apply_once(descriptions, mode, &mut keep).await {
                Err(ApplyError::Store(error)) if error.is_overtaken() && runs < MAX_RUNS => pause(runs).await,
                result => return result,
            }
            runs += 1;
        }
    }

    async fn apply_once(
        &self,
        descriptions: &Descriptions,
        mode: ApplyMode,
        keep: &mut impl FnMut(&GeneratedSecrets) -> Result<(), String>,
    ) -> Result<Report, ApplyError> {
        let mut ids = descriptions.accounts();
        let dropped = if mode.prune { self.dropped(descriptions).await? } else { Vec::new() };
        ids.extend(dropped.iter().map(|(_, id)| *id));
        let mut others = Vec::new();
        for id in descriptions.accounts_trusted().difference(&ids) {
            others.push(self.accounts.get(*id).await?.durable());
        }
        // Always in the same order, so that two appliers never wait for each other.
        let mut turns = Vec::with_capacity(ids.len());
        for id in &ids {
            turns.push(self.accounts.turn(*id).await?);
        }
        let mut copies: BTreeMap<AccountId, Account> =
            turns.iter().map(|turn| turn.account()).map(|account| (account.id, account)).collect();
        let facts = self.facts_of_apply();
        let organizations = self.accounts.organizations().await?;
        let ground =
            Ground { environment: &self.environment, facts: &facts, others, organizations, prune: mode.prune, dropped };
        let done = self.gate.compute(AccountId::ANONYMOUS, || reconcile(&ground, descriptions, &mut copies)).await?;
        if mode.dry_run {
            return Ok(done.report);
        }
        if !done.secrets.is_empty() {
            keep(&done.secrets).map_err(ApplyError::Secrets)?;
        }
        let changed = turns.into_iter().zip(copies.into_values()).filter(|(_, copy)| copy.has_changes());
        Turn::commit_together(changed.collect()).await?;
        for id in ids {
            self.go_on_in(id).await;
        }
        Ok(done.report)
    }

    /// The accounts in which seeds have made something that their files no longer have, each with the seed's name.
    async fn dropped(&self, descriptions: &Descriptions) -> Result<Vec<(String, AccountId)>, Error> {
        let known = self.store.accounts().await.map_err(Error::internal)?;
        let known: Vec<_> = known.iter().filter_map(|counts| AccountId::parse_qualified(&counts.account)).collect();
        let mut dropped = Vec::new();
        for id in known {
            let account = self.accounts.get(id).await?.durable();
            let seeds = account.settings().seeds;
            let has = |file: &Described| file.accounts.iter().any(|(described, _)| **described == id);
            let is_dropped = |name: &&String| {
                let mut files = descriptions.described.iter().filter(|file| file.name == **name).peekable();
                files.peek().is_some() && !files.any(has)
            };
            dropped.extend(seeds.keys().filter(is_dropped).map(|name| (name.clone(), id)));
        }
        Ok(dropped)
    }

    /// An account, or a snapshot of it, in the form of AWS's authorization details, with what they leave out. A time stands
    /// for the newest snapshot that was made by then. `None` if there is no such snapshot.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn export(&self, id: AccountId, snapshot: Option<&str>) -> Result<Option<Value>, Error> {
        let mut account = self.accounts.get(id).await?.durable();
        if let Some(name) = snapshot {
            // Names have no colons.
            let time = chrono::DateTime::parse_from_rfc3339(name).ok().filter(|_| name.contains(':'));
            let time: Option<Timestamp> = time.map(|time| time.to_utc().into());
            let found = match time {
                Some(time) => {
                    let by_then = account.snapshots.iter().filter(|snapshot| snapshot.created <= time);
                    by_then.max_by_key(|snapshot| snapshot.created)
                }
                None => account.snapshots.get(name),
            };
            let Some(snapshot) = found else { return Ok(None) };
            account = Arc::new(account.holding(&snapshot.held));
        }
        let trusted = account.roles.iter().flat_map(|role| role.trust_policy.accounts()).collect();
        let others = self.others(trusted, id).await?;
        let facts = self.facts_of_apply();
        let organizations = self.accounts.organizations().await?;
        let caller = Caller { account: id, principal: Principal::Root, access_key_id: String::new(), session: None };
        let export = || {
            let mut random = rand::rng();
            export(&Context {
                account: &*account,
                caller: &caller,
                now: facts.now,
                ids: Ids::new(&mut random),
                facts: &facts,
                environment: &self.environment,
                fetched: None,
                mfa: None,
                claim: &OnceLock::new(),
                others: &others,
                organizations: &organizations,
            })
        };
        Ok(Some(self.gate.compute(id, export).await))
    }

    /// The facts of a request that no client made.
    fn facts_of_apply(&self) -> RequestFacts {
        RequestFacts {
            request_id: uuid::Uuid::new_v4().to_string(),
            now: self.environment.clock.now().into(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: None,
            referer: None,
            region: self.authenticator.partition.unwrap_or_default().signing_region().to_owned(),
            tls: None,
        }
    }
}
