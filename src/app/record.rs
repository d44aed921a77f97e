//! What the log says of a call: one line, whatever came of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::Level;

use crate::account::Account;
use crate::audit::Asked;
use crate::call::{Decisions, Entry, Evidence};
use crate::error::{Code, Error};
use crate::identity::{Caller, Principal, RequestFacts};
use crate::log;
use crate::shapes::{AccountId, Timestamp};

/// The most characters of a line's longer parts.
const MAX_REASON: usize = 1000;
/// The most characters of its other parts.
const MAX_WORD: usize = 300;

/// The request line that the log shows.
#[derive(Clone, Copy)]
pub struct Line<'r> {
    /// The method.
    pub method: &'r str,
    /// The path.
    pub path: &'r str,
}

/// What is known of a call, gathered on its way.
pub struct Record {
    start: Instant,
    /// The action, or what came instead of one.
    pub action: Cow<'static, str>,
    /// The operation that is called, if it is answered here.
    pub(super) entry: Option<&'static Entry>,
    caller: Option<(Option<AccountId>, String)>,
    /// Who calls, and the account that knows it, for the audit trail.
    pub(super) who: Option<(Caller, Arc<Account>)>,
    /// The parameters in CloudTrail's form.
    pub(super) parameters: Option<String>,
    /// The account that the call works on, as it was when the call began.
    pub(super) target: Option<Arc<Account>>,
    /// The same as the call has left it, if it changed it.
    pub(super) changed: Option<Arc<Account>>,
    /// When the caller's access key had been used last.
    pub(super) key_used: Option<Timestamp>,
    /// What the call asks permission for.
    pub asked: Vec<Asked>,
    /// What was decided, for the audit trail.
    pub decisions: Decisions,
    /// The access key id that a signature claims, if it has the form of one.
    key: Option<String>,
    /// What the call is about.
    pub resource: Option<String>,
    /// The denial that ended it, or was let through because enforcement only logs.
    pub evidence: Option<Evidence>,
    /// That denial as the client would see it, where it was let through.
    pub would_deny: Option<Error>,
}

impl Record {
    /// Nothing is known yet but that the call begins.
    pub fn begin() -> Self {
        Self {
            start: Instant::now(),
            action: Cow::Borrowed(""),
            entry: None,
            caller: None,
            who: None,
            parameters: None,
            target: None,
            changed: None,
            key_used: None,
            asked: Vec::new(),
            decisions: Decisions::default(),
            key: None,
            resource: None,
            evidence: None,
            would_deny: None,
        }
    }

    /// Forgets what was asked, which will be asked again.
    pub fn begin_again(&mut self) {
        self.asked.clear();
        self.decisions.clear();
        self.resource = None;
        self.evidence = None;
        self.would_deny = None;
    }

    /// How long the call takes so far.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes who calls. A service, or who need not sign, is of no account.
    pub fn called_by(&mut self, caller: &Caller) {
        let of_none = matches!(caller.principal, Principal::Anonymous | Principal::Service(_));
        self.caller = Some(((!of_none).then_some(caller.account), caller.label()));
    }

    /// Notes who calls and the account that knows it, for the audit trail.
    pub fn known_by(&mut self, caller: &Caller, own: Arc<Account>) {
        self.who = Some((caller.clone(), own));
    }

    /// Notes when the caller's access key had been used before.
    pub fn note_key_used(&mut self, used: Option<Timestamp>) {
        self.key_used = used;
    }

    /// Whether the caller signed with an access key that lasts, and not with one of a session.
    pub(super) fn has_long_term_key(&self) -> bool {
        self.who.as_ref().is_some_and(|(caller, _)| caller.session.is_none() && !caller.access_key_id.is_empty())
    }

    /// The access key id that the signature claims.
    pub(super) fn claimed_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Notes what a record shows of the call, as JSON.
    pub fn note_parameters(&mut self, parameters: String) {
        self.parameters = Some(parameters);
    }

    /// How long the call has taken, in microseconds.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Notes the access key id that a signature claims. If the secret was given in its place, it is not shown.
    pub fn claimed_by(&mut self, access_key_id: &str) {
        let is_made = |id: &str| {
            id.len() == 20 && ["AKIA", "ASIA"].iter().any(|start| id.starts_with(start)) && !id.contains(is_of_no_id)
        };
        let is_id = access_key_id == "test" || AccountId::parse(access_key_id).is_some() || is_made(access_key_id);
        self.key = is_id.then(|| access_key_id.to_owned());
    }

    /// Writes the line.
    pub fn write(&self, request: Line<'_>, facts: &RequestFacts, error: Option<&Error>) {
        let outcome = outcome(error);
        if let Some(evidence) = self.evidence.as_ref().filter(|_| self.would_deny.is_some()) {
            // The call went on: what came of it has a line of its own.
            self.line(request, facts, ("WOULD-DENY", Level::WARN), Some(Code::AccessDenied), Some(evidence), None);
        }
        let evidence = self.evidence.as_ref().filter(|_| self.would_deny.is_none() && error.is_some());
        self.line(request, facts, outcome, error.map(Error::code), evidence, error);
    }

    fn line(
        &self,
        request: Line<'_>,
        facts: &RequestFacts,
        (outcome, level): (&str, Level),
        code: Option<Code>,
        evidence: Option<&Evidence>,
        error: Option<&Error>,
    ) {
        let rejection = error.and_then(Error::rejection);
        let reason = match (evidence, rejection) {
            (Some(evidence), _) => Some(Cow::Borrowed(evidence.reason.as_str())),
            (None, Some(rejection)) => Some(Cow::Borrowed(&*rejection.why)),
            (None, None) => error.map(reason_of),
        };
        let reason = reason.as_deref().map(|text| shortened(text, MAX_REASON));
        let reason = reason.as_deref().filter(|text| !text.is_empty());
        let account = self.caller.as_ref().and_then(|(account, _)| *account).map(|id| id.to_string());
        let caller = self.caller.as_ref().map(|(_, label)| label.as_str());
        let action = evidence.map_or(&*self.action, |evidence| &*evidence.action);
        let action = shortened(action, MAX_WORD);
        let action = Some(&*action).filter(|action| !action.is_empty());
        let resource = evidence.map(|evidence| evidence.resource.as_str()).or(self.resource.as_deref());
        let resource = resource.map(|resource| shortened(resource, MAX_WORD));
        let agent = facts.user_agent.as_deref().map(|agent| shortened(agent, MAX_WORD));
        let path = shortened(request.path, MAX_WORD);
        let micros = self.micros();
        macro_rules! line {
            ($level:ident) => {
                tracing::event!(
                    target: log::REQUEST,
                    Level::$level,
                    outcome,
                    account = account.as_deref(),
                    caller,
                    key = self.key.as_deref().filter(|_| caller.is_none()),
                    action,
                    resource = resource.as_deref(),
                    code = code.map(Code::as_str),
                    layer = evidence.and_then(|evidence| evidence.layer),
                    part = rejection.map(|rejection| rejection.part.as_str()),
                    reason,
                    method = request.method,
                    path = &*path,
                    source = facts.source_ip.to_string(),
                    region = facts.region,
                    user_agent = agent.as_deref(),
                    micros,
                    id = facts.request_id,
                )
            };
        }
        match level {
            Level::ERROR => line!(ERROR),
            Level::WARN => line!(WARN),
            _ => line!(INFO),
        }
    }
}

fn is_of_no_id(character: char) -> bool {
    !character.is_ascii_uppercase() && !character.is_ascii_digit()
}

/// The first word of a line, and its level: denials and what is wrong with credentials are worth a look.
fn outcome(error: Option<&Error>) -> (&'static str, Level) {
    let Some(error) = error else { return ("OK", Level::INFO) };
    match error.code() {
        code if code.status() >= 500 => ("FAILED", Level::ERROR),
        Code::AccessDenied => ("DENIED", Level::WARN),
        Code::MissingAuthenticationToken => ("UNSIGNED", Level::WARN),
        Code::SignatureDoesNotMatch | Code::IncompleteSignature => ("BADSIG", Level::WARN),
        Code::InvalidClientTokenId | Code::ExpiredToken => ("BADTOKEN", Level::WARN),
        _ => ("REFUSED", Level::INFO),
    }
}

/// What the client reads, and what only the log shows.
fn reason_of(error: &Error) -> Cow<'_, str> {
    match (error.message(), error.cause()) {
        (Some(message), None) => Cow::Borrowed(message),
        (Some(_), Some(cause)) if error.code().status() >= 500 => cause.to_string().into(),
        (Some(message), Some(cause)) => format!("{message} {cause}").into(),
        (None, Some(cause)) => cause.to_string().into(),
        (None, None) => Cow::Borrowed(""),
    }
}

/// The beginning of a long text.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)).into(),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_given_as_a_key_id_is_not_shown() {
        for (given, shown) in [
            ("test", true),
            ("123456789012", true),
            ("AKIAQAAAAAAAAAAAAAAA", true),
            ("ASIAQAAAAAAAAAAAAAAA", true),
            ("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00", false),
            ("", false),
        ] {
            let mut record = Record::begin();
            record.claimed_by(given);
            assert_eq!(record.key.is_some(), shown, "{given}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("ééé", 3), "ééé");
        assert_eq!(shortened("éééé", 3), "ééé…");
    }
}
