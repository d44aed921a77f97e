//! What a rule reads of a request: paths, expressions and conditions.
//!
//! | Written | Means |
//! |---|---|
//! | `TableName` | the member of that name |
//! | `Placement.Tenancy` | a member of a member |
//! | `AlarmNames[]` | every element of a list |
//! | `Tags.*` | every value of a map |
//! | `keys of EncryptionContext` | every key of a map |
//! | `.Name`, `.` | a member of the element that `each` is at, or the element itself |
//! | `=default` | this text |
//! | `KeyId \| =none` | the first of these that the request has |

use std::str::FromStr;

use super::TableError;

/// A place in a request, in the member names of the service's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Whether the path starts at the element that `each` is at.
    pub of_element: bool,
    /// The steps from there.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the member of this name.
    Member(String),
    /// To every element of a list.
    Items,
    /// To every value of a map.
    Values,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The text itself.
    Literal(String),
    /// What is at this place.
    At(Path),
    /// The keys of the map at this place.
    KeysOf(Path),
}

/// Where a value comes from: the first source that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(pub Vec<Source>);

/// Whether a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Where the compared value comes from.
    pub of: Expression,
    /// What it has to be.
    pub test: Test,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `Tags`: the request has it, and it is no empty list or map.
    Present,
    /// `!Tags`: the request has it not.
    Absent,
    /// `Overwrite=true`: one of the values is this.
    Is(String),
    /// `Protocol!=https`: no value is this.
    IsNot(String),
    /// `TargetArn starts arn:`: one of the values begins so.
    Starts(String),
    /// `Layer foreign`: one of the values is an ARN of another account than the caller's.
    Foreign,
}

impl Path {
    /// The last member on the way.
    pub fn member(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Items | Step::Values => None,
        })
    }
}

impl FromStr for Path {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        let wrong = || TableError::Path(text.to_owned());
        let of_element = text.starts_with('.');
        let rest = text.strip_prefix('.').unwrap_or(text);
        let mut steps = Vec::new();
        for part in rest.split('.').filter(|_| !rest.is_empty()) {
            let name = part.trim_end_matches("[]");
            match name {
                "*" => steps.push(Step::Values),
                "" if of_element && steps.is_empty() && part == "[]" => {}
                _ if is_name(name) => steps.push(Step::Member(name.to_owned())),
                _ => return Err(wrong()),
            }
            steps.extend(std::iter::repeat_n(Step::Items, (part.len() - name.len()) / 2));
        }
        if steps.is_empty() && !of_element { Err(wrong()) } else { Ok(Self { of_element, steps }) }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

impl Source {
    /// The place that is read.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::At(path) | Self::KeysOf(path) => Some(path),
            Self::Literal(_) => None,
        }
    }
}

impl FromStr for Source {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        if let Some(literal) = text.strip_prefix('=') {
            return Ok(Self::Literal(literal.to_owned()));
        }
        match text.strip_prefix("keys of ") {
            Some(path) => Ok(Self::KeysOf(path.parse()?)),
            None => Ok(Self::At(text.parse()?)),
        }
    }
}

impl FromStr for Expression {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        Ok(Self(text.split(" | ").map(str::parse).collect::<Result<_, _>>()?))
    }
}

impl Expression {
    /// The places that the expression reads.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(Source::path)
    }

    /// The text that is taken where the request has nothing.
    pub fn literal(&self) -> Option<&str> {
        self.0.iter().find_map(|source| match source {
            Source::Literal(text) => Some(text.as_str()),
            Source::At(_) | Source::KeysOf(_) => None,
        })
    }
}

impl FromStr for Condition {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        if let Some(of) = text.strip_prefix('!') {
            return Ok(Self { of: of.parse()?, test: Test::Absent });
        }
        if let Some(of) = text.strip_suffix(" foreign") {
            return Ok(Self { of: of.parse()?, test: Test::Foreign });
        }
        if let Some((of, start)) = text.split_once(" starts ") {
            return Ok(Self { of: of.parse()?, test: Test::Starts(start.to_owned()) });
        }
        let (of, test) = match (text.split_once("!="), text.split_once('=')) {
            (Some((of, value)), _) => (of, Test::IsNot(value.to_owned())),
            (None, Some((of, value))) => (of, Test::Is(value.to_owned())),
            (None, None) => (text, Test::Present),
        };
        Ok(Self { of: of.parse()?, test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Step {
        Step::Member(name.to_owned())
    }

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_has_members_items_and_values() {
        let steps = [member("TransactItems"), Step::Items, Step::Values, member("Key")];
        assert_eq!(path("TransactItems[].*.Key"), Path { of_element: false, steps: steps.into() });
        assert_eq!(path(".Name"), Path { of_element: true, steps: vec![member("Name")] });
        assert_eq!(path("."), Path { of_element: true, steps: Vec::new() });
        for wrong in ["", "a b", "Tags[", "[]", "a..b", "*x", "Tags[0]"] {
            assert!(wrong.parse::<Path>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_expression_has_sources_in_order() {
        let expression: Expression = "EventBusName | keys of Buses | =default".parse().unwrap();
        let sources =
            [Source::At(path("EventBusName")), Source::KeysOf(path("Buses")), Source::Literal("default".to_owned())];
        assert_eq!(expression, Expression(sources.into()));
        assert_eq!(expression.paths().count(), 2);
        assert_eq!(expression.literal(), Some("default"));
    }

    #[test]
    fn a_condition_compares_or_asks_for_presence() {
        let condition = |text: &str| text.parse::<Condition>().unwrap().test;
        assert_eq!(condition("Tags"), Test::Present);
        assert_eq!(condition("!Tags"), Test::Absent);
        assert_eq!(condition("Overwrite=true"), Test::Is("true".to_owned()));
        assert_eq!(condition("Protocol!=https"), Test::IsNot("https".to_owned()));
        assert_eq!(condition("ResourceArn starts arn:"), Test::Starts("arn:".to_owned()));
        assert_eq!(condition(". foreign"), Test::Foreign);
        assert!("=x".parse::<Condition>().is_err());
    }
}
