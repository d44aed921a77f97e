//! Summaries of delegation requests for people. AWS has them written by a language model; these are put together from
//! the request's policy, and say nothing that it does not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use aws_reference::service_authorization;
use serde::{Deserialize, Serialize};

use crate::account::DelegationRequest;
use crate::call::{Access, Operation, Query, Target, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::Caller;
use crate::services::iam::delegation::delegation_permission::{compiled, role_boundaries};
use crate::services::iam::reports::service_access::service_name;
use crate::shapes::{AccountId, Arn, ArnParts, Kind, Locale};
use crate::templates::invalid;
use iam_policy::{ConditionText, Effect, Policy, WrittenStatement};

/// The longest summary, in characters (`summaryContentType`).
const MAX_SUMMARY_LENGTH: usize = 10_000;

/// Describes in words what a delegation request asks for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetHumanReadableSummary {
    entity_arn: Arn,
    locale: Option<Locale>,
}

/// What `GetHumanReadableSummary` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetHumanReadableSummaryResult {
    summary_content: Option<String>,
    locale: String,
    summary_state: SummaryState,
}

/// What came of the summary (`summaryStateType`); there is no need to wait for one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SummaryState {
    Available,
    NotSupported,
    Failed,
}

impl GetHumanReadableSummary {
    /// The account and id of the delegation request, if it is one.
    fn request(&self) -> Option<(AccountId, &str)> {
        let parts = ArnParts::parse(&self.entity_arn)?;
        let (path, id) = parts.path_and_name(Kind::DelegationRequest)?;
        Some((parts.account_id().filter(|_| path == "/")?, id))
    }
}

impl Operation for GetHumanReadableSummary {
    type Output = GetHumanReadableSummaryResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        match self.request() {
            Some((_, id)) => Access::to(Target::DelegationRequest(Some(id))),
            None => Access::arn(&self.entity_arn),
        }
    }
}

impl Query for GetHumanReadableSummary {
    fn answer(self, cx: &View<'_>) -> Result<GetHumanReadableSummaryResult> {
        let Some((account, id)) = self.request() else {
            return Err(invalid(format!("{} is not the ARN of a delegation request.", self.entity_arn)));
        };
        let request = cx.account.delegation_request(id, cx.now)?;
        if request.account_seen_by(cx.caller.account) != account {
            return Err(Error::missing(Kind::DelegationRequest, id));
        }
        let locale = self.locale.map_or_else(|| "en".to_owned(), String::from);
        let language = language(&locale).ok_or_else(|| invalid(format!("{locale} is not a locale.")))?;
        let summary = (language == "en").then(|| summary(request, &compiled(&request.policy)?)).transpose()?;
        let (summary_state, summary_content) = match summary {
            None => (SummaryState::NotSupported, None),
            Some(summary) if summary.chars().count() > MAX_SUMMARY_LENGTH => (SummaryState::Failed, None),
            Some(summary) => (SummaryState::Available, Some(summary)),
        };
        Ok(GetHumanReadableSummaryResult { summary_content, locale, summary_state })
    }
}

/// The language of a locale such as `en`, `en-US` or `pt_BR`.
fn language(locale: &str) -> Option<String> {
    let mut parts = locale.split(['-', '_']);
    let language = parts.next().filter(|part| matches!(part.len(), 2 | 3))?.to_ascii_lowercase();
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (language.bytes().all(|byte| byte.is_ascii_lowercase()) && parts.all(is_word)).then_some(language)
}

fn summary(request: &DelegationRequest, policy: &Policy) -> Result<String> {
    let mut text = String::new();
    let written = write(&mut text, request, policy);
    written.map(|()| text).map_err(Error::internal)
}

fn write(text: &mut String, request: &DelegationRequest, policy: &Policy) -> std::fmt::Result {
    match &request.requestor_name {
        Some(name) => write!(text, "{name} (account {})", request.requestor)?,
        None => write!(text, "Account {}", request.requestor)?,
    }
    write!(text, " asks for temporary permissions")?;
    if let Some(account) = request.owner_account {
        write!(text, " in account {account}")?;
    }
    writeln!(
        text,
        " for {}. They are limited to what the person who accepts the request may do.",
        duration(request.session_duration)
    )?;
    for effect in [Effect::Allow, Effect::Deny] {
        let pairs = policy.statements().iter().zip(policy.written());
        let mut statements = pairs.filter(|(statement, _)| statement.effect == effect).peekable();
        if statements.peek().is_some() {
            let verb = if effect == Effect::Allow { "It would be allowed" } else { "It would not be allowed" };
            writeln!(text, "{verb}:")?;
        }
        statements.try_for_each(|(_, written)| statement(text, &written))?;
    }
    match role_boundaries(policy).as_slice() {
        [] => Ok(()),
        boundaries => writeln!(text, "Roles that it creates must be limited by {}.", listed(boundaries)),
    }
}

/// `1 hour 30 minutes`.
fn duration(seconds: i32) -> String {
    let units = [(seconds / 3600, "hour"), (seconds % 3600 / 60, "minute"), (seconds % 60, "second")];
    let units = units.iter().filter(|(count, _)| *count > 0);
    let units = units.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }));
    units.collect::<Vec<_>>().join(" ")
}

fn statement(text: &mut String, statement: &WrittenStatement) -> std::fmt::Result {
    write!(text, "- {}", actions(statement))?;
    let all = statement.resources.iter().any(|resource| resource == "*");
    match (all, statement.not_resource) {
        (true, false) => write!(text, ", on all resources")?,
        (_, true) => write!(text, ", on all resources but {}", listed(&statement.resources))?,
        (false, false) => write!(text, ", on {}", listed(&statement.resources))?,
    }
    for (index, condition) in statement.conditions.iter().enumerate() {
        let joined = if index == 0 { ", only if" } else { " and" };
        write!(text, "{joined} {}", condition_words(condition))?;
    }
    writeln!(text)
}

/// The actions, service by service.
fn actions(statement: &WrittenStatement) -> String {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in &statement.actions {
        let (service, name) = action.split_once(':').unwrap_or(("", action));
        services.entry(service).or_default().push(name);
    }
    let words = services.iter().map(|(service, names)| {
        let all = names.contains(&"*");
        match (all, *service) {
            (true, "") => "everything in every service".to_owned(),
            (true, service) => format!("everything in {}", full_name(service)),
            (false, service) => format!("{} in {}", listed(names), full_name(service)),
        }
    });
    let words = words.collect::<Vec<_>>().join("; ");
    if statement.not_action { format!("everything but {words}") } else { words }
}

fn full_name(prefix: &str) -> Cow<'_, str> {
    let known = service_authorization::services().find(|service| service.prefix.eq_ignore_ascii_case(prefix));
    known.map_or(prefix.into(), |service| service_name(service.name).into())
}

fn condition_words(condition: &ConditionText) -> String {
    format!("{} is {} ({})", condition.key, listed_by(&condition.values, "or"), condition.operator)
}

fn listed<T: AsRef<str>>(items: &[T]) -> String {
    listed_by(items, "and")
}

/// `a, b and c`.
fn listed_by<T: AsRef<str>>(items: &[T], conjunction: &str) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
    }
}

operations!(IAM: query GetHumanReadableSummary);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_have_a_language() {
        for (locale, expected) in [("en", Some("en")), ("EN-us", Some("en")), ("zh_Hant_TW", Some("zh"))] {
            assert_eq!(language(locale).as_deref(), expected, "{locale}");
        }
        for wrong in ["", "e", "1n", "en-", "english-us", "en us"] {
            assert_eq!(language(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_reported_in_words() {
        for (seconds, expected) in [(3600, "1 hour"), (5400, "1 hour 30 minutes"), (301, "5 minutes 1 second")] {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn every_element_of_a_statement_is_reported() {
        let cases = [
            (
                r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","iam:*"],"Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]}"#,
                "everything in AWS Identity and Access Management; GetObject and PutObject in Amazon S3, on arn:aws:s3:::a and arn:aws:s3:::b",
            ),
            (r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, "everything in every service, on all resources"),
            (
                r#"{"Effect":"Allow","NotAction":"x:Y","NotResource":"arn:aws:s3:::a"}"#,
                "everything but Y in x, on all resources but arn:aws:s3:::a",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":
                    {"StringLike":{"aws:PrincipalTag/a":["b","c"]},"Bool":{"aws:SecureTransport":true}}}"#,
                "Get* in Amazon S3, on all resources, only if aws:PrincipalTag/a is b or c (StringLike) and \
                 aws:SecureTransport is true (Bool)",
            ),
        ];
        for (document, expected) in cases {
            let document = format!(r#"{{"Version":"2012-10-17","Statement":{document}}}"#);
            let policy = Policy::parse(&document, iam_policy::Grammar::Identity).unwrap();
            let mut text = String::new();
            statement(&mut text, policy.written().first().unwrap()).unwrap();
            assert_eq!(text, format!("- {expected}\n"));
        }
    }
}
