//! How the value of a member names a resource, where it is neither a plain name nor an ARN.

use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::Refusal;
use super::bind::{Binder, Bound};
use crate::arn::Arn;
use crate::needs::{Fact, Need};
use crate::recognise::region_in_host;
use crate::rules::TableError;

/// How the value of a member names a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `name` or an ARN.
    #[default]
    Name,
    /// `queue-url`: `https://sqs.eu-central-1.amazonaws.com/111122223333/name`, the account and the name at its end; or
    /// `name` alone.
    QueueUrl,
    /// `move-task`: a handle of SQS, base64 of JSON with the source's ARN.
    MoveTask,
    /// `subscription`: the ARN of a subscription, which is its topic's with an identifier.
    Subscription,
    /// `secret`: a secret's name, its ARN, or its ARN without the six characters at the end.
    Secret,
    /// `kms-key`: a key's identifier or ARN, or an alias's name or ARN.
    KmsKey,
    /// `kms-alias`: `alias/name`.
    KmsAlias,
    /// `function`: `name`, `account:function:name` or the function's ARN, each with or without `:qualifier`.
    Function,
    /// `parameter`: a parameter's name with or without leading slash, with or without `:version`, or its ARN.
    Parameter,
    /// `parameter-path`: the beginning of parameters' names, `/` for all.
    ParameterPath,
    /// `log-group`: a log group's name or its ARN, with or without `:*`.
    LogGroup,
    /// `state-machine`: the ARN of a state machine, a version or an alias of it: all are about the state machine.
    StateMachine,
    /// `document`: a document's name or ARN; AWS's own documents belong to no account.
    Document,
    /// `task-definition`: `family`, `family:revision` or an ARN.
    TaskDefinition,
    /// `stack`: the name of a stack, which may have had others of that name before it, or its ARN.
    Stack,
}

impl FromStr for Form {
    type Err = TableError;

    fn from_str(name: &str) -> Result<Self, TableError> {
        Ok(match name {
            "queue-url" => Self::QueueUrl,
            "move-task" => Self::MoveTask,
            "subscription" => Self::Subscription,
            "secret" => Self::Secret,
            "kms-key" => Self::KmsKey,
            "kms-alias" => Self::KmsAlias,
            "function" => Self::Function,
            "parameter" => Self::Parameter,
            "parameter-path" => Self::ParameterPath,
            "log-group" => Self::LogGroup,
            "state-machine" => Self::StateMachine,
            "document" => Self::Document,
            "task-definition" => Self::TaskDefinition,
            "stack" => Self::Stack,
            _ => return Err(TableError::Form(name.to_owned())),
        })
    }
}

impl Form {
    /// The plain name or the ARN that a value means. None: everything that the value says is in `bound` already.
    pub(super) fn read(
        self,
        binder: &Binder<'_>,
        bound: &mut Bound,
        variable: &str,
        value: &str,
    ) -> Result<Option<String>, Refusal> {
        let wrong = || Refusal::WrongName(value.to_owned());
        match self {
            Self::Name => Ok(Some(value.to_owned())),
            Self::QueueUrl => {
                // SQS takes a queue's name in the place of its URL: it is the caller's.
                let (account, name) =
                    queue(value).or_else(|| is_queue_name(value).then_some(("queue", value))).ok_or_else(wrong)?;
                // Servers that know no accounts write `queue` in its place.
                bound.set_account(if account == "queue" { &binder.scene.account } else { account })?;
                // LocalStack looks there before it looks at the signature.
                bound.region = region_of_queue(value);
                Ok(Some(name.to_owned()))
            }
            Self::MoveTask => {
                let bytes = BASE64_STANDARD.decode(value).map_err(|_| wrong())?;
                let handle: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
                let source = handle.get("sourceArn").and_then(Value::as_str).ok_or_else(wrong)?;
                Ok(Some(source.to_owned()))
            }
            Self::Subscription => {
                let arn = Arn::parse(value).ok_or_else(wrong)?;
                let (topic, _) = arn.resource.split_once(':').ok_or_else(wrong)?;
                Ok(value.strip_suffix(arn.resource).map(|start| format!("{start}{topic}")))
            }
            Self::Secret => secret(binder, bound, value),
            Self::KmsKey => crate::kms::key(binder, bound, value),
            Self::KmsAlias if variable == "KeyId" => crate::kms::key(binder, bound, value),
            Self::KmsAlias => Ok(Some(value.strip_prefix("alias/").ok_or_else(wrong)?.to_owned())),
            Self::Function => function(bound, value),
            Self::Parameter => Ok(Some(match Arn::parse(value).filter(|arn| arn.service == "ssm") {
                Some(arn) => {
                    let (name, _) = arn.resource.split_once(':').unwrap_or((arn.resource, ""));
                    value.strip_suffix(arn.resource).map_or_else(String::new, |start| format!("{start}{name}"))
                }
                None if value.starts_with("arn:") => value.to_owned(),
                None => parameter(value).to_owned(),
            })),
            Self::ParameterPath => {
                // The path `/` is `parameter/`, and its variable is empty.
                bound.set(variable, value.trim_matches('/'))?;
                Ok(None)
            }
            Self::LogGroup => Ok(Some(value.strip_suffix(":*").unwrap_or(value).to_owned())),
            Self::StateMachine => {
                let (machine, qualifier) = state_machine(value);
                qualifier.map_or(Ok(()), |qualifier| bound.set("Qualifier", qualifier))?;
                Ok(Some(machine))
            }
            Self::Document => {
                // AWS's own documents belong to no account.
                bound.is_ownerless = ["AWS-", "Amazon"].iter().any(|start| value.starts_with(start));
                Ok(Some(value.to_owned()))
            }
            Self::TaskDefinition if value.starts_with("arn:") => Ok(Some(value.to_owned())),
            Self::TaskDefinition => {
                // Without revision it is the newest, whichever that is.
                let (family, revision) = value.split_once(':').unwrap_or((value, "*"));
                bound.set("TaskDefinitionFamilyName", family)?;
                bound.set("TaskDefinitionRevisionNumber", revision)?;
                Ok(None)
            }
            Self::Stack if value.starts_with("arn:") => Ok(Some(value.to_owned())),
            Self::Stack => {
                bound.set("StackName", value)?;
                bound.set("Id", "*")?;
                Ok(None)
            }
        }
    }
}

/// The account and the name at the end of a queue's URL.
fn queue(url: &str) -> Option<(&str, &str)> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let (name, account) = (segments.next()?, segments.next()?);
    let has_account = account == "queue" || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (has_account && is_queue_name(name)).then_some((account, name))
}

/// The region in a queue's URL: `https://sqs.eu-central-1.amazonaws.com/…`, `…/queue/eu-central-1/…`.
fn region_of_queue(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/')?;
    let mut before = path.trim_end_matches('/').rsplit('/').skip(2);
    match (before.next(), before.next()) {
        (Some(region), Some("queue")) => Some(region.to_owned()),
        _ => region_in_host(host),
    }
}

fn is_queue_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A secret is known by its name or its ARN without the suffix, but policies are about the whole ARN.
fn secret(binder: &Binder<'_>, bound: &mut Bound, value: &str) -> Result<Option<String>, Refusal> {
    let account = if value.starts_with("arn:") {
        let arn = Arn::parse(value).ok_or_else(|| Refusal::WrongArn(value.to_owned()))?;
        if arn.region != binder.scene.region || arn.partition != binder.scene.partition {
            return Err(Refusal::Elsewhere(value.to_owned()));
        }
        arn.account
    } else {
        binder.scene.account.as_str()
    };
    let (account, region) = (account.to_owned(), binder.scene.region.clone());
    let need = Need::SecretArn { id: value.to_owned(), account, region };
    match binder.facts.get(&need) {
        Some(Fact::Text(whole)) => return Ok(Some(whole.clone())),
        Some(_) if has_suffix(value) => return Ok(Some(value.to_owned())),
        // Only a policy for all resources allows what does not exist.
        Some(_) => {}
        None => bound.needs.push(need),
    }
    bound.unknown = true;
    Ok(None)
}

/// Whether this is an ARN with what could be the suffix that Secrets Manager adds: a hyphen and six characters.
fn has_suffix(value: &str) -> bool {
    let suffix = value.rsplit_once('-').map(|(_, suffix)| suffix).filter(|_| value.starts_with("arn:"));
    suffix.is_some_and(|suffix| suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The name of a function and, where `Qualifier` is asked for, its qualifier.
fn function(bound: &mut Bound, value: &str) -> Result<Option<String>, Refusal> {
    let wrong = || Refusal::WrongName(value.to_owned());
    let resource = if let Some(arn) = Arn::parse(value).filter(|arn| arn.service == "lambda") {
        bound.partition = Some(arn.partition.to_owned());
        bound.region = Some(arn.region.to_owned());
        bound.set_account(arn.account)?;
        arn.resource.strip_prefix("function:").ok_or_else(wrong)?
    } else if let Some((account, name)) = value.split_once(":function:") {
        bound.set_account(account)?;
        name
    } else if value.starts_with("arn:") {
        return Err(wrong());
    } else {
        value
    };
    let (name, qualifier) = resource.split_once(':').map_or((resource, None), |(name, rest)| (name, Some(rest)));
    let is_word = |text: &str| !text.is_empty() && !text.contains([':', '/']);
    if !is_word(name) || qualifier.is_some_and(|qualifier| !is_word(qualifier)) {
        return Err(wrong());
    }
    bound.set("FunctionName", name)?;
    qualifier.map_or(Ok(()), |qualifier| bound.set("Qualifier", qualifier))?;
    Ok(None)
}

/// A parameter's name without its leading slash and without version or label.
fn parameter(name: &str) -> &str {
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    name.strip_prefix('/').unwrap_or(name)
}

/// The ARN without the qualifier behind the state machine's name, and the qualifier.
fn state_machine(value: &str) -> (String, Option<&str>) {
    let whole = || (value.to_owned(), None);
    let Some(arn) = Arn::parse(value) else { return whole() };
    let mut parts = arn.resource.splitn(3, ':');
    let (Some(kind), Some(name), Some(qualifier)) = (parts.next(), parts.next(), parts.next()) else { return whole() };
    let start = value.strip_suffix(arn.resource);
    start.map_or_else(whole, |start| (format!("{start}{kind}:{name}"), Some(qualifier)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_the_end_of_its_url() {
        for url in [
            "https://sqs.eu-central-1.amazonaws.com/111122223333/jobs",
            "http://localhost:4566/111122223333/jobs",
            "http://sqs.eu-central-1.localhost:4566/queue/eu-central-1/111122223333/jobs/",
            "/111122223333/jobs",
        ] {
            assert_eq!(queue(url), Some(("111122223333", "jobs")), "{url}");
        }
        assert_eq!(queue("http://localhost:9324/queue/jobs"), Some(("queue", "jobs")));
        for wrong in ["", "jobs", "https://host/jobs", "https://host/1111/jobs", "https://host/111122223333/a?b", "/"] {
            assert_eq!(queue(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_queues_url_may_name_a_region() {
        for url in [
            "https://sqs.eu-central-1.amazonaws.com/111122223333/jobs",
            "https://eu-central-1.queue.amazonaws.com/111122223333/jobs",
            "http://localhost:4566/queue/eu-central-1/111122223333/jobs",
        ] {
            assert_eq!(region_of_queue(url).as_deref(), Some("eu-central-1"), "{url}");
        }
        for url in ["http://a-b-1:4566/111122223333/a-b-1", "http://queue-1:9324/queue/jobs", "/111122223333/a"] {
            assert_eq!(region_of_queue(url), None, "{url}");
        }
    }

    #[test]
    fn a_secrets_suffix_has_six_characters() {
        assert!(has_suffix("arn:aws:secretsmanager:eu-central-1:111122223333:secret:app/db-a1B2c3"));
        for name in ["", ":app", "-1234567", "-12345!"] {
            assert!(!has_suffix(&format!("arn:aws:secretsmanager:eu-central-1:111122223333:secret{name}")), "{name}");
        }
        assert!(!has_suffix("app-a1B2c3"));
    }

    #[test]
    fn versions_and_slashes_are_no_part_of_a_parameters_resource() {
        for name in ["/app/db", "app/db", "/app/db:3", "app/db:live"] {
            assert_eq!(parameter(name), "app/db");
        }
        assert_eq!(parameter("//x"), "/x");
    }

    #[test]
    fn a_state_machine_is_what_its_versions_and_aliases_are_about() {
        let machine = "arn:aws:states:eu-central-1:111122223333:stateMachine:orders";
        assert_eq!(state_machine(machine), (machine.to_owned(), None));
        for qualifier in ["1", "live"] {
            assert_eq!(state_machine(&format!("{machine}:{qualifier}")), (machine.to_owned(), Some(qualifier)));
        }
    }
}
