//! JSON with the place of every value and with duplicate keys, which serde_json's own `Value` loses.
//!
//! serde_json does the parsing. Its `RawValue`s are slices of the text, so an address is an offset; each level of
//! nesting reads the text below it once more, and policies nest seven levels deep at most.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Position;

/// A policy document nests statement list, statement, condition, operator, key, value list, value.
const MAX_DEPTH: usize = 8;

/// A JSON value and the bytes it takes in the text.
#[derive(Debug)]
pub struct Node<'a> {
    pub start: usize,
    pub end: usize,
    pub value: Value<'a>,
}

#[derive(Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// As written.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// One member of an object, in the order written.
#[derive(Debug)]
pub struct Member<'a> {
    pub key: Cow<'a, str>,
    pub key_start: usize,
    pub value: Node<'a>,
}

/// Why a text is not JSON, or not JSON a policy could be.
#[derive(Debug)]
pub struct Unreadable {
    /// The byte offset.
    pub at: usize,
    /// What is wrong there, for people.
    pub detail: String,
}

impl Unreadable {
    /// What serde_json finds wrong in a text. It gives line and column from 1, the column in bytes.
    pub fn new(text: &str, error: &serde_json::Error) -> Self {
        if text.starts_with('\u{feff}') {
            let detail = "a byte order mark (U+FEFF) comes before the JSON; save the file without it";
            return Self { at: 0, detail: detail.to_owned() };
        }
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        Self { at: before + error.column().saturating_sub(1), detail: without_position(error) }
    }

    /// The trouble and its place in the text.
    pub fn explain(&self, text: &str) -> String {
        format!("{}: {}", Position::of(text, self.at), self.detail)
    }
}

impl<'a> Node<'a> {
    /// Reads a whole text.
    pub fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| Unreadable::new(text, &error))?;
        read(raw, address(text), 0)
    }

    /// The members of an object; anything else has none.
    pub fn members(&self) -> &[Member<'a>] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// What kind of JSON value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

fn address(text: &str) -> usize {
    text.as_ptr() as usize
}

/// serde_json appends " at line 1 column 2", which is separated.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

fn read<'a>(raw: &'a RawValue, origin: usize, depth: usize) -> Result<Node<'a>, Unreadable> {
    let text = raw.get();
    let start = address(text) - origin;
    let unreadable = |detail: String| Unreadable { at: start, detail };
    if depth == MAX_DEPTH {
        return Err(unreadable("nested deeper than any policy".to_owned()));
    }
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let members = members(raw).map_err(unreadable)?;
            let member = |(key, value): (&'a RawValue, &'a RawValue)| {
                let key_start = address(key.get()) - origin;
                let at_key = |detail| Unreadable { at: key_start, detail };
                Ok(Member { key: string(key).map_err(at_key)?, key_start, value: read(value, origin, depth + 1)? })
            };
            Value::Object(members.into_iter().map(member).collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let items: Vec<&'a RawValue> =
                serde_json::from_str(text).map_err(|error| unreadable(without_position(&error)))?;
            Value::Array(items.into_iter().map(|item| read(item, origin, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::String(string(raw).map_err(unreadable)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => Value::Number(text),
    };
    Ok(Node { start, end: start + text.len(), value })
}

/// The members of an object as written, none lost.
pub fn members(raw: &RawValue) -> Result<Vec<(&RawValue, &RawValue)>, String> {
    serde_json::from_str(raw.get()).map(|Members(members)| members).map_err(|error| without_position(&error))
}

/// The text of a string.
pub fn string(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    let text = raw.get();
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        _ => serde_json::from_str(text).map(Cow::Owned).map_err(|error| without_position(&error)),
    }
}

/// The members of an object, none lost.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_duplicates_and_escapes_are_kept() {
        let text = r#" {"a": [1, "x\u0041"], "a": null}"#;
        let node = Node::parse(text).unwrap();
        let Value::Object(members) = &node.value else { panic!("{node:?}") };
        assert_eq!(members.iter().map(|m| (&*m.key, m.key_start)).collect::<Vec<_>>(), [("a", 2), ("a", 23)]);
        let Value::Array(items) = &members[0].value.value else { panic!("{node:?}") };
        assert_eq!(&text[items[1].start..items[1].end], r#""x\u0041""#);
        assert!(matches!(&items[1].value, Value::String(s) if s == "xA"));
    }

    #[test]
    fn a_syntax_error_stands_at_its_character() {
        let place = |text: &str| {
            let unreadable = Node::parse(text).unwrap_err();
            let position = Position::of(text, unreadable.at);
            (position.line, position.column, unreadable.detail)
        };
        assert_eq!(place("{\"Version\":\"éééé\",}"), (1, 19, "key must be a string".to_owned()));
        assert_eq!(place("{\"é\":\n \"é\" é}"), (2, 6, "expected `,` or `}`".to_owned()));
        assert_eq!((place("{").0, place("{").1), (1, 1));
        let (line, column, detail) = place("\u{feff}{}");
        assert_eq!((line, column), (1, 1));
        assert!(detail.contains("byte order mark"), "{detail}");
    }

    #[test]
    fn what_no_policy_is_is_refused() {
        for text in ["", "{", "{} x", "{'a':1}", "{\"a\":1,}", "[1 2]", "\"\u{1}\"", "\"\\ud800\"", "01"] {
            assert!(Node::parse(text).is_err(), "{text:?}");
        }
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
        assert!(Node::parse(&format!("{}{}", "[".repeat(9), "]".repeat(9))).is_err());
        assert!(Node::parse(&format!("{}{}", "[".repeat(8), "]".repeat(8))).is_ok());
    }
}
