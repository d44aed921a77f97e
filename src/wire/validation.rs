//! The framework's validation messages: all violations of a request in one answer.

use std::fmt::Write;

use crate::error::{Code, Error};

/// The demand on what is required.
pub(super) const NOT_NULL: &str = "Member must not be null";

/// The two services. They word their violations differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Security Token Service.
    Sts,
}

impl Service {
    /// The name in credential scopes and action prefixes.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }

    /// The version of the API.
    pub fn version(self) -> &'static str {
        match self {
            Self::Iam => "2010-05-08",
            Self::Sts => "2011-06-15",
        }
    }

    /// The namespace of the service's answers.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// One broken demand.
struct Item {
    /// The parameter, such as `tags.1.member.key`.
    path: String,
    message: String,
}

/// Where a member stands among those of its structure: the framework keeps them in one of Java's hash maps with
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
    service: Service,
    items: Vec<Item>,
    sentence: Option<Error>,
}

impl Violations {
    pub fn new(service: Service) -> Self {
        Self { service, items: Vec::new(), sentence: None }
    }

    /// A value broke a demand. IAM leaves it out since 2024, STS shows it.
    pub fn broken(&mut self, path: &str, value: &str, secret: bool, demand: &str) {
        match self.service {
            Service::Sts if !secret => self.push(&format!("Value '{value}'"), path, demand),
            _ => self.push("Value", path, demand),
        }
    }

    fn push(&mut self, what: &str, path: &str, demand: &str) {
        let message = format!("{what} at '{path}' failed to satisfy constraint: {demand}");
        self.items.push(Item { path: path.to_owned(), message });
    }

    /// What is demanded of an enumeration. IAM does not show its values.
    pub fn one_of(&self, values: &[&str]) -> String {
        let demand = "Member must satisfy enum value set";
        match self.service {
            Service::Iam => demand.to_owned(),
            Service::Sts => format!("{demand}: [{}]", values.join(", ")),
        }
    }

    /// Whether a plain member of a list of this shape is told, too, that it must not be null.
    pub fn lists_null(&self, shape: Option<&str>) -> bool {
        self.service == Service::Iam && shape == Some("TagKeys")
    }

    /// A required parameter is absent.
    pub fn null(&mut self, path: &str) {
        let null = if self.service == Service::Sts { "Value null" } else { "Value" };
        self.push(null, path, NOT_NULL);
    }

    /// IAM's own sentence on a parameter; it is told after authorization, and only the first.
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
        let count = self.items.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut message = format!("{count} validation error{plural} detected: ");
        for (index, item) in self.items.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let _ = write!(message, "{separator}{}", item.message);
        }
        Err(Error::new(Code::ValidationError, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What AWS was seen to answer, and the DynamoDB and SES of the same framework.
    #[test]
    fn violations_stand_in_the_order_of_javas_hash_maps() {
        let cases: [&[&str]; 5] = [
            &["minimumPasswordLength", "passwordReusePrevention", "maxPasswordAge"],
            &["clientIDList", "thumbprintList", "url"],
            &["roleArn", "principalArn"],
            &["tags.1.member.value", "tags.1.member.key", "tags.2.member.value"],
            &["provisionedThroughput.writeCapacityUnits", "provisionedThroughput.readCapacityUnits"],
        ];
        for case in cases {
            let mut violations = Violations::new(Service::Iam);
            case.iter().rev().for_each(|path| violations.null(path));
            let error = violations.finish().unwrap_err();
            let told: Vec<_> = error.message().unwrap().split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            assert_eq!(told, case);
        }
    }
}
