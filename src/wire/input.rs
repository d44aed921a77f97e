//! The parameters of a request, in any form.

use std::borrow::Cow;

use serde_json::Value;

use super::params::{self, Params};

/// The parameters of a request.
pub enum Input<'r> {
    /// Of the Query protocol.
    Query(Params<'r>),
    /// Of EC2's form of the Query protocol, which numbers the members of a list without `member` before the number.
    Ec2Query(Params<'r>),
    /// An object in JSON.
    Json(Value),
}

impl Input<'_> {
    /// The root of the tree of parameters.
    pub(super) fn root(&self) -> Node<'_> {
        match self {
            Self::Query(params) => Node::Query(params.root()),
            Self::Ec2Query(params) => Node::Ec2Query(params.root()),
            Self::Json(value) => Node::Json(Some(value)),
        }
    }
}

/// One place in the tree of parameters.
#[derive(Clone, Copy)]
pub(super) enum Node<'p> {
    Query(params::Node<'p>),
    Ec2Query(params::Node<'p>),
    Json(Option<&'p Value>),
    /// A member of an object that is read as a map.
    Member(&'p str, &'p Value),
    /// The name of such a member.
    Name(&'p str),
}

/// What a leaf is read as. The Query protocol sends everything as text; JSON has types.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    Text,
    Number,
    Boolean,
}

impl<'p> Node<'p> {
    /// Whether nothing was sent here.
    pub fn is_absent(self) -> bool {
        match self {
            Self::Query(node) | Self::Ec2Query(node) => node.is_absent(),
            Self::Json(value) => value.is_none_or(Value::is_null),
            Self::Member(..) | Self::Name(_) => false,
        }
    }

    /// The value of a leaf, as text.
    pub fn value(self) -> Option<Cow<'p, str>> {
        match self {
            Self::Query(node) | Self::Ec2Query(node) => node.value().map(Cow::Borrowed),
            Self::Json(Some(Value::String(text))) => Some(Cow::Borrowed(text)),
            Self::Json(Some(value @ (Value::Number(_) | Value::Bool(_)))) => Some(Cow::Owned(value.to_string())),
            Self::Name(name) => Some(Cow::Borrowed(name)),
            Self::Json(_) | Self::Member(..) => None,
        }
    }

    /// Whether a leaf may be read as this type.
    pub fn is(self, leaf: Leaf) -> bool {
        match (self, leaf) {
            (Self::Json(Some(Value::String(_))), _) => matches!(leaf, Leaf::Text),
            (Self::Json(Some(Value::Number(_))), _) => matches!(leaf, Leaf::Number),
            (Self::Json(Some(Value::Bool(_))), _) => matches!(leaf, Leaf::Boolean),
            _ => true,
        }
    }

    /// Whether anything was sent below this place.
    pub fn has_children(self) -> bool {
        match self {
            Self::Query(node) | Self::Ec2Query(node) => node.has_children(),
            Self::Json(value) => value.is_some_and(|value| value.is_object() || value.is_array()),
            Self::Member(..) => true,
            Self::Name(_) => false,
        }
    }

    /// What was sent under `part`.
    pub fn child(self, part: &str) -> Self {
        match self {
            Self::Query(node) => Self::Query(node.child(part)),
            Self::Ec2Query(node) => Self::Ec2Query(node.child(part)),
            Self::Json(value) => Self::Json(value.and_then(|value| value.get(part))),
            Self::Member(name, _) if part == "key" => Self::Name(name),
            Self::Member(_, value) => Self::Json(Some(value)),
            Self::Name(_) => Self::Json(None),
        }
    }

    /// The members of a list.
    pub fn members(self) -> Box<dyn Iterator<Item = Self> + 'p> {
        match self {
            Self::Query(node) => Box::new(node.child("member").numbered().map(Self::Query)),
            Self::Ec2Query(node) => Box::new(node.numbered().map(Self::Ec2Query)),
            Self::Json(Some(Value::Array(members))) => Box::new(members.iter().map(|member| Self::Json(Some(member)))),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The entries of a map, each with a `key` and a `value`.
    pub fn entries(self) -> Box<dyn Iterator<Item = Self> + 'p> {
        match self {
            Self::Query(node) => Box::new(node.child("entry").numbered().map(Self::Query)),
            Self::Json(Some(Value::Object(members))) => {
                Box::new(members.iter().map(|(name, value)| Self::Member(name, value)))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Whether a structure may be read here: in JSON, an object or nothing.
    pub fn is_structure(self) -> bool {
        match self {
            Self::Query(_) | Self::Ec2Query(_) => true,
            Self::Json(value) => value.is_none_or(|value| value.is_object() || value.is_null()),
            Self::Member(..) | Self::Name(_) => false,
        }
    }

    /// Whether a list or map may be read here: in JSON, a place of the right kind.
    pub fn is_collection(self, is_map: bool) -> bool {
        match self {
            Self::Query(node) | Self::Ec2Query(node) => node.has_children() || node.value().is_none_or(str::is_empty),
            Self::Json(Some(value)) => value.is_null() || if is_map { value.is_object() } else { value.is_array() },
            Self::Json(None) => true,
            Self::Member(..) | Self::Name(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_read_as_the_query_protocol_is() {
        let value =
            json!({"Name": "n", "Count": 3, "On": true, "List": ["a", "b"], "Map": {"k": "v"}, "Nothing": null});
        let input = Input::Json(value);
        let root = input.root();
        assert_eq!(root.child("Name").value().as_deref(), Some("n"));
        assert_eq!(root.child("Count").value().as_deref(), Some("3"));
        assert!(root.child("Nothing").is_absent() && root.child("Other").is_absent());
        let members: Vec<_> = root.child("List").members().map(|member| member.value().unwrap()).collect();
        assert_eq!(members, ["a", "b"]);
        let entry = root.child("Map").entries().next().unwrap();
        assert_eq!(entry.child("key").value().as_deref(), Some("k"));
        assert_eq!(entry.child("value").value().as_deref(), Some("v"));
    }

    #[test]
    fn json_keeps_numbers_and_texts_apart() {
        let input = Input::Json(json!({"Name": 1, "Count": "3", "List": {}}));
        let root = input.root();
        assert!(!root.child("Name").is(Leaf::Text) && root.child("Name").is(Leaf::Number));
        assert!(!root.child("Count").is(Leaf::Number) && !root.child("Count").is(Leaf::Boolean));
        assert!(!root.child("List").is_collection(false) && root.child("List").is_collection(true));
        assert!(!root.child("Name").is_structure() && root.child("List").is_structure());
    }
}
