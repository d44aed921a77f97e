//! JSON in which every name is there once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use aws_reference::operations::{Member, Service};
use serde::de::{Deserialize, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Unreadable;

/// An object whose members are parsed when they are asked for.
#[derive(Debug)]
pub(super) struct Object<'r> {
    text: Cow<'r, str>,
    /// The members: their names, and where their values are in the text.
    members: Vec<(String, usize, usize)>,
}

impl<'r> Object<'r> {
    /// Takes an object apart into its members.
    pub fn parse(body: Cow<'r, [u8]>) -> Result<Self, Unreadable> {
        let text = match body {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
        };
        let text = text.ok_or(Unreadable::Malformed("JSON"))?;
        let Members(raw) = serde_json::from_str(&text).map_err(|_| Unreadable::Malformed("a JSON object"))?;
        let mut members: Vec<(String, usize, usize)> = Vec::with_capacity(raw.len());
        let mut names = HashSet::with_capacity(raw.len());
        for (name, value) in raw {
            // Both are parts of the same text.
            let start = (value.get().as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(Unreadable::ambiguous(name));
            }
            members.push((name, start, start + value.get().len()));
        }
        Ok(Self { text, members })
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, ..)| name.as_str())
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        let found = self.members.iter().find(|(other, ..)| other.eq_ignore_ascii_case(name));
        let Some((spelling, start, end)) = found else { return Ok(None) };
        if spelling != name {
            return Err(Unreadable::ambiguous(spelling.as_str()));
        }
        let text = self.text.get(*start..*end).ok_or(Unreadable::Malformed("JSON"))?;
        strict(text).map(Some)
    }

    /// The object as one value.
    pub fn whole(&self) -> Result<Value, Unreadable> {
        strict(&self.text)
    }
}

/// Parses JSON in which no object has a name twice.
pub(super) fn strict(text: &str) -> Result<Value, Unreadable> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut parser).map_err(|error| {
        let error = error.to_string();
        match error.strip_prefix(TWICE).and_then(|rest| rest.split('\0').next()) {
            Some(name) => Unreadable::ambiguous(name),
            None => Unreadable::Malformed("JSON"),
        }
    })?;
    parser.end().map_err(|_| Unreadable::Malformed("JSON"))?;
    Ok(value)
}

/// The value with the names of the model instead of those on the wire, as far as the model is known.
pub(super) fn renamed(value: Value, member: Option<&Member>, service: &Service) -> Value {
    let shape = member.and_then(Member::shape).and_then(|name| service.shape(name));
    let Some(shape) = shape else { return value };
    match value {
        Value::Array(items) if shape.item.is_some() => {
            items.into_iter().map(|value| renamed(value, shape.item.as_ref(), service)).collect()
        }
        Value::Object(map) if shape.value.is_some() => {
            map.into_iter().map(|(key, value)| (key, renamed(value, shape.value.as_ref(), service))).collect()
        }
        Value::Object(map) if !shape.members.is_empty() => {
            let of_model = |sent: &str| {
                let fits = |(name, member): &(&String, &Member)| member.name.as_deref().unwrap_or(name) == sent;
                shape.members.iter().find(fits)
            };
            let rename = |(sent, value): (String, Value)| match of_model(&sent) {
                Some((name, member)) => (name.clone(), renamed(value, Some(member), service)),
                None => (sent, value),
            };
            map.into_iter().map(rename).collect()
        }
        other => other,
    }
}

/// The members of an object as text.
struct Members<'de>(Vec<(String, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// What the error of a repeated name begins with; the name follows, and a zero.
const TWICE: &str = "twice\0";

/// Reads a value in which no object has a name twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!("{TWICE}{name}\0")));
            }
            map.insert(name, members.next_value_seed(Strict)?);
        }
        Ok(Value::Object(map))
    }
}
