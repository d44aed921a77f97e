//! The parameters of rules, with AWS Config's names and defaults.

use std::collections::BTreeMap;

use super::{RULES, Rule};

/// A parameter that a rule has.
pub(super) struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    /// What holds if it is not given; empty for none.
    pub default: &'static str,
}

/// What a parameter's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number from 0.
    Number,
    /// `true` or `false`.
    Flag,
    /// What a policy is attached to.
    Usage,
    /// Texts, divided by commas.
    List,
    /// A list without which the rule judges nothing.
    RequiredList,
}

const USAGES: &[&str] = &["IAM_USER", "IAM_GROUP", "IAM_ROLE", "ANY"];

/// What is wrong with the rules or parameters that were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No rule has this id.
    #[error("there is no rule {name}{}", suggestion(.near))]
    UnknownRule {
        /// As given.
        name: String,
        /// The rule whose id is most like it.
        near: Option<&'static str>,
    },
    /// The rule has no such parameter.
    #[error("the rule {rule} has no parameter {name}; it has {}", known(.rule))]
    UnknownParameter {
        /// The rule.
        rule: &'static str,
        /// As given.
        name: String,
    },
    /// A value of another kind.
    #[error("{name} of the rule {rule} must be {wanted}, not {value:?}")]
    Value {
        /// The rule.
        rule: &'static str,
        /// The parameter.
        name: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// As given.
        value: String,
    },
    /// Not `RULE.NAME=VALUE`.
    #[error("{0:?} is no parameter: write RULE.NAME=VALUE, such as access-keys-rotated.maxAccessKeyAge=30")]
    Form(String),
}

/// How alike an id must be to be suggested.
const MIN_SIMILARITY: f64 = 0.85;

impl RuleError {
    pub(super) fn unknown(id: &str) -> Self {
        let similarity = |rule: &Rule| strsim::jaro_winkler(id, rule.id);
        let nearest = RULES.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        let near = nearest.filter(|rule| similarity(rule) >= MIN_SIMILARITY).map(|rule| rule.id);
        Self::UnknownRule { name: id.to_owned(), near }
    }
}

fn suggestion(near: &Option<&str>) -> String {
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

fn known(rule: &str) -> String {
    let parameters = RULES.iter().find(|one| one.id == rule).map(|rule| rule.parameters).unwrap_or_default();
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Values that were given for parameters, by rule and name.
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<(&'static str, &'static str), String>);

impl Given {
    /// Reads `RULE.NAME=VALUE`, as often as there are parameters.
    ///
    /// # Errors
    /// See [`RuleError`].
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, RuleError> {
        let mut given = BTreeMap::new();
        for text in texts {
            let form = || RuleError::Form(text.to_owned());
            let (name, value) = text.split_once('=').ok_or_else(form)?;
            let (rule, name) = name.rsplit_once('.').ok_or_else(form)?;
            let rule = RULES.iter().find(|one| one.is_called(rule)).ok_or_else(|| RuleError::unknown(rule))?;
            let parameter = rule.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
            let unknown = || RuleError::UnknownParameter { rule: rule.id, name: name.to_owned() };
            let parameter = parameter.ok_or_else(unknown)?;
            parameter.check(rule.id, value)?;
            given.insert((rule.id, parameter.name), value.to_owned());
        }
        Ok(Self(given))
    }

    /// The values for one rule.
    pub(super) fn values<'g>(&'g self, rule: &Rule) -> Result<Values<'g>, RuleError> {
        let value = |parameter: &'static Parameter| {
            (parameter, self.0.get(&(rule.id, parameter.name)).map_or(parameter.default, String::as_str))
        };
        Ok(Values(rule.parameters.iter().map(value).collect()))
    }
}

impl Parameter {
    fn check(&self, rule: &'static str, value: &str) -> Result<(), RuleError> {
        let (fits, wanted) = match self.kind {
            Kind::Number => (value.parse::<u32>().is_ok(), "a whole number"),
            Kind::Flag => (value.parse::<bool>().is_ok(), "true or false"),
            Kind::Usage => (USAGES.contains(&value), "IAM_USER, IAM_GROUP, IAM_ROLE or ANY"),
            Kind::List | Kind::RequiredList => (true, "a list"),
        };
        let error = || RuleError::Value { rule, name: self.name, wanted, value: value.to_owned() };
        if fits { Ok(()) } else { Err(error()) }
    }
}

/// The values of one rule's parameters.
pub(super) struct Values<'g>(Vec<(&'static Parameter, &'g str)>);

impl<'g> Values<'g> {
    fn text(&self, name: &str) -> &'g str {
        self.0.iter().find(|(parameter, _)| parameter.name == name).map(|(_, value)| *value).unwrap_or_default()
    }

    pub fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or_default()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name).parse().unwrap_or_default()
    }

    pub fn list(&self, name: &str) -> Vec<&'g str> {
        self.text(name).split(',').map(str::trim).filter(|text| !text.is_empty()).collect()
    }

    /// The first parameter without which the rule judges nothing and that is not given.
    pub fn missing(&self) -> Option<&'static str> {
        let is_missing = |(parameter, value): &&(&'static Parameter, &str)| {
            parameter.kind == Kind::RequiredList && value.trim().is_empty()
        };
        self.0.iter().find(is_missing).map(|(parameter, _)| parameter.name)
    }
}
