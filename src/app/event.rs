//! Calls become events of the audit trail.

use std::borrow::Cow;
use std::sync::Arc;

use super::App;
use super::record::Record;
use crate::account::Account;
use crate::audit::{Additions, Asked, Event, EventDenial, EventFailure, IdentityKind, UserIdentity};
use crate::call::{Entry, Evidence};
use crate::error::{Code, Error, Result};
use crate::identity::{Principal, RequestFacts};
use crate::shapes::AccountId;
use crate::wire::{Dates, Form, Output, Service};

/// The most bytes of a client's program in a record (CloudTrail User Guide, "CloudTrail record contents", `userAgent`).
const MAX_AGENT: usize = 1024;

/// The operation of a call, as events have it.
pub struct Called {
    /// The prefix of the service's actions.
    pub service: Cow<'static, str>,
    /// The operation.
    pub name: Cow<'static, str>,
    /// Whether it reads only.
    pub read_only: bool,
    /// Whether CloudTrail counts it among management events.
    pub management: bool,
}

/// What came of a call.
pub enum Came {
    /// It succeeded, with this result in CloudTrail's form.
    Result(Option<String>),
    /// It failed.
    Failure(EventFailure),
}

impl Called {
    /// An operation that is answered here.
    fn of(entry: &'static Entry) -> Self {
        // The prefix of its actions is IAM's; CloudTrail knows it as a service of its own.
        let is_toolbox = entry.service == Service::IAM_TOOLBOX;
        let service = if is_toolbox { "iam-toolbox" } else { entry.service.prefix() };
        // Who assumes a role changes nothing (CloudTrail's records of `AssumeRole` say `readOnly: true`).
        let assumes = service == "sts" && entry.name.starts_with("AssumeRo");
        let read_only = match entry.name {
            "GetFederationToken" => false,
            name => entry.read_only || assumes || name == "GenerateCredentialReport",
        };
        Self { service: service.into(), name: entry.name.into(), read_only, management: true }
    }
}

impl App {
    /// Adds the event of a call that is answered here to the audit trail.
    pub(super) fn keep(&self, record: &mut Record, facts: &RequestFacts, result: Result<&dyn Output, &Error>) {
        let (Some(_), Some(entry)) = (&self.trail, record.entry) else { return };
        let called = Called::of(entry);
        let is_read = called.read_only && entry.service != Service::STS || entry.name == "GetCallerIdentity";
        let came = match result {
            // Of what reads only, the record shows no result; of roles that are assumed it does.
            Ok(_) if is_read && !entry.unsigned => Came::Result(None),
            Ok(output) => Came::Result(output.to_record(form(entry.service)).unwrap_or_default()),
            Err(error) => Came::Failure(failure(error)),
        };
        self.keep_event(record, facts, called, came);
    }

    /// Adds the event of a call to the audit trail. Nothing is known of calls whose caller is not.
    pub fn keep_event(&self, record: &mut Record, facts: &RequestFacts, called: Called, came: Came) {
        let Some(trail) = &self.trail else { return };
        let Some((caller, own)) = &record.who else { return };
        let (failure, result) = match came {
            Came::Result(result) => (None, result),
            Came::Failure(failure) => (Some(failure), None),
        };
        let is_denied = failure.as_ref().is_some_and(|failure| failure.code == "AccessDenied");
        let target = record.target.as_ref().map_or(caller.account, |target| target.id);
        let (account, identity) = match &caller.principal {
            Principal::Service(_) => (target, Arc::new(caller.identity(own))),
            Principal::Anonymous => match federated(&called.name, result.as_deref()) {
                Some(identity) => (target, Arc::new(identity)),
                None => return,
            },
            _ => (caller.account, self.identities.of(caller, own)),
        };
        if account == AccountId::ANONYMOUS {
            return;
        }
        let by_service = identity.invoked_by.clone();
        let tls = facts.tls.clone().filter(|_| by_service.is_none());
        let mut additions = Additions { tls, decisions: Vec::new() };
        additions.keep(record.decisions.take());
        let is_shared = target != account && called.service == "sts" && failure.is_none();
        let event = Event {
            sequence: 0,
            random: rand::random(),
            time: facts.now,
            account,
            shared_id: None,
            service: called.service,
            name: called.name,
            region: facts.region.clone(),
            source: by_service.clone().unwrap_or_else(|| facts.source_ip.to_string()),
            user_agent: by_service.or_else(|| facts.user_agent.as_deref().map(agent)).unwrap_or_default(),
            request_id: facts.request_id.clone(),
            identity,
            read_only: called.read_only,
            management: called.management,
            // A denied call keeps its parameters to itself.
            parameters: record.parameters.take().filter(|_| !is_denied),
            failure,
            result,
            asked: std::mem::take(&mut record.asked),
            denial: record.evidence.as_ref().map(|evidence| denial(evidence, record.would_deny.is_some())),
            micros: record.micros(),
            additions,
        };
        // Both accounts see who assumes a role of the other; the other only that a principal of the first did.
        if is_shared {
            let shared_id = Some(rand::random());
            let identity = Arc::new(caller.foreign_identity());
            let copy = Event { random: rand::random(), account: target, shared_id, identity, ..event.clone() };
            let event = trail.add(Event { shared_id, ..event });
            self.deliver(record, &event);
            self.deliver(record, &trail.add(copy));
            self.detect(record, facts, &event);
        } else {
            let event = trail.add(event);
            self.deliver(record, &event);
            self.detect(record, facts, &event);
        }
    }

    /// Adds the event of something that is no call to the audit trail and to the trails of its account.
    pub fn add_event(&self, event: Event, account: &Account) {
        let Some(trail) = &self.trail else { return };
        let event = trail.add(event);
        if let Some(delivery) = &self.environment.delivery {
            delivery.add(account.trails.iter(), &event);
        }
    }

    /// Hands an event to the trails of its account, as they were when the call began: the call that stops a trail is the
    /// last that the trail delivers.
    fn deliver(&self, record: &Record, event: &Arc<Event>) {
        let Some(delivery) = &self.environment.delivery else { return };
        let own = record.who.as_ref().map(|(_, own)| own);
        let account = own.into_iter().chain(&record.target).find(|account| account.id == event.account);
        if let Some(account) = account.filter(|account| !account.trails.is_empty()) {
            delivery.add(account.trails.iter(), event);
        }
    }
}

/// A client's program as records have it.
fn agent(header: &str) -> String {
    header.get(..header.floor_char_boundary(MAX_AGENT)).unwrap_or_default().to_owned()
}

/// How a service writes its records.
fn form(service: Service) -> Form {
    let dates = if service == Service::STS { Dates::Comma } else { Dates::Plain };
    Form { dates, is_json: service == Service::ORGANIZATIONS }
}

/// The failure in a record: IAM's codes have `Exception` behind them there, but for a denial.
fn failure(error: &Error) -> EventFailure {
    let code = match error.code() {
        Code::AccessDenied => "AccessDenied".to_owned(),
        Code::ValidationError => "ValidationException".to_owned(),
        code if code.as_str().ends_with("Exception") => code.as_str().to_owned(),
        code => format!("{}Exception", code.as_str()),
    };
    EventFailure { code, message: error.message().map(str::to_owned) }
}

fn denial(evidence: &Evidence, let_through: bool) -> EventDenial {
    EventDenial {
        asked: Asked { action: evidence.action.clone(), resource: evidence.resource.clone() },
        layer: evidence.layer.map(str::to_owned),
        reason: evidence.reason.clone(),
        let_through,
        authorization_id: evidence.authorization_id.map(|id| id.to_string()),
    }
}

/// Who called an operation that needs no signature, as far as the result says; `None` where there is nothing to see.
fn federated(operation: &str, result: Option<&str>) -> Option<UserIdentity> {
    let kind = match operation {
        "AssumeRoleWithSAML" => IdentityKind::SamlUser,
        "AssumeRoleWithWebIdentity" => IdentityKind::WebIdentityUser,
        _ => return None,
    };
    // A stranger's failure is no event: strangers could push others out with it.
    let result: serde_json::Value = serde_json::from_str(result?).ok()?;
    let member = |name: &str| result.get(name).and_then(serde_json::Value::as_str);
    let (provider, subject, principal) = match kind {
        IdentityKind::SamlUser => {
            let (qualifier, subject) = (member("nameQualifier"), member("subject"));
            (qualifier, subject, qualifier.zip(subject).map(|(qualifier, subject)| format!("{qualifier}:{subject}")))
        }
        _ => {
            let (provider, subject) = (member("provider"), member("subjectFromWebIdentityToken"));
            let parts = provider.zip(member("audience")).zip(subject);
            (provider, subject, parts.map(|((provider, audience), subject)| format!("{provider}:{audience}:{subject}")))
        }
    };
    Some(UserIdentity {
        kind,
        principal_id: principal,
        user_name: subject.map(str::to_owned),
        identity_provider: provider.map(str::to_owned),
        ..UserIdentity::default()
    })
}
