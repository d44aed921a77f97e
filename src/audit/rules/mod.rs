//! An account held against the rules of the CIS AWS Foundations Benchmark and AWS Config's managed rules about IAM. The
//! rules are a table; each is a function of the account as it is.

mod entities;
mod organization;
mod parameters;
mod passwords;
mod policies;
mod report;
mod root;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod users;

pub use parameters::{Given, RuleError};
pub use report::{Offender, Report, Ruling, Status};
pub use table::RULES;

use super::Usage;
use crate::account::{Account, Resource};
use crate::organization::Organization;
use crate::shapes::{AccountId, Timestamp};
use parameters::{Parameter, Values};

/// How many seconds a day has.
const DAY: i64 = 24 * 3600;

/// What the rules look at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The account.
    pub account: &'a Account,
    /// When its keys and its root user were last used.
    pub usage: &'a Usage,
    /// The organization that the server has, if it has one.
    pub organization: Option<&'a Organization>,
    /// The time.
    pub now: Timestamp,
}

/// A rule.
pub struct Rule {
    /// AWS Config's name for it, or `cis-` and the number in the benchmark.
    pub id: &'static str,
    /// Its number in version 3.0 of the CIS AWS Foundations Benchmark.
    pub cis: Option<&'static str>,
    /// What holds where the rule is kept.
    pub title: &'static str,
    parameters: &'static [Parameter],
    check: fn(&Examination<'_>) -> Verdict,
}

/// One rule on one account.
struct Examination<'a> {
    subject: Subject<'a>,
    values: Values<'a>,
}

/// What a rule finds.
enum Verdict {
    Offenders(Vec<Offender>),
    /// There is nothing to judge, and why.
    NotApplicable(String),
}

impl From<Vec<Offender>> for Verdict {
    fn from(offenders: Vec<Offender>) -> Self {
        Self::Offenders(offenders)
    }
}

impl From<Option<Offender>> for Verdict {
    fn from(offender: Option<Offender>) -> Self {
        Self::Offenders(offender.into_iter().collect())
    }
}

/// Holds an account against all rules, or those with these ids.
///
/// # Errors
/// See [`RuleError`].
pub fn audit(subject: Subject<'_>, ids: &[String], given: &Given) -> Result<Report, RuleError> {
    let rules = ids.iter().map(|id| RULES.iter().find(|rule| rule.is_called(id)).ok_or_else(|| RuleError::unknown(id)));
    let mut rules = rules.collect::<Result<Vec<&Rule>, _>>()?;
    if rules.is_empty() {
        rules = RULES.iter().collect();
    }
    let rulings = rules.into_iter().map(|rule| Ok(rule.rule_on(subject, given.values(rule)?)));
    Ok(Report {
        account: subject.account.id.to_string(),
        evaluated: subject.now.to_string(),
        rules: rulings.collect::<Result<_, _>>()?,
    })
}

impl Rule {
    /// Whether an id, or a number of the benchmark, means this rule.
    fn is_called(&self, id: &str) -> bool {
        self.id == id || self.cis.is_some_and(|cis| id.strip_prefix("cis-") == Some(cis))
    }

    fn rule_on(&self, subject: Subject<'_>, values: Values<'_>) -> Ruling {
        let missing = values.missing();
        let verdict = match missing {
            Some(name) => Verdict::NotApplicable(format!("it needs the parameter {name}")),
            None => (self.check)(&Examination { subject, values }),
        };
        let (status, reason, offenders) = match verdict {
            Verdict::NotApplicable(reason) => (Status::NotApplicable, Some(reason), Vec::new()),
            Verdict::Offenders(offenders) if offenders.is_empty() => (Status::Compliant, None, offenders),
            Verdict::Offenders(offenders) => (Status::NonCompliant, None, offenders),
        };
        Ruling {
            id: self.id.to_owned(),
            cis: self.cis.map(str::to_owned),
            title: self.title.to_owned(),
            status,
            reason,
            offenders,
        }
    }
}

impl<'a> Examination<'a> {
    fn account(&self) -> &'a Account {
        self.subject.account
    }

    fn id(&self) -> AccountId {
        self.subject.account.id
    }

    /// Full days from a moment until now.
    fn days_since(&self, then: Timestamp) -> i64 {
        (self.subject.now.seconds() - then.seconds()) / DAY
    }

    /// When an access key, or the root user under the account's number, was last used.
    fn last_use(&self, subject: &str) -> Option<Timestamp> {
        self.subject.usage.last(self.id(), subject).map(|last| last.used)
    }

    fn arn<R: Resource>(&self, resource: &R) -> String {
        resource.arn(self.id())
    }
}

/// A command line: each `{}` of the template is one of the words, quoted for the shell where needed.
fn command<const N: usize>(template: &str, words: [&str; N]) -> String {
    let mut parts = template.split("{}");
    let mut line = parts.next().unwrap_or_default().to_owned();
    for (word, part) in words.into_iter().zip(parts) {
        line += &shell_word(word);
        line += part;
    }
    line
}

fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-:/".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
