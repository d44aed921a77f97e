//! The work on one account of one file.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::made::{Has, Own, ids_of};
use super::report::Outcome;
use super::{Ground, LateTrust, Reconciled};
use crate::account::Account;
use crate::call::{Context, Transaction, Work};
use crate::description::AccountDescription;
use crate::description::file::{Described, DescriptionError};
use crate::error::{Code, Error};
use crate::identity::{Caller, Principal};
use crate::markup::Place;
use crate::services;
use crate::shapes::{AccountId, Ids};
use crate::wire::{Input, Service};

/// What a piece of work may say.
pub(super) type Done<T = ()> = Result<T, DescriptionError>;

/// The work on one account of one file.
pub(super) struct Session<'s> {
    pub ground: &'s Ground<'s>,
    pub file: &'s Described,
    pub account: &'s mut Account,
    caller: Caller,
    pub others: &'s [Arc<Account>],
    pub done: &'s mut Reconciled,
    /// The account as reports show it.
    pub number: String,
    /// What has been changed about the entity at hand.
    changes: Vec<String>,
    /// What the file has made before.
    pub own: Own,
    /// What the file has.
    pub has: Has,
}

impl<'s> Session<'s> {
    pub fn new(
        ground: &'s Ground<'s>,
        file: &'s Described,
        accounts: &'s mut BTreeMap<AccountId, Account>,
        id: AccountId,
        others: &'s [Arc<Account>],
        done: &'s mut Reconciled,
    ) -> Done<Self> {
        let missing = || DescriptionError::new(&file.file, None, format!("the account {id} was not loaded"));
        let account = accounts.get_mut(&id).ok_or_else(missing)?;
        let caller = Caller { account: id, principal: Principal::Root, access_key_id: String::new(), session: None };
        let (number, own) = (id.to_string(), Own::of(account, &file.name));
        let (changes, has) = (Vec::new(), Has::new());
        Ok(Self { ground, file, account, caller, others, done, number, changes, own, has })
    }

    /// Makes the account what the description says, but for trust policies that name what may not exist yet.
    pub fn make<'d>(&mut self, description: &'d AccountDescription) -> Done<Vec<LateTrust<'d>>> {
        self.settings(description)?;
        self.organization(description.organization.as_ref())?;
        self.managed_policies(&description.policies)?;
        self.groups(&description.groups)?;
        self.saml_providers(&description.saml_providers)?;
        self.oidc_providers(&description.oidc_providers)?;
        self.users(&description.users)?;
        let late = self.roles(&description.roles)?;
        self.instance_profiles(&description.instance_profiles)?;
        Ok(late)
    }

    /// An error at a place of the file.
    pub fn error(&self, place: Place, message: impl Into<String>) -> DescriptionError {
        let place = Some(place).filter(|place| *place != Place::default());
        DescriptionError::new(&self.file.file, place, message)
    }

    /// An operation's error at a place of the file.
    pub fn refused(&self, place: Place, error: &Error) -> DescriptionError {
        match error.message() {
            Some(message) => self.error(place, format!("{} ({})", message.trim_end(), error.code().as_str())),
            None => self.error(place, error.code().as_str()),
        }
    }

    /// Runs a piece of an operation.
    pub fn run<T>(&mut self, place: Place, work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>) -> Done<T> {
        let mut random = rand::rng();
        let mut transaction = Context {
            account: &mut *self.account,
            caller: &self.caller,
            now: self.ground.facts.now,
            ids: Ids::new(&mut random),
            facts: self.ground.facts,
            environment: self.ground.environment,
            fetched: None,
            mfa: None,
            claim: &OnceLock::new(),
            others: self.others,
            organizations: &self.ground.organizations,
        };
        work(&mut transaction).map_err(|error| self.refused(place, &error))
    }

    /// Calls an operation of IAM.
    pub fn call(&mut self, place: Place, operation: &str, parameters: Value) -> Done {
        self.call_of(Service::IAM, place, operation, parameters)
    }

    /// Calls an operation of a service.
    pub fn call_of(&mut self, service: Service, place: Place, operation: &str, parameters: Value) -> Done {
        self.run(place, |transaction| {
            let unknown = || Error::internal(format!("there is no operation {operation}"));
            let entry = services::find(service, operation).ok_or_else(unknown)?;
            let decoded = entry.decode(&Input::Json(parameters))?;
            if let Some(error) = decoded.after_authorization {
                return Err(error);
            }
            match decoded.request {
                Work::Command(command) => command.execute(transaction).map(drop),
                Work::Query(_) => Err(Error::new(Code::InternalFailure, "a query changes nothing")),
            }
        })
    }

    /// Notes a change of the entity at hand.
    pub fn changed(&mut self, what: impl Into<String>) {
        self.changes.push(what.into());
    }

    /// Something that a person should know.
    pub fn warn(&mut self, what: impl Into<String>) {
        let warning = format!("{}: {}", self.file.file, what.into());
        self.done.report.warnings.push(warning);
    }

    /// Ends the work on an entity whose name is unique.
    pub fn end(&mut self, kind: &str, name: &str, made: bool) {
        let id = ids_of(self.account, &format!("{kind}/{name}")).pop_first();
        self.end_with_id(kind, name, &id.unwrap_or_default(), made);
    }

    /// Ends the work on an entity.
    pub fn end_with_id(&mut self, kind: &str, name: &str, id: &str, made: bool) {
        let changes = std::mem::take(&mut self.changes);
        let outcome = match (made, changes.is_empty()) {
            (true, _) => Outcome::Made,
            (false, true) => Outcome::Left,
            (false, false) => Outcome::Changed,
        };
        // What belongs to a new entity goes without saying.
        let changes = if made { Vec::new() } else { changes };
        self.done.report.note(&self.number, kind, name, outcome, changes);
        let entity = format!("{kind}/{name}");
        let is_own = made || self.own.has(&entity, id);
        let ids = self.has.entry(entity).or_default();
        if is_own {
            ids.insert(id.to_owned());
        }
    }

    /// Notes that an entity was removed.
    pub fn removed(&mut self, kind: &str, name: &str) {
        self.changes.clear();
        self.done.report.note(&self.number, kind, name, Outcome::Removed, Vec::new());
    }
}
