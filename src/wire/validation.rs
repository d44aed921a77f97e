//! The framework's validation messages: all violations of a request in one answer.

use std::fmt::Write;

use serde_json::json;

use crate::error::{Code, Error};

/// The demand on what is required.
pub(super) const NOT_NULL: &str = "Member must not be null";

/// How a service words what is wrong with parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    /// The framework's sentence without the values, and sentences of IAM's own after authorization.
    Iam,
    /// The framework's sentence with the values.
    Sts,
    /// `InvalidInputException` with a reason for the first violation (Organizations API reference,
    /// "InvalidInputException").
    Organizations,
    /// `ValidationException` with a list of fields, as services of the protocol restJson1 have it.
    Fields,
}

/// What kind of demand a value broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// It must be there.
    Null,
    /// Of a pattern.
    Pattern,
    /// Of an enumeration.
    Enum,
    /// A text or list is too long.
    TooLong,
    /// A text or list is too short.
    TooShort,
    /// A number is too large.
    TooLarge,
    /// A number is too small.
    TooSmall,
}

impl Demand {
    /// The kind of demand that a sentence of the framework makes.
    fn of(sentence: &str) -> Self {
        let kinds = [
            ("null", Self::Null),
            ("pattern", Self::Pattern),
            ("enum", Self::Enum),
            ("length less", Self::TooLong),
            ("length greater", Self::TooShort),
            ("value less", Self::TooLarge),
            ("value greater", Self::TooSmall),
        ];
        let found = kinds.into_iter().find(|(word, _)| sentence.contains(word));
        found.map_or(Self::Pattern, |(_, kind)| kind)
    }

    /// The reason and the sentence of Organizations.
    fn reason(self) -> (&'static str, &'static str) {
        match self {
            Self::Null => ("INPUT_REQUIRED", "You must specify a value for all of the required parameters."),
            Self::Pattern => ("INVALID_PATTERN", "You provided a value that does not match the required pattern."),
            Self::Enum => ("INVALID_ENUM", "You specified an invalid value."),
            Self::TooLong => ("MAX_LENGTH_EXCEEDED", "You provided a value that is longer than the maximum length."),
            Self::TooShort => ("MIN_LENGTH_EXCEEDED", "You provided a value that is shorter than the minimum length."),
            Self::TooLarge => ("MAX_VALUE_EXCEEDED", "You provided a value that is larger than the maximum value."),
            Self::TooSmall => ("MIN_VALUE_EXCEEDED", "You provided a value that is smaller than the minimum value."),
        }
    }
}

/// One broken demand.
struct Item {
    /// The parameter, such as `tags.1.member.key`.
    path: String,
    demand: Demand,
    message: String,
}

/// Where a member is among those of its structure: the framework keeps them in one of Java's hash maps with
/// sixteen buckets, which is the order of every answer with several violations that is known of AWS.
fn bucket(member: &str) -> usize {
    let hash = member.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    ((hash ^ (hash >> 16)) & 15) as usize
}

/// The places of the members, and of the list members by number, that lead to a parameter.
fn place(path: &str) -> Vec<usize> {
    path.split('.').map(|step| step.parse().unwrap_or_else(|_| bucket(step))).collect()
}

/// Gathers what is wrong with a request while it is read.
pub(super) struct Violations {
    wording: Wording,
    items: Vec<Item>,
    sentence: Option<Error>,
}

impl Violations {
    pub fn new(wording: Wording) -> Self {
        Self { wording, items: Vec::new(), sentence: None }
    }

    /// A value broke a demand. IAM leaves it out since 2024, STS shows it.
    pub fn broken(&mut self, path: &str, value: &str, secret: bool, demand: &str) {
        match self.wording {
            Wording::Iam => self.push("Value", path, demand),
            _ if !secret => self.push(&format!("Value '{value}'"), path, demand),
            _ => self.push("Value", path, demand),
        }
    }

    fn push(&mut self, what: &str, path: &str, demand: &str) {
        let message = format!("{what} at '{path}' failed to satisfy constraint: {demand}");
        self.items.push(Item { path: path.to_owned(), demand: Demand::of(demand), message });
    }

    /// What is demanded of an enumeration. IAM does not show its values.
    pub fn one_of(&self, values: &[&str]) -> String {
        let demand = "Member must satisfy enum value set";
        match self.wording {
            Wording::Iam => demand.to_owned(),
            _ => format!("{demand}: [{}]", values.join(", ")),
        }
    }

    /// Whether a plain member of a list of this shape is also reported as one that must not be null.
    pub fn lists_null(&self, shape: Option<&str>) -> bool {
        self.wording == Wording::Iam && shape == Some("TagKeys")
    }

    /// A required parameter is absent.
    pub fn null(&mut self, path: &str) {
        let null = if self.wording == Wording::Iam { "Value" } else { "Value null" };
        self.push(null, path, NOT_NULL);
    }

    /// IAM's own sentence on a parameter, answered after authorization; only the first is kept.
    pub fn sentence(&mut self, path: &str, rule: &str) {
        self.sentence.get_or_insert_with(|| {
            Error::new(Code::ValidationError, format!("The specified value for {path} is invalid. {rule}"))
        });
    }

    /// All violations as one error, or the sentence that waits for authorization.
    pub fn finish(mut self) -> Result<Option<Error>, Error> {
        if self.items.is_empty() {
            return Ok(self.sentence);
        }
        self.items.sort_by_cached_key(|item| place(&item.path));
        match self.wording {
            Wording::Iam | Wording::Sts => Err(Error::new(Code::ValidationError, self.framework_message())),
            Wording::Organizations => {
                let (reason, message) = self.items.first().map_or(Demand::Pattern, |item| item.demand).reason();
                Err(Error::new(Code::InvalidInputException, message).with("Reason", json!(reason)))
            }
            Wording::Fields => {
                let field = |item: &Item| json!({"name": item.path, "message": item.message});
                let fields: Vec<_> = self.items.iter().map(field).collect();
                let error = Error::new(Code::ValidationException, self.framework_message());
                Err(error.with("reason", json!("fieldValidationFailed")).with("fieldList", json!(fields)))
            }
        }
    }

    fn framework_message(&self) -> String {
        let count = self.items.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut message = format!("{count} validation error{plural} detected: ");
        for (index, item) in self.items.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let _ = write!(message, "{separator}{}", item.message);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What AWS was seen to answer, and the DynamoDB and SES of the same framework.
    #[test]
    fn violations_have_the_order_of_javas_hash_maps() {
        let cases: [&[&str]; 5] = [
            &["minimumPasswordLength", "passwordReusePrevention", "maxPasswordAge"],
            &["clientIDList", "thumbprintList", "url"],
            &["roleArn", "principalArn"],
            &["tags.1.member.value", "tags.1.member.key", "tags.2.member.value"],
            &["provisionedThroughput.writeCapacityUnits", "provisionedThroughput.readCapacityUnits"],
        ];
        for case in cases {
            let mut violations = Violations::new(Wording::Iam);
            case.iter().rev().for_each(|path| violations.null(path));
            let error = violations.finish().unwrap_err();
            let paths: Vec<_> = error.message().unwrap().split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            assert_eq!(paths, case);
        }
    }
}
