//! YAML, TOML and JSON read into one tree in which everything knows its place, within limits that no file can exceed.

mod json;
mod place;
mod read;
mod toml;
mod yaml;

use std::path::Path;

use serde_json::{Map, Value};

pub use place::{Place, Placed};
pub use read::{JsonText, Named, given, read};

/// The most bytes of a file.
pub const MAX_BYTES: usize = 32 << 20;
/// How deep lists and maps may be nested.
pub const MAX_DEPTH: usize = 64;
/// The most values of a file, with those that aliases repeat.
pub const MAX_VALUES: usize = 2_000_000;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", .place.map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct MarkupError {
    /// Where, if it is about one place.
    pub place: Option<Place>,
    /// What, as one sentence without a full stop. It shows no values, which may be secrets.
    pub message: String,
}

impl MarkupError {
    /// Something wrong at a place.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into() }
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML 1.2.
    Yaml,
    /// TOML 1.
    Toml,
    /// JSON.
    Json,
}

impl Syntax {
    /// The syntax that the ending of a file's name stands for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" | "template" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A value and its place. It may be a secret, so it has no `Debug`.
#[derive(Clone)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// The tag before it in YAML, such as `!Ref`, without those of YAML's own types.
    pub tag: Option<Box<str>>,
    /// The value.
    pub content: Content,
}

/// A value.
#[derive(Clone)]
pub enum Content {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number, as JSON writes it. Its text is kept: policies have numbers that no type of ours holds.
    Number(Box<str>),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file. No name is there twice.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where the name is.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

/// Reads a text.
///
/// # Errors
/// Text that is not of this syntax, or exceeds a limit.
pub fn parse(text: &str, syntax: Syntax) -> Result<Node, MarkupError> {
    if text.len() > MAX_BYTES {
        return Err(MarkupError { place: None, message: format!("the file is larger than {} MiB", MAX_BYTES >> 20) });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match syntax {
        Syntax::Yaml => yaml::parse(text),
        Syntax::Toml => toml::parse(text),
        Syntax::Json => json::parse(text),
    }
}

impl Node {
    /// The member of a map with this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The members of a map; none of anything else.
    pub fn members(&self) -> &[Member] {
        match &self.content {
            Content::Map(members) => members,
            _ => &[],
        }
    }

    /// The members of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Refuses tags such as `!Ref`, which mean something in templates alone.
    ///
    /// # Errors
    /// The first of them.
    pub fn must_have_no_tags(&self) -> Result<(), MarkupError> {
        if let Some(tag) = &self.tag {
            return Err(MarkupError::at(self.place, format!("the tag {tag} has no meaning here")));
        }
        self.items().iter().try_for_each(Self::must_have_no_tags)?;
        self.members().iter().try_for_each(|member| member.value.must_have_no_tags())
    }

    /// The value as JSON, with numbers as they were written.
    pub fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, text: &mut String) {
        // A text can always be written as JSON.
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        match &self.content {
            Content::Null => text.push_str("null"),
            Content::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
            Content::Number(number) => text.push_str(number),
            Content::Text(value) => text.push_str(&quoted(value)),
            Content::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    item.write_json(text);
                }
                text.push(']');
            }
            Content::Map(members) => {
                text.push('{');
                for (index, member) in members.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(&quoted(&member.name));
                    text.push(':');
                    member.value.write_json(text);
                }
                text.push('}');
            }
        }
    }

    /// Whether another value is the same, whatever the order of members.
    pub fn says(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Map(own), Content::Map(others)) => {
                let is_there = |member: &Member| other.get(&member.name).is_some_and(|value| member.value.says(value));
                own.len() == others.len() && own.iter().all(is_there)
            }
            (Content::List(own), Content::List(others)) => {
                own.len() == others.len() && own.iter().zip(others).all(|(own, other)| own.says(other))
            }
            (Content::Map(_) | Content::List(_), _) | (_, Content::Map(_) | Content::List(_)) => false,
            _ => self.to_json_text() == other.to_json_text(),
        }
    }

    /// The value without places.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Boolean(value) => Value::Bool(*value),
            Content::Number(text) => serde_json::from_str(text).unwrap_or_default(),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(members) => {
                let members = members.iter().map(|member| (member.name.clone(), member.value.to_json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// Counts values and nesting against their limits.
#[derive(Default)]
struct Limits {
    values: usize,
}

impl Limits {
    /// Counts so many more values.
    fn count(&mut self, values: usize, place: Place) -> Result<(), MarkupError> {
        self.values = self.values.saturating_add(values);
        match self.values > MAX_VALUES {
            true => Err(MarkupError::at(place, format!("the file has more than {MAX_VALUES} values"))),
            false => Ok(()),
        }
    }
}

/// Refuses what is nested too deep.
fn check_depth(depth: usize, place: Place) -> Result<(), MarkupError> {
    match depth > MAX_DEPTH {
        true => Err(MarkupError::at(place, format!("values are nested more than {MAX_DEPTH} deep"))),
        false => Ok(()),
    }
}

/// Refuses a name that is there twice.
fn check_names(members: &[Member]) -> Result<(), MarkupError> {
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    match members.iter().find(|member| !seen.insert(member.name.as_str())) {
        Some(again) => Err(MarkupError::at(again.place, format!("{:?} appears twice", again.name))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
