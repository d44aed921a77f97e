//! The one path that every call takes: read, authorise, execute, commit, record.

mod accounts;
mod assumptions;
mod budget;
mod computation;
mod decide;
mod denials;
mod detect;
mod event;
mod inside;
mod news;
mod overtaken;
mod record;
mod route;
mod run;
mod signed;

use std::any::Any;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;

use crate::account::Account;
use crate::audit::Use;
use crate::call::{DecodedCall, Entry, Environment, MfaCheck, MfaCode, Operation, Work};
use crate::config::AuthorizationIds;
use crate::error::{Error, Part, Result};
use crate::identity::{Authenticator, Caller, Identities, Moment, Principal, RequestFacts};
use crate::organization::PlannedOrganization;
use crate::services;
use crate::shapes::{AccountId, Partition, Timestamp};
use crate::sigv4::{Incoming, Signature};
use crate::store::{Accounts, AttemptLimit, Store, Trail};
use crate::wire::{Answer, Decoded, Exchange, Output, Service, recorded_parameters};

pub use self::accounts::{ApplyError, ApplyMode, ListedSnapshot, SnapshotError};
pub use self::assumptions::{Assumptions, Edge, Node, NodeKind};
pub use self::budget::Budget;
pub use self::computation::{Gate, Generations};
pub use self::detect::Detections;
pub use self::event::{Called, Came};
use self::inside::INSIDE;
use self::overtaken::{MAX_RUNS, pause};
pub use self::record::{Line, Record};
use self::route::Route;
use self::run::Run;
use self::signed::show_what_is_signed;

/// The server without its network.
pub struct App {
    /// The accounts.
    pub accounts: Accounts,
    /// The database behind them.
    pub store: Arc<Store>,
    /// Who is who.
    pub authenticator: Authenticator,
    /// What all calls share.
    pub environment: Environment,
    /// What computes long goes through it.
    pub gate: Arc<Gate>,
    /// The generations of policies that go on after their calls.
    pub generations: Arc<Generations>,
    /// How many denials are explained in the log.
    pub explanations: Budget,
    /// The audit trail, unless it is off.
    pub trail: Option<Arc<Trail>>,
    /// Who called of late, as events have it.
    pub identities: Identities,
    /// What was detected.
    pub detections: Detections,
    /// Which denials can be looked up.
    pub authorization_ids: AuthorizationIds,
    /// The URL of this server's page about a denial; the id follows.
    pub denial_link: String,
    /// The organization that a database without it gets.
    pub planned: Option<PlannedOrganization>,
}

/// A request of AWS's protocol: what came over the wire, and what is known of it.
pub struct WireRequest<'r> {
    /// The raw bytes.
    pub incoming: Incoming<'r>,
    /// Facts for the conditions of policies.
    pub facts: RequestFacts,
    /// The real time at which it came.
    pub real: DateTime<Utc>,
    /// Whether the client accepts JSON where the protocol has XML.
    pub accepts_json: bool,
}

impl<'r> WireRequest<'r> {
    fn line(&self) -> Line<'r> {
        Line { method: self.incoming.method, path: self.incoming.path }
    }
}

/// The wrong codes that a device forgives in a step of thirty seconds. Of a million codes five are good at a time, so
/// that guessing takes years.
const MAX_WRONG_CODES: usize = 10;

/// What came of a request.
pub struct Outcome {
    /// The answer in the service's protocol.
    pub answer: Answer,
    /// The denial that was let through because enforcement only logs.
    pub would_deny: Option<Error>,
}

impl App {
    /// Answers one request of AWS's protocols and writes one line about it.
    pub async fn answer(&self, mut request: WireRequest<'_>) -> Outcome {
        let mut record = Record::begin();
        let signature = Signature::read(&request.incoming);
        let (service, result) = match Route::of(&request.incoming, signature.as_ref().ok()) {
            Ok(route) => {
                // Where the signature is not verified, its region means nothing.
                if let (Ok(entry), Ok(signature)) = (&route.entry, &signature)
                    && !entry.unsigned
                {
                    request.facts.region = self.region(entry.service, &signature.credential().region);
                }
                (route.service, self.serve(&request, route, signature, &mut record).await)
            }
            Err(error) => (Service::IAM, Err(error)),
        };
        let exchange = |operation| Exchange {
            service,
            operation,
            request_id: &request.facts.request_id,
            accepts_json: request.accepts_json,
        };
        self.keep(&mut record, &request.facts, result.as_ref().map(|(_, output)| &**output));
        if let Err(error) = &result {
            self.detect_failure(&record, &request.facts, error);
        }
        let result = result.and_then(|(entry, output)| service.protocol().answer(&exchange(entry.name), &*output));
        record.write(request.line(), &request.facts, result.as_ref().err());
        self.environment.metrics.request(service.prefix(), &record.action, result.as_ref().err(), record.elapsed());
        let answer = result.unwrap_or_else(|error| service.protocol().fault(&exchange(""), &error));
        Outcome { answer, would_deny: record.would_deny }
    }

    /// Calls an operation and writes one line about it. The caller is on this side of the network and need not sign: a
    /// service of AWS, or a page of the server. Its permissions are checked like anyone's.
    ///
    /// # Errors
    /// The operation's.
    pub async fn call<O: Operation>(&self, caller: &Caller, operation: O, facts: &RequestFacts) -> Result<O::Output> {
        let mut record = Record::begin();
        record.action = O::ENTRY.action().into();
        record.called_by(caller);
        record.entry = Some(O::ENTRY);
        self.note_caller(&mut record, caller).await?;
        let mut operation = Some(operation);
        let decode = || {
            // It runs once: the caller still has what it is made of, and can call again.
            let operation = operation.take().ok_or_else(Error::overtaken)?;
            Ok(Decoded { request: operation.into_work(), after_authorization: None })
        };
        let result = self.invoke(O::ENTRY, decode, caller, facts, &mut record).await;
        self.keep(&mut record, facts, result.as_ref().map(|output| &**output));
        record.write(INSIDE, facts, result.as_ref().err());
        self.environment.metrics.request("", &record.action, result.as_ref().err(), record.elapsed());
        let output: Box<dyn Any> = result?;
        let output = output.downcast::<O::Output>();
        output.map(|output| *output).map_err(|_| Error::internal(format!("{} has another output", O::NAME)))
    }

    async fn serve(
        &self,
        request: &WireRequest<'_>,
        route: Route<'_>,
        signature: Result<Signature<'_>>,
        record: &mut Record,
    ) -> Result<(&'static Entry, Box<dyn Output>)> {
        let Route { service, name, entry, input } = route;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                record.action = name.into();
                return Err(error);
            }
        };
        record.action = entry.action().into();
        if let (false, Ok(signature)) = (entry.unsigned, &signature) {
            record.claimed_by(&signature.credential().access_key_id);
        }
        let caller = match entry.unsigned {
            // A signature, if there is one, does not matter.
            true => Caller::anonymous(),
            false => self.authenticate(entry, signature?, request).await?,
        };
        record.called_by(&caller);
        self.note_caller(record, &caller).await?;
        if !entry.unsigned {
            let used = self.note_use(entry.service.prefix(), &caller, &record.action, &request.facts);
            record.note_key_used(used);
        }
        let input = match input {
            Some(input) => input,
            None => service.protocol().read(&request.incoming, entry.http.as_ref())?,
        };
        if self.trail.is_some() {
            record.entry = Some(entry);
            record.parameters = recorded_parameters(services::shape(entry), &input);
        }
        let output = self.invoke(entry, || entry.decode(&input), &caller, &request.facts, record).await?;
        Ok((entry, output))
    }

    /// Notes who calls, for the audit trail.
    ///
    /// # Errors
    /// When the caller's account cannot be loaded.
    pub async fn note_caller(&self, record: &mut Record, caller: &Caller) -> Result<()> {
        if self.trail.is_some() {
            record.known_by(caller, self.accounts.get(caller.account).await?.durable());
        }
        Ok(())
    }

    /// The region that a call is about. IAM is a global service: whatever region a client signs for, it answers from
    /// the one region of its partition (IAM User Guide, "AWS global condition context keys", `aws:RequestedRegion`).
    fn region(&self, service: Service, signed: &str) -> String {
        let partition = self.authenticator.partition.unwrap_or_else(|| Partition::of_region(signed));
        let is_global = service.is_global() || signed == "aws-global";
        if is_global { partition.signing_region() } else { signed }.to_owned()
    }

    async fn authenticate(&self, entry: &Entry, signature: Signature<'_>, request: &WireRequest<'_>) -> Result<Caller> {
        let moment = Moment { real: request.real, now: request.facts.now };
        let authenticate =
            self.authenticator.authenticate(&self.accounts, &request.incoming, &signature, entry.service, moment);
        let caller = authenticate.await.inspect_err(|error| {
            if error.rejection().is_some_and(|rejection| rejection.part == Part::Signature) {
                show_what_is_signed(&signature, request);
            }
        })?;
        caller.must_be_allowed_at(entry.service, entry.name)?;
        Ok(caller)
    }

    /// Notes when the access key was last used, and what its user, its role or the root user last called. Returns when
    /// the key was used before.
    pub fn note_use(&self, service: &str, caller: &Caller, action: &str, facts: &RequestFacts) -> Option<Timestamp> {
        let call = Use { account: caller.account, used: facts.now, service, region: &facts.region };
        let usage = &self.environment.volatile.usage;
        // Only long-term keys have a last use.
        let before = match caller.session {
            None => usage.note(&caller.access_key_id, call),
            Some(_) => None,
        };
        match caller.unique_id() {
            Some(id) => usage.note_action(id, action, call),
            None if caller.principal == Principal::Root => {
                usage.note_action(&caller.account.to_string(), action, call);
            }
            None => {}
        }
        before
    }

    /// Authorises and executes, again where another server was quicker to write to the account.
    async fn invoke(
        &self,
        entry: &'static Entry,
        mut decode: impl FnMut() -> Result<DecodedCall>,
        caller: &Caller,
        facts: &RequestFacts,
        record: &mut Record,
    ) -> Result<Box<dyn Output>> {
        let mut decoded = decode()?;
        let mfa = match decoded.request.call().mfa_code() {
            Some(code) => Some(self.check_mfa(caller, code, facts.now).await?),
            None => None,
        };
        let mut runs = 1;
        loop {
            match self.run(entry, decoded, mfa, caller, facts, record).await {
                Err(error) if error.is_overtaken() && runs < MAX_RUNS => {
                    pause(runs).await;
                    decoded = decode()?;
                }
                // It may ask for what another server has made, or been allowed to, just now.
                Err(error) if runs < MAX_RUNS && self.is_behind(caller, record).await => match decode() {
                    Ok(again) => decoded = again,
                    Err(_) => return Err(error),
                },
                result => return result,
            }
            runs += 1;
            record.begin_again();
        }
    }

    /// Authorises and executes. A query reads the committed state; a command takes the account's turn and waits until
    /// what it did is durable.
    async fn run(
        &self,
        entry: &'static Entry,
        decoded: DecodedCall,
        mfa: Option<MfaCheck>,
        caller: &Caller,
        facts: &RequestFacts,
        record: &mut Record,
    ) -> Result<Box<dyn Output>> {
        let Decoded { request: work, after_authorization } = decoded;
        let call = work.call();
        if entry.shows_uses {
            self.gather_usage().await;
        }
        let organizations = self.accounts.organizations().await?;
        let id = call.management_account(caller, &organizations).unwrap_or_else(|| call.account(caller));
        let cell = self.accounts.get(id).await?;
        record.target = Some(cell.durable());
        let mut named = call.other_accounts(&cell.durable());
        named.push(caller.account);
        if entry.asks_organization {
            named.extend(organizations.manager_of(caller.account));
        }
        let others = self.others(named, id).await?;
        let mut run = Run {
            app: self,
            entry,
            caller,
            facts,
            others: &others,
            fetched: None,
            mfa,
            claim: OnceLock::new(),
            after_authorization,
            organizations: &organizations,
        };
        if entry.fetches
            && let Some(inquiry) = run.inquiry(call, &cell.durable(), record).await?
        {
            run.fetched = Some(self.fetch(&inquiry, facts.now).await?);
        }
        match work {
            Work::Query(query) => run.answer(query, &cell.durable(), record).await,
            Work::Command(command) if entry.reports => {
                let mut copy = (*cell.durable()).clone();
                let output = run.execute(command, &mut copy, record).await?;
                let turn = self.accounts.turn(id).await?;
                let mut account = turn.account();
                account.adopt(copy.take_changes())?;
                if account.has_changes() {
                    turn.commit(account).await?;
                }
                Ok(output)
            }
            Work::Command(command) => {
                let turn = self.accounts.turn(id).await?;
                let mut account = turn.account();
                let output = run.execute(command, &mut account, record).await?;
                if account.has_changes() {
                    turn.commit(account).await?;
                    record.changed = Some(cell.durable());
                }
                if entry.goes_on {
                    self.go_on(id, caller).await;
                }
                if entry.starts_jobs {
                    self.generations.follow(&self.accounts.get(id).await?.durable());
                }
                Ok(output)
            }
        }
    }

    /// Checks an MFA code, and waits until it is known on disk that it was used.
    async fn check_mfa(&self, caller: &Caller, code: MfaCode<'_>, now: Timestamp) -> Result<MfaCheck> {
        let account = self.accounts.get(caller.account).await?.durable();
        let Some(guessed) = code.guessed(caller, &account, now)? else { return Ok(MfaCheck::UnknownDevice) };
        let subject = HEXLOWER.encode(&self.environment.key.fingerprint(&guessed));
        let limit = [AttemptLimit { subject, max: MAX_WRONG_CODES }];
        if !self.store.begin_attempt(&limit).await? {
            return Ok(MfaCheck::Wrong);
        }
        let check = self.change(caller.account, |account| code.check(caller, account, now)).await?;
        if check == MfaCheck::Right {
            self.store.take_back_attempt(&limit).await?;
        }
        Ok(check)
    }

    /// The other accounts that a call looks into: the caller's own, and those that its parameters name.
    async fn others(&self, mut ids: Vec<AccountId>, target: AccountId) -> Result<Vec<Arc<Account>>> {
        ids.sort_unstable();
        ids.dedup();
        let mut others = Vec::new();
        for id in ids.into_iter().filter(|id| *id != target) {
            others.push(self.accounts.get(id).await?.durable());
        }
        Ok(others)
    }
}
