//! The grammars of policies and the words in which a document is refused.

use std::borrow::Cow;
use std::fmt;

use super::Position;
use super::document::{Fault, FaultKind};

/// What kind of policy a document is to be. Each has its own rules and its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// A managed policy, which must be of version 2012-10-17.
    Managed,
    /// An inline policy of a user, group or role.
    Identity,
    /// A session policy.
    Session,
    /// A role's trust policy.
    Trust,
    /// A policy of any other resource.
    Resource,
    /// A service control policy.
    ServiceControl,
    /// A resource control policy.
    ResourceControl,
    /// A VPC endpoint policy.
    Endpoint,
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// AWS's sentence.
    pub message: Cow<'static, str>,
    /// Where the trouble is.
    pub position: Option<Position>,
    /// What the trouble is, for people: AWS's sentence often does not say.
    pub detail: String,
}

/// A document refused by a rule of its grammar.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub message: Cow<'static, str>,
    pub at: usize,
    pub detail: String,
}

impl Grammar {
    /// Trust policies, and what else has principals, are read by another validator than identity policies.
    pub(crate) fn names_principals(self) -> bool {
        matches!(self, Self::Trust | Self::Resource | Self::ResourceControl | Self::Endpoint)
    }
}

impl Invalid {
    pub(crate) fn fault(grammar: Grammar, text: &str, fault: Fault) -> Self {
        let message: Cow<'static, str> = match (grammar.names_principals(), fault.kind) {
            (false, _) => "Syntax errors in policy.".into(),
            (true, FaultKind::Json) => "This policy contains invalid Json".into(),
            (true, FaultKind::Shape) => "Syntax error in policy.".into(),
            (true, FaultKind::Element(name)) => format!("Unknown field {name}").into(),
            (true, FaultKind::Operator(name)) => format!("Invalid Condition type : {name}").into(),
        };
        let position = Position::of(text, fault.at);
        Self { message, position: Some(position), detail: fault.detail }
    }

    pub(crate) fn refusal(text: &str, refusal: Refusal) -> Self {
        let Refusal { message, at, detail } = refusal;
        Self { message, position: Some(Position::of(text, at)), detail }
    }

    /// The trouble and its place in one line, for people.
    pub fn explain(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| match self.position {
            Some(position) => write!(f, "{position}: {}", self.detail),
            None => f.write_str(&self.detail),
        })
    }
}

/// The size of a document as IAM's quotas count it: characters, without JSON's white space outside of strings.
pub fn document_size(text: &str) -> usize {
    let (mut size, mut in_string, mut escaped) = (0, false, false);
    for character in text.chars() {
        size += usize::from(in_string || !matches!(character, ' ' | '\t' | '\n' | '\r'));
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && character == '\\' && !escaped;
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_counts_only_in_strings() {
        assert_eq!(document_size("{ \"a\" :\n\t\"b c\\\" d\" }"), 15);
        assert_eq!(document_size("\"\\\\\" \"é\""), 7);
    }
}
