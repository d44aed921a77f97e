//! The tables that say which permissions the operations of a service need.
//!
//! A table never writes an ARN: a rule names a resource type of the service authorization reference, which has the
//! template, and says where the template's variables are in the request.

mod compile;
mod derive;
mod expression;
mod tables;
mod written;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use expression::{Condition, Expression, Path, Source, Step, Test};
pub use tables::{names, of_prefix, of_service};

use crate::arn::Template;
use crate::ask::{Code, Form};

/// A service's table, ready for use.
#[derive(Debug, Default)]
pub struct Rules {
    /// The IAM prefix: `sqs`.
    pub prefix: String,
    /// Where the account of resources that are given by name comes from, if the request names it.
    pub owner: Option<Expression>,
    /// The forms of members whose value is neither a name nor an ARN.
    pub forms: HashMap<String, Form>,
    /// Where the variables of ARN templates come from, where a rule does not say.
    pub fill: BTreeMap<String, Expression>,
    /// What the words of the table cannot say of any question of the service.
    pub code: Vec<Code>,
    /// How sentences of denial differ from the usual.
    pub sentence: Wording,
    /// Operations that another account's resource policy cannot allow.
    pub not_across_accounts: HashSet<String>,
    /// How resource policies are read from the upstream.
    pub policies: Vec<Lookup>,
    /// How tags are read from the upstream.
    pub tags: Vec<Lookup>,
    /// All resource types of the service.
    pub types: Vec<ResourceType>,
    rules: Vec<Rule>,
    by_operation: HashMap<String, Vec<usize>>,
}

/// How sentences of denial differ from the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// How the action is written.
    pub action: ActionWording,
    /// Whether no resource is named.
    pub without_resource: bool,
}

/// How an action is written in a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ActionWording {
    /// As in policies.
    #[default]
    Usual,
    /// In small letters: `sqs:sendmessage`.
    Lower,
    /// Behind this prefix: `SNS`.
    Prefix(String),
}

/// A resource type and the form of its ARNs.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The prefix of the service that it belongs to.
    pub prefix: String,
    /// Its name in the reference.
    pub name: String,
    /// The form of its ARNs.
    pub template: Template,
}

/// How something about a resource is read from the upstream.
#[derive(Debug)]
pub struct Lookup {
    /// The types of resources that have it.
    pub resources: Vec<String>,
    /// The operation that reads it.
    pub read: String,
    /// Its members. `${…}` in a text is a variable of the resource's ARN, or `Arn` for all of it.
    pub send: BTreeMap<String, toml::Value>,
    /// Where it is in the answer.
    pub find: Path,
    /// The operations after which it has to be read again.
    pub changed_by: Vec<String>,
}

/// What some operations ask for.
#[derive(Debug)]
pub struct Rule {
    /// The operations.
    pub operations: Vec<String>,
    /// The main demand, whose conditions are the rule's.
    pub main: Demand,
    /// Further demands, in order.
    pub also: Vec<Demand>,
    /// The roles that the call hands to a service.
    pub pass_roles: Vec<PassRole>,
    /// What the words of a table cannot say.
    pub code: Vec<Code>,
    /// Whether the rule comes from names that fit and not from what AWS documents.
    pub derived: bool,
}

/// One action, on one resource or one of each element.
#[derive(Debug, Default)]
pub struct Demand {
    /// What must hold; all of it.
    pub when: Vec<Condition>,
    /// The action with its prefix. None: the operation's name.
    pub action: Option<String>,
    /// One question for each of these.
    pub each: Option<Source>,
    /// The first that the request fits is the resource.
    pub resources: Vec<Resource>,
    /// Where the ARN of the resource is.
    pub arn: Option<Expression>,
    /// Whether the ARN may be of a type that the reference does not name for the action.
    pub takes_any_arn: bool,
    /// Where the token of an earlier answer is that stands for the resource.
    pub token: Option<Expression>,
    /// Where the account of resources that are given by name comes from.
    pub owner: Option<Expression>,
    /// Condition keys, with a `*` where the names of a map go.
    pub keys: Vec<(String, Expression)>,
    /// The tags in the request.
    pub tags: Option<Path>,
    /// The names of tags in the request.
    pub tag_keys: Option<Expression>,
    /// What AWS's sentence shows as the resource.
    pub shown: Option<Expression>,
    /// The name of the element in an answer that reports some elements and answers the others.
    pub part: Option<Expression>,
}

/// A resource that a request may name.
#[derive(Debug)]
pub struct Resource {
    /// What must hold; all of it.
    pub when: Vec<Condition>,
    /// Its type. None: the action has no resource, `*`.
    pub of: Option<ResourceType>,
    /// Where each variable of the type's template comes from.
    pub fill: Vec<(String, Expression)>,
}

/// A role that the call hands to a service.
#[derive(Debug)]
pub struct PassRole {
    /// What must hold; all of it.
    pub when: Vec<Condition>,
    /// The role's ARN or name.
    pub role: Expression,
    /// The principal of the service.
    pub service: String,
}

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TableError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("`{0}` is no path")]
    Path(String),
    #[error("the reference has no service `{0}`")]
    Service(String),
    #[error("the reference has no resource type `{0}`")]
    ResourceType(String),
    #[error("`{0}` is no form")]
    Form(String),
    #[error("`{0}` is no code")]
    Code(String),
    #[error("`{word}` is `{value}`")]
    Value { word: &'static str, value: String },
    #[error("{operation}: `{word}` has no place there")]
    Misplaced { operation: String, word: &'static str },
}

impl Rules {
    /// No rules.
    pub(crate) fn empty(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// The rules of an operation in their order, of which the first whose conditions hold applies.
    pub fn of_operation(&self, operation: &str) -> impl Iterator<Item = &Rule> {
        let places = self.by_operation.get(operation).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.rules.get(*place))
    }

    /// Every rule.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The type of that name.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.types.iter().find(|of| of.name == name)
    }

    /// The type and the values of an ARN of this service: of the types that fit, the one that writes most of it.
    pub fn read<'a>(&'a self, arn: &'a str) -> Option<(&'a ResourceType, crate::arn::Values<'a>)> {
        let fitting = self.types.iter().filter_map(|of| Some((of, of.template.read(arn)?)));
        fitting.max_by_key(|(of, values)| (of.template.literal_length(), values.len()))
    }
}
