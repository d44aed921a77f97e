//! What an upstream knows of a resource, asked as the rules of the resource's service say.

use std::sync::Arc;

use aws_calls::arn::Arn;
use aws_calls::input::Unreadable;
use aws_calls::rules::{self, Lookup, Rules};
use aws_calls::view::{Members, View};
use aws_reference::operations::{self, Summary};
use serde_json::{Map, Value};

use super::inquiry::{Inquiry, Said, Silence};
use crate::gateway::upstream::Upstreams;
use crate::shapes::{AccountId, Partition};

/// A resource of a service whose rules are known.
pub(super) struct Known<'a> {
    /// The service.
    pub service: &'static Summary,
    /// Its rules.
    pub rules: Arc<Rules>,
    arn: &'a str,
    parts: Arn<'a>,
    owner: AccountId,
}

/// The members of an answer.
struct Answered(Value);

impl Members for Answered {
    fn member(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        Ok(self.0.get(name).filter(|value| !value.is_null()).cloned())
    }

    fn line(&self) -> (&str, &str) {
        ("POST", "/")
    }
}

impl<'a> Known<'a> {
    /// A resource by its ARN; `None` if that is none, or of a service that is not known. An ARN without an account
    /// belongs to `owner`.
    pub fn of(arn: &'a str, owner: AccountId) -> Option<Self> {
        let parts = Arn::parse(arn)?;
        let service = service_of_prefix(parts.service)?;
        let rules = rules::of_service(&*operations::service(service.name)?);
        let partition = owner.partition();
        let named = AccountId::parse(parts.account).map(|account| account.in_partition(partition));
        Some(Self { service, rules, arn, parts, owner: named.unwrap_or(owner) })
    }

    /// The lookup among these that is for resources of this type.
    pub fn lookup<'r>(&self, lookups: &'r [Lookup], of: &Rules) -> Option<&'r Lookup> {
        let (found, _) = of.read(self.arn)?;
        lookups.iter().find(|lookup| lookup.resources.contains(&found.name))
    }

    /// Asks; `None` if there is no such thing.
    ///
    /// # Errors
    /// When the upstream does not say.
    pub async fn ask(&self, upstreams: &Upstreams, lookup: &Lookup) -> Result<Option<Value>, Silence> {
        let Some((_, values)) = self.rules.read(self.arn) else { return Ok(None) };
        let value_of = |name: &str| match name {
            "Arn" => Some(self.arn),
            "Partition" => Some(self.parts.partition),
            "Region" => Some(self.parts.region),
            "Account" => Some(self.parts.account),
            _ => values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value),
        };
        let members: Map<String, Value> =
            lookup.send.iter().map(|(name, value)| (name.clone(), filled(value, &value_of))).collect();
        let region = match self.parts.region {
            "" => Partition::default().signing_region(),
            region => region,
        };
        let inquiry =
            Inquiry { service: self.service.name, operation: &lookup.read, members, owner: self.owner, region };
        let Said::Answer(answer) = inquiry.ask(upstreams).await? else { return Ok(None) };
        let answered = Answered(answer);
        let view = View { members: &answered, element: None, account: "" };
        let found = view.at(&lookup.find).map_err(|_| Silence::Unaskable(lookup.read.clone()))?;
        Ok(found.into_iter().next().map(|found| found.value))
    }
}

/// The service whose actions have this prefix. Where several have it, the one of the same name, or else the first.
pub(super) fn service_of_prefix(prefix: &str) -> Option<&'static Summary> {
    let services = || operations::services().iter().filter(|service| service.prefix == prefix);
    services().find(|service| service.name == prefix).or_else(|| services().next())
}

/// A value of a table with the variables in its texts filled in.
fn filled<'v>(value: &toml::Value, value_of: &impl Fn(&str) -> Option<&'v str>) -> Value {
    match value {
        toml::Value::String(text) => Value::String(substituted(text, value_of)),
        toml::Value::Array(items) => items.iter().map(|item| filled(item, value_of)).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(name, value)| (name.clone(), filled(value, value_of))).collect()
        }
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
    }
}

fn substituted<'v>(text: &str, value_of: &impl Fn(&str) -> Option<&'v str>) -> String {
    let mut pieces = text.split("${");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once('}').unwrap_or((piece, ""));
        whole += value_of(name).unwrap_or_default();
        whole += after;
    }
    whole
}

/// Tags in any of the forms that services have for them: a map, or a list of names and values.
pub(super) fn tags(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| {
                let member = |names: [&str; 3]| names.iter().find_map(|name| item.get(*name)).map(text);
                Some((member(["Key", "TagKey", "key"])?, member(["Value", "TagValue", "value"]).unwrap_or_default()))
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let value: toml::Table = toml::from_str("a = 'x/${Region}/${Name}' \nb = ['${Arn}', 'c']").unwrap();
        let value_of = |name: &str| match name {
            "Region" => Some("r"),
            "Name" => Some("n"),
            "Arn" => Some("arn"),
            _ => None,
        };
        assert_eq!(filled(&toml::Value::Table(value), &value_of), json!({"a": "x/r/n", "b": ["arn", "c"]}));
    }

    #[test]
    fn tags_have_several_forms() {
        let expected = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())];
        for value in [
            json!({"a": "1", "b": ""}),
            json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]),
            json!([{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b"}]),
            json!([{"key": "a", "value": "1"}, {"key": "b", "value": ""}]),
        ] {
            assert_eq!(tags(&value), expected, "{value}");
        }
        assert_eq!(tags(&json!("x")), []);
    }
}
