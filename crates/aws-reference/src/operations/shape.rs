//! The members of inputs.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// Shapes by name.
pub(super) type Shapes = HashMap<String, Shape>;

/// What an input or a member of it is made of: a structure has `members`, a list an `item`, a map a `key` and a `value`.
#[derive(Debug, Default, Deserialize)]
pub struct Shape {
    /// The members of a structure by name.
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    /// The member of a structure that is the whole body.
    #[serde(default)]
    pub payload: Option<String>,
    /// What the items of a list are.
    #[serde(default)]
    pub item: Option<Member>,
    /// What the keys of a map are.
    #[serde(default)]
    pub key: Option<Member>,
    /// What the values of a map are.
    #[serde(default)]
    pub value: Option<Member>,
    /// Whether the items of a list or the entries of a map are written without an element around them.
    #[serde(default)]
    pub flattened: bool,
}

/// A member of a structure, or what a list or map holds.
#[derive(Debug, Deserialize)]
pub struct Member {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Where in the request it is.
    #[serde(default, rename = "at")]
    pub location: Location,
    /// Its name there, if it differs from the member's.
    #[serde(default)]
    pub name: Option<String>,
    /// Its name in ec2's forms, if it does not follow from the other names.
    #[serde(default)]
    pub query_name: Option<String>,
    /// Whether the items of the list or the entries of the map are written without an element around them.
    #[serde(default)]
    pub flattened: bool,
    /// Whether it is of any length, and read while it arrives.
    #[serde(default)]
    pub streams: bool,
}

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Kind {
    /// A structure, list or map: the name of its shape.
    Shape(String),
    /// A structure, list or map whose content the table does not have, or one value: the type's name, such as
    /// `structure`, `string`, `integer`, `boolean`, `timestamp` or `blob`.
    Plain(String),
}

impl From<String> for Kind {
    fn from(text: String) -> Self {
        match text.strip_prefix('#') {
            Some(name) => Self::Shape(name.to_owned()),
            None => Self::Plain(text),
        }
    }
}

/// Where in a request a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// In the body.
    #[default]
    Body,
    /// A label of the path.
    Uri,
    /// A parameter of the query string.
    QueryString,
    /// All other parameters of the query string, as a map.
    #[serde(rename = "querystring-rest")]
    OtherParameters,
    /// A header.
    Header,
    /// The headers whose names begin so, as a map.
    Headers,
    /// The status of an answer; no input has it.
    StatusCode,
}

impl Member {
    /// The name of its type, if it is no structure, list or map of which the table has the content.
    pub fn plain(&self) -> Option<&str> {
        match &self.kind {
            Kind::Shape(_) => None,
            Kind::Plain(name) => Some(name),
        }
    }

    /// The name of its shape, if it is a structure, list or map of which the table has the content.
    pub fn shape(&self) -> Option<&str> {
        match &self.kind {
            Kind::Shape(name) => Some(name),
            Kind::Plain(_) => None,
        }
    }
}
