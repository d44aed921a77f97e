//! One case.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_calls::ask::{self, Refusal};
use aws_calls::needs::{Fact, Facts, Need};
use aws_calls::questions::{Mapping, Owner, Question, Scene, Shown};
use aws_calls::{Input, Recognised, recognise};
use aws_reference::operations::{Protocol, Service};
use serde::Deserialize;
use serde_json::Value;

use crate::encode;

#[derive(Deserialize)]
pub struct Cases {
    pub case: Vec<Case>,
}

/// A request and what it asks. The caller is in account 111122223333 and calls eu-central-1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub operation: String,
    #[serde(default)]
    input: BTreeMap<String, Value>,
    /// The path that a form is sent to; the case is about forms alone.
    path: Option<String>,
    /// What the upstream has said, by the texts of needs.
    #[serde(default)]
    facts: BTreeMap<String, Value>,
    /// The texts of the needs that are left.
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    asks: Vec<String>,
    /// The start of the message with which the call is refused.
    refused: Option<String>,
}

impl Case {
    /// What is wrong, in the first protocol of the service in which something is.
    pub fn check(&self, name: &str) -> Option<String> {
        let service = aws_reference::operations::service(name).unwrap();
        let protocols = service.summary.protocols().filter(|protocol| match self.path {
            Some(_) => *protocol == Protocol::Query,
            None => true,
        });
        let wrong = protocols.filter_map(|protocol| Some((protocol, self.wrong(&service, protocol)?))).next();
        let (protocol, found) = wrong?;
        Some(format!("{} ({}) [{name}] {protocol:?}\n{found}", self.name, self.operation))
    }

    /// What is asked, if it is something else than the case says.
    fn wrong(&self, service: &Service, protocol: Protocol) -> Option<String> {
        let operation = service.operation(&self.operation).unwrap_or_else(|| panic!("no {}", self.operation));
        let path = self.path.as_deref().unwrap_or("/");
        let input = self.input.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let written = encode::written(service, operation, protocol, &input, path);
        let request = written.request();
        let call = match recognise(&request, Some(service.summary.signing_name)) {
            Ok(Recognised::Call(call)) => call,
            Ok(Recognised::S3) => panic!("{} is taken for S3", self.operation),
            Err(error) => panic!("{}: {error}", self.name),
        };
        assert_eq!((call.name(), call.protocol), (self.operation.as_str(), protocol), "{}", self.name);
        let scene = Scene {
            partition: "aws".to_owned(),
            region: "eu-central-1".to_owned(),
            account: "111122223333".to_owned(),
        };
        let mut facts = Facts::none();
        for (need, fact) in &self.facts {
            facts.insert(need_of(need), fact_of(fact));
        }
        let found = Input::read(&call, request)
            .map_err(Refusal::from)
            .and_then(|input| ask::questions(&call, &input, &scene, &facts));
        match (found, &self.refused) {
            (Err(refusal), Some(start)) if refusal.to_string().starts_with(start) => None,
            (Err(refusal), _) => Some(format!("refused = {:?}", refusal.to_string())),
            (Ok(asked), refused) => {
                let asks: Vec<_> = asked.questions.iter().map(self::written).collect();
                // The tags of a resource are always wanted; only cases about them say so.
                let of_tags = self.needs.iter().any(|need| need.starts_with("tags "));
                let needs = asked.needs.iter().filter(|need| of_tags || !matches!(need, Need::Tags { .. }));
                let needs: Vec<_> = needs.map(need_text).collect();
                let is_wrong = asks != self.asks || needs != self.needs || refused.is_some();
                is_wrong.then(|| shown(&asks, &needs))
            }
        }
    }
}

fn shown(asks: &[String], needs: &[String]) -> String {
    let list = |name: &str, texts: &[String]| {
        if texts.is_empty() {
            return String::new();
        }
        let lines: String = texts.iter().map(|text| format!("  '{text}',\n")).collect();
        format!("{name} = [\n{lines}]\n")
    };
    list("asks", asks) + &list("needs", needs)
}

/// A question in a line: `action on resource`, and anything unusual.
fn written(question: &Question) -> String {
    let mut text = format!("{} on {}", question.action, question.resource);
    for (key, values) in &question.keys {
        write!(text, " {key}={}", values.join(",")).unwrap();
    }
    let Question { owner, sentence, spellings, .. } = question;
    if let Owner::Account(account) | Owner::Bucket(account) = owner {
        write!(text, " owner={account}").unwrap();
    }
    for spelling in spellings {
        write!(text, " also={spelling}").unwrap();
    }
    if let Some(action) = &sentence.action {
        write!(text, " as={action}").unwrap();
    }
    match &sentence.resource {
        Shown::Resource => {}
        Shown::Text(shown) => write!(text, " shown={shown}").unwrap(),
        Shown::Ciphertext => text.push_str(" shown-as-ciphertext"),
        Shown::Nothing => text.push_str(" shown-without-resource"),
    }
    if !question.across_accounts {
        text.push_str(" within-account");
    }
    if let Some(part) = &question.part {
        write!(text, " part={part}").unwrap();
    }
    match question.mapping {
        Mapping::Exact => {}
        Mapping::Derived => text.push_str(" derived"),
        Mapping::Assumed => text.push_str(" assumed"),
    }
    text
}

fn need_text(need: &Need) -> String {
    match need {
        Need::Tags { resource } => format!("tags {resource}"),
        Need::ObjectTags { .. } | Need::BucketTags { .. } => panic!("{need:?} is a need of S3"),
        Need::KeySchema { table, index: None } => format!("key-schema {table}"),
        Need::KeySchema { table, index: Some(index) } => format!("key-schema {table} {index}"),
        Need::KeyOfAlias { alias } => format!("key-of-alias {alias}"),
        Need::AliasesOfKey { key } => format!("aliases {key}"),
        Need::KeyProperties { key } => format!("key-properties {key}"),
        Need::KeyOfCiphertext => "key-of-ciphertext".to_owned(),
        Need::SecretArn { id, account, region } => format!("secret {id} {account} {region}"),
        Need::ResourceOfToken { operation, token } => format!("token {operation} {token}"),
    }
}

fn need_of(text: &str) -> Need {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let word = |place: usize| words[place].clone();
    match words[0].as_str() {
        "tags" => Need::Tags { resource: word(1) },
        "key-schema" => Need::KeySchema { table: word(1), index: words.get(2).cloned() },
        "key-of-alias" => Need::KeyOfAlias { alias: word(1) },
        "aliases" => Need::AliasesOfKey { key: word(1) },
        "key-properties" => Need::KeyProperties { key: word(1) },
        "key-of-ciphertext" => Need::KeyOfCiphertext,
        "secret" => Need::SecretArn { id: word(1), account: word(2), region: word(3) },
        "token" => Need::ResourceOfToken { operation: word(1), token: word(2) },
        other => panic!("no need is called {other}"),
    }
}

fn fact_of(value: &Value) -> Fact {
    match value {
        Value::Bool(false) => Fact::Missing,
        Value::String(text) => Fact::Text(text.clone()),
        Value::Array(texts) => Fact::Texts(texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect()),
        Value::Object(map) => {
            Fact::Tags(map.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect())
        }
        other => panic!("{other} is no fact"),
    }
}
