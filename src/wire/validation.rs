//! The framework's validation messages: all violations of a request in one answer.

use std::fmt::Write;

use crate::error::{Code, Error};

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

/// Gathers what is wrong with a request while it is read.
pub(super) struct Violations {
    service: Service,
    items: Vec<String>,
    sentence: Option<Error>,
}

impl Violations {
    pub fn new(service: Service) -> Self {
        Self { service, items: Vec::new(), sentence: None }
    }

    /// A string broke a demand. IAM leaves the value out since 2024, STS shows it.
    pub fn text(&mut self, path: &str, value: &str, secret: bool, demand: &str) {
        match self.service {
            Service::Sts if !secret => self.value(path, value, demand),
            _ => self.items.push(format!("Value at '{path}' failed to satisfy constraint: {demand}")),
        }
    }

    /// A number or an enumeration broke a demand: both services show the value.
    pub fn value(&mut self, path: &str, value: &str, demand: &str) {
        self.items.push(format!("Value '{value}' at '{path}' failed to satisfy constraint: {demand}"));
    }

    /// A required parameter is absent.
    pub fn null(&mut self, path: &str) {
        let null = if self.service == Service::Sts { "Value null" } else { "Value" };
        self.items.push(format!("{null} at '{path}' failed to satisfy constraint: Member must not be null"));
    }

    /// IAM's own sentence on a parameter; it is told after authorization, and only the first.
    pub fn sentence(&mut self, path: &str, rule: &str) {
        self.sentence.get_or_insert_with(|| {
            Error::new(Code::ValidationError, format!("The specified value for {path} is invalid. {rule}"))
        });
    }

    /// All violations as one error, or the sentence that waits for authorization.
    pub fn finish(self) -> Result<Option<Error>, Error> {
        if self.items.is_empty() {
            return Ok(self.sentence);
        }
        let count = self.items.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut message = format!("{count} validation error{plural} detected: ");
        for (index, item) in self.items.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let _ = write!(message, "{separator}{item}");
        }
        Err(Error::new(Code::ValidationError, message))
    }
}
