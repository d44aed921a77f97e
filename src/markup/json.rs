//! JSON with places.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::place::{Place, Places};
use super::{Content, Limits, MarkupError, Member, Node, check_depth, check_names};

/// Reads JSON.
pub(super) fn parse(text: &str) -> Result<Node, MarkupError> {
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| MarkupError::at(Place::new(error.line(), error.column().max(1)), plain(&error)))?;
    Reader { text, places: Places::new(text), limits: Limits::default() }.node(raw.get(), 0)
}

/// What the parser says, without the place.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

/// The members of an object, as they are written.
struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

#[derive(Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

struct Reader<'t> {
    text: &'t str,
    places: Places<'t>,
    limits: Limits,
}

impl<'t> Reader<'t> {
    /// The place of a part of the text.
    fn place(&self, part: &str) -> Place {
        self.places.of((part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize))
    }

    fn node(&mut self, raw: &'t str, depth: usize) -> Result<Node, MarkupError> {
        let place = self.place(raw);
        check_depth(depth, place)?;
        self.limits.count(1, place)?;
        let wrong = |error: serde_json::Error| MarkupError::at(place, plain(&error));
        let content = match raw.as_bytes().first() {
            Some(b'{') => {
                let Members(raw) = serde_json::from_str(raw).map_err(wrong)?;
                let mut members = Vec::with_capacity(raw.len());
                for (name, value) in raw {
                    let value = self.node(value.get(), depth + 1)?;
                    members.push(Member { name: name.into_owned(), place: value.place, value });
                }
                check_names(&members)?;
                Content::Map(members)
            }
            Some(b'[') => {
                let raw: Vec<&'t RawValue> = serde_json::from_str(raw).map_err(wrong)?;
                let items = raw.into_iter().map(|item| self.node(item.get(), depth + 1));
                Content::List(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Content::Text(serde_json::from_str(raw).map_err(wrong)?),
            Some(b't' | b'f') => Content::Boolean(raw == "true"),
            Some(b'n') => Content::Null,
            _ => {
                serde_json::from_str::<serde_json::Number>(raw).map_err(wrong)?;
                Content::Number(raw.into())
            }
        };
        Ok(Node { place, tag: None, content })
    }
}
