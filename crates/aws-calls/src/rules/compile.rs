//! From the words of a table to rules.

use std::collections::{BTreeMap, HashMap};

use aws_reference::service_authorization::{self, Service};

use super::written::{self, OneOrMore, Table};
use super::{ActionWording, Condition, Demand, Expression, Lookup, PassRole, Resource, ResourceType, Rule, Rules};
use super::{Source, TableError, Wording};
use crate::arn::Template;
use crate::ask::Code;

impl Rules {
    /// Reads a table of the service with this IAM prefix.
    ///
    /// # Errors
    /// An unknown word, a path that is none, or a resource type that the reference does not have.
    pub fn read_table(prefix: &str, text: &str) -> Result<Self, TableError> {
        let table: Table = toml::from_str(text)?;
        let reference = reference(prefix)?;
        let types = reference.resource_types.iter().map(|of| ResourceType {
            prefix: prefix.to_owned(),
            name: of.name.clone(),
            template: Template::new(&of.arn),
        });
        let compiler = Compiler { prefix, fill: &table.fill };
        let rules = table.rule.into_iter().map(|rule| compiler.rule(rule)).collect::<Result<Vec<_>, _>>()?;
        let mut by_operation: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, rule) in rules.iter().enumerate() {
            for operation in &rule.operations {
                by_operation.entry(operation.clone()).or_default().push(place);
            }
        }
        let forms = table.forms.into_iter().map(|(member, form)| Ok((member, form.parse()?)));
        Ok(Self {
            prefix: prefix.to_owned(),
            owner: optional(table.owner)?,
            forms: forms.collect::<Result<_, TableError>>()?,
            fill: table
                .fill
                .iter()
                .map(|(name, of)| Ok((name.clone(), of.parse()?)))
                .collect::<Result<_, TableError>>()?,
            code: codes(&table.code.into_vec())?,
            sentence: wording(table.sentence)?,
            not_across_accounts: table.not_across_accounts.into_iter().collect(),
            policies: table.policy.into_iter().map(lookup).collect::<Result<_, _>>()?,
            tags: table.tags_of.into_iter().map(lookup).collect::<Result<_, _>>()?,
            types: types.collect(),
            rules,
            by_operation,
        })
    }
}

fn reference(prefix: &str) -> Result<std::sync::Arc<Service>, TableError> {
    service_authorization::service(prefix).ok_or_else(|| TableError::Service(prefix.to_owned()))
}

struct Compiler<'t> {
    prefix: &'t str,
    fill: &'t BTreeMap<String, String>,
}

impl Compiler<'_> {
    fn rule(&self, mut rule: written::Rule) -> Result<Rule, TableError> {
        let operations = std::mem::take(&mut rule.operations);
        let also = std::mem::take(&mut rule.also);
        let pass_roles = std::mem::take(&mut rule.pass_role).into_vec();
        let code = std::mem::take(&mut rule.code).into_vec();
        let name = operations.first().cloned().unwrap_or_default();
        let also = also.into_iter().map(|demand| match misplaced(&demand) {
            Some(word) => Err(TableError::Misplaced { operation: name.clone(), word }),
            None => self.demand(demand),
        });
        Ok(Rule {
            also: also.collect::<Result<_, _>>()?,
            pass_roles: pass_roles.into_iter().map(pass_role).collect::<Result<_, _>>()?,
            code: codes(&code)?,
            derived: rule.derived,
            main: self.demand(rule)?,
            operations,
        })
    }

    fn demand(&self, rule: written::Rule) -> Result<Demand, TableError> {
        let resources = rule.resource.into_vec().into_iter().map(|of| self.resource(of, &rule.fill));
        let action =
            rule.action.map(|action| if action.contains(':') { action } else { format!("{}:{action}", self.prefix) });
        Ok(Demand {
            when: conditions(rule.when)?,
            action,
            each: rule.each.as_deref().map(str::parse::<Source>).transpose()?,
            resources: resources.collect::<Result<_, _>>()?,
            arn: optional(rule.arn)?,
            takes_any_arn: false,
            token: optional(rule.token)?,
            owner: optional(rule.owner)?,
            keys: rule.keys.into_iter().map(|(key, of)| Ok((key, of.parse()?))).collect::<Result<_, TableError>>()?,
            tags: rule.tags.as_deref().map(str::parse).transpose()?,
            tag_keys: optional(rule.tag_keys)?,
            shown: optional(rule.shown)?,
            part: optional(rule.part)?,
        })
    }

    fn resource(&self, of: written::Resource, rule_fill: &BTreeMap<String, String>) -> Result<Resource, TableError> {
        let (name, when, own_fill) = match of {
            written::Resource::Type(name) => (name, OneOrMore::default(), BTreeMap::new()),
            written::Resource::Some(some) => (some.r#type, some.when, some.fill),
        };
        let when = conditions(when)?;
        if name == "*" {
            return Ok(Resource { when, of: None, fill: Vec::new() });
        }
        let of = self.resource_type(&name)?;
        let fill = of.template.names().map(|variable| {
            let written = [&own_fill, rule_fill, self.fill].into_iter().find_map(|fill| fill.get(variable));
            Ok((variable.to_owned(), written.map_or(variable, String::as_str).parse::<Expression>()?))
        });
        let fill = fill.collect::<Result<_, TableError>>()?;
        Ok(Resource { when, of: Some(of), fill })
    }

    /// `queue` is a type of the table's own service, `iam:role` of another.
    fn resource_type(&self, name: &str) -> Result<ResourceType, TableError> {
        let (prefix, name) = name.split_once(':').unwrap_or((self.prefix, name));
        let service = reference(prefix)?;
        let of = service.resource_type(name).ok_or_else(|| TableError::ResourceType(name.to_owned()))?;
        Ok(ResourceType { prefix: prefix.to_owned(), name: name.to_owned(), template: Template::new(&of.arn) })
    }
}

fn misplaced(demand: &written::Rule) -> Option<&'static str> {
    let empty = |code: &OneOrMore<String>| matches!(code, OneOrMore::More(more) if more.is_empty());
    let passes_no_role = matches!(&demand.pass_role, OneOrMore::More(more) if more.is_empty());
    let wrong = [
        (!demand.operations.is_empty(), "operations"),
        (!empty(&demand.code), "code"),
        (demand.derived, "derived"),
        (!passes_no_role, "pass-role"),
        (!demand.also.is_empty(), "also"),
    ];
    wrong.into_iter().find_map(|(is_wrong, word)| is_wrong.then_some(word))
}

fn codes(names: &[String]) -> Result<Vec<Code>, TableError> {
    names.iter().map(|name| name.parse()).collect()
}

fn optional(text: Option<String>) -> Result<Option<Expression>, TableError> {
    text.as_deref().map(str::parse).transpose()
}

fn conditions(when: OneOrMore<String>) -> Result<Vec<Condition>, TableError> {
    when.into_vec().iter().map(|text| text.parse()).collect()
}

fn pass_role(written: written::PassRole) -> Result<PassRole, TableError> {
    Ok(PassRole { when: conditions(written.when)?, role: written.role.parse()?, service: written.service })
}

fn lookup(written: written::Lookup) -> Result<Lookup, TableError> {
    let written::Lookup { resources, read, send, find, changed_by } = written;
    Ok(Lookup { resources, read, send, find: find.parse()?, changed_by })
}

fn wording(written: written::Sentence) -> Result<Wording, TableError> {
    let action = match written.action {
        None => ActionWording::Usual,
        Some(word) if word == "lower" => ActionWording::Lower,
        Some(prefix) => ActionWording::Prefix(prefix),
    };
    let without_resource = match written.resource.as_deref() {
        None => false,
        Some("none") => true,
        Some(value) => return Err(TableError::Value { word: "resource", value: value.to_owned() }),
    };
    Ok(Wording { action, without_resource })
}
