//! Forms of the Query protocol and of EC2: members as parameters with dotted names.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aws_reference::operations::{Member, Protocol, Service, Shape};
use serde_json::{Map, Value};

use super::{Input, Unreadable, path};

/// The parameters of a form and of the query string, sorted by name.
#[derive(Debug)]
pub(super) struct Form<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> Form<'r> {
    /// Decodes the parameters.
    pub fn parse(query: &'r str, body: &'r [u8]) -> Result<Self, Unreadable> {
        if std::str::from_utf8(body).is_err() {
            return Err(Unreadable::Malformed("a form in UTF-8"));
        }
        let mut parameters: Vec<_> = [query.as_bytes(), body].into_iter().flat_map(form_urlencoded::parse).collect();
        parameters.sort();
        Ok(Self(parameters))
    }

    /// A member of the input.
    pub fn member(&self, input: &Input<'_>, name: &str, member: Option<&Member>) -> Result<Option<Value>, Unreadable> {
        let Some(member) = member else { return self.text(name) };
        let is_ec2 = input.call.protocol == Protocol::Ec2;
        let reader = Reader { form: self, service: &input.call.service, is_ec2 };
        let parameter = reader.name_of(member, name);
        self.no_other_spelling(&reader.prefix(&parameter, member))?;
        let value = reader.value(&parameter, member)?;
        if input.call.service.summary.name == "sqs" && name == "QueueUrl" {
            return path::queue_url(input.request.path, value);
        }
        Ok(value)
    }

    /// The only value of a parameter.
    fn text(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        let mut values = self.from(name).take_while(|(other, _)| other == name).map(|(_, value)| value);
        let value = values.next().map(|value| Value::String(value.to_string()));
        if values.next().is_some() { Err(Unreadable::ambiguous(name)) } else { Ok(value) }
    }

    /// The parameters that do not come before this name.
    fn from(&self, name: &str) -> impl Iterator<Item = &(Cow<'r, str>, Cow<'r, str>)> {
        let start = self.0.partition_point(|(other, _)| other.as_ref() < name);
        self.0.iter().skip(start)
    }

    /// Refuses a parameter that some servers would take for this one.
    fn no_other_spelling(&self, name: &str) -> Result<(), Unreadable> {
        let first = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        let own = first(name);
        let other =
            self.0.iter().map(|(name, _)| first(name)).find(|other| *other != own && other.eq_ignore_ascii_case(&own));
        other.map_or(Ok(()), |other| Err(Unreadable::ambiguous(other)))
    }

    /// The numbers that follow a prefix, in their order.
    fn numbers(&self, prefix: &str) -> Result<BTreeSet<u32>, Unreadable> {
        let mut numbers = BTreeSet::new();
        let below = format!("{prefix}.");
        for (name, _) in self.from(&below) {
            let Some(rest) = name.strip_prefix(below.as_str()) else { break };
            let text = rest.split('.').next().unwrap_or_default();
            let Ok(number) = text.parse::<u32>() else { continue };
            if number.to_string() != text {
                return Err(Unreadable::ambiguous(name.as_ref()));
            }
            numbers.insert(number);
        }
        Ok(numbers)
    }
}

/// Reads values by the model.
struct Reader<'f> {
    form: &'f Form<'f>,
    service: &'f Service,
    is_ec2: bool,
}

impl Reader<'_> {
    /// The value under this name; none if there is no parameter of it.
    fn value(&self, name: &str, member: &Member) -> Result<Option<Value>, Unreadable> {
        let Some(shape) = self.shape(member) else { return self.form.text(name) };
        let prefix = self.prefix(name, member);
        let is_empty = |value: &Value| match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        let value = match (&shape.item, &shape.key, &shape.value) {
            (Some(item), ..) => self.list(&prefix, item)?,
            (_, Some(key), Some(value)) => self.map(&prefix, key, value)?,
            _ => self.structure(&prefix, shape)?,
        };
        // An empty list is sent as its name alone.
        let is_named = || self.form.from(name).next().is_some_and(|(sent, _)| sent == name);
        Ok(Some(value).filter(|value| !is_empty(value) || is_named()))
    }

    fn shape(&self, member: &Member) -> Option<&Shape> {
        member.shape().and_then(|name| self.service.shape(name))
    }

    /// What comes before the numbers or members of a value.
    fn prefix<'n>(&self, name: &'n str, member: &Member) -> Cow<'n, str> {
        let Some(shape) = self.shape(member).filter(|_| !self.is_ec2) else { return name.into() };
        let flattened = shape.flattened || member.flattened;
        match (&shape.item, &shape.key) {
            (Some(Member { name: Some(item), .. }), _) if flattened => match name.rsplit_once('.') {
                Some((before, _)) => format!("{before}.{item}").into(),
                None => item.clone().into(),
            },
            (Some(item), _) if !flattened => format!("{name}.{}", item.name.as_deref().unwrap_or("member")).into(),
            (_, Some(_)) if !flattened => format!("{name}.entry").into(),
            _ => name.into(),
        }
    }

    fn structure(&self, prefix: &str, shape: &Shape) -> Result<Value, Unreadable> {
        let mut map = Map::new();
        for (name, member) in &shape.members {
            if let Some(value) = self.value(&format!("{prefix}.{}", self.name_of(member, name)), member)? {
                map.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(map))
    }

    fn list(&self, prefix: &str, item: &Member) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        for number in self.form.numbers(prefix)? {
            items.extend(self.value(&format!("{prefix}.{number}"), item)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&self, prefix: &str, key: &Member, value: &Member) -> Result<Value, Unreadable> {
        let mut map = Map::new();
        for number in self.form.numbers(prefix)? {
            let part = |member: &Member, name| format!("{prefix}.{number}.{}", member.name.as_deref().unwrap_or(name));
            let Some(Value::String(name)) = self.form.text(&part(key, "key"))? else { continue };
            let value = self.value(&part(value, "value"), value)?;
            if map.insert(name.clone(), value.unwrap_or_default()).is_some() {
                return Err(Unreadable::ambiguous(name));
            }
        }
        Ok(Value::Object(map))
    }

    /// The name of a member's parameter. In the forms of EC2 it is capitalised.
    fn name_of<'n>(&self, member: &'n Member, name: &'n str) -> Cow<'n, str> {
        match member {
            Member { query_name: Some(name), .. } if self.is_ec2 => name.into(),
            Member { name: Some(name), .. } if self.is_ec2 => {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(letters).collect()
            }
            member => member.name.as_deref().unwrap_or(name).into(),
        }
    }
}
