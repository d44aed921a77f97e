//! Rules for operations that no table has, from names that fit: the action of the operation's name, whose resource types
//! have variables that are members of the operation's input.

use aws_reference::operations::{Operation, Service, Shape};
use aws_reference::service_authorization::{self, Action};

use super::{Demand, Expression, PassRole, Path, Resource, ResourceType, Rule, Rules, Source, Step};

/// Members that hold the ARN of the resource that an operation is about.
const ARN_MEMBERS: [&str; 2] = ["resourcearn", "arn"];

/// Members that hold a role which an operation hands to its service.
const ROLE_MEMBERS: [&str; 6] = ["role", "rolearn", "executionrolearn", "servicerolearn", "servicerole", "iamrolearn"];

impl Rules {
    /// Adds a rule for each operation that has none and whose names say what it needs.
    pub(super) fn derive(&mut self, service: &Service) {
        let Some(reference) = service_authorization::service(&self.prefix) else { return };
        for operation in service.operations() {
            if self.by_operation.contains_key(&operation.name) {
                continue;
            }
            let Some(action) = reference.action(&operation.name) else { continue };
            let input = Input { service, shape: service.input(operation) };
            if let Some(rule) = self.derived(operation, action, &input) {
                self.by_operation.insert(operation.name.clone(), vec![self.rules.len()]);
                self.rules.push(rule);
            }
        }
    }

    fn derived(&self, operation: &Operation, action: &Action, input: &Input<'_>) -> Option<Rule> {
        let types: Vec<&ResourceType> =
            action.resources.iter().filter_map(|resource| self.resource_type(&resource.resource_type)).collect();
        let mut demands = if types.is_empty() {
            vec![demand(None, vec![Resource { when: Vec::new(), of: None, fill: Vec::new() }])]
        } else if let Some(arn) = input.find(&ARN_MEMBERS) {
            let resources =
                types.iter().map(|of| Resource { when: Vec::new(), of: Some((*of).clone()), fill: Vec::new() });
            vec![demand(Some(member(arn)), resources.collect())]
        } else {
            self.filled(action, &types, input)?
        };
        let mut main = demands.remove(0);
        let takes_tags = knows(action, "aws:RequestTag/${TagKey}") || knows(action, "aws:TagKeys");
        main.tags = input.tags().filter(|_| takes_tags);
        main.tag_keys = input.find(&["tagkeys"]).map(|name| Expression(vec![Source::At(items(name))]));
        let passes = depends(action, "iam:PassRole");
        let roles = ROLE_MEMBERS.iter().filter_map(|role| input.find(&[role])).filter(|_| passes);
        let pass_roles = roles.map(|role| PassRole {
            when: Vec::new(),
            role: member(role),
            service: format!("{}.amazonaws.com", self.prefix),
        });
        Some(Rule {
            operations: vec![operation.name.clone()],
            pass_roles: pass_roles.collect(),
            main,
            also: demands,
            code: Vec::new(),
            derived: true,
        })
    }

    /// A demand for each resource type that the action requires, or one for the first of those that it accepts.
    fn filled(&self, action: &Action, types: &[&ResourceType], input: &Input<'_>) -> Option<Vec<Demand>> {
        let is_required = |of: &ResourceType| {
            action.resources.iter().any(|resource| resource.required && resource.resource_type == of.name)
        };
        let required: Vec<_> = types.iter().filter(|of| is_required(of)).collect();
        if required.is_empty() {
            let mut resources: Vec<_> = types.iter().filter_map(|of| self.fitting(of, input)).collect();
            resources.push(Resource { when: Vec::new(), of: None, fill: Vec::new() });
            return Some(vec![demand(None, resources)]);
        }
        let demands = required.into_iter().map(|of| Some(demand(None, vec![self.fitting(of, input)?])));
        demands.collect()
    }

    /// The type, if the input has its variables.
    fn fitting(&self, of: &ResourceType, input: &Input<'_>) -> Option<Resource> {
        let fill = of.template.names().map(|name| {
            let by_table =
                self.fill.get(name).filter(|of| of.literal().is_some() || of.paths().any(|path| input.has(path)));
            let of_type = || format!("{}arn", of.name.to_ascii_lowercase().replace([' ', '-'], ""));
            let found = by_table.cloned().or_else(|| Some(member(input.find(&[name, &of_type()])?)));
            Some((name.to_owned(), found?))
        });
        Some(Resource { when: Vec::new(), of: Some(of.clone()), fill: fill.collect::<Option<_>>()? })
    }
}

struct Input<'i> {
    service: &'i Service,
    shape: Option<&'i Shape>,
}

impl<'i> Input<'i> {
    /// The member that has one of these names in any case.
    fn find(&self, names: &[&str]) -> Option<&'i str> {
        let members = &self.shape?.members;
        names
            .iter()
            .find_map(|name| members.keys().find(|member| member.eq_ignore_ascii_case(name)).map(String::as_str))
    }

    fn has(&self, path: &Path) -> bool {
        let first = path.steps.first().filter(|_| !path.of_element);
        matches!((first, self.shape), (Some(Step::Member(name)), Some(shape)) if shape.members.contains_key(name))
    }

    /// The list or map of tags that the operation gives to what it makes or tags.
    fn tags(&self) -> Option<Path> {
        let name = self.find(&["tags", "taglist", "tagstoadd"])?;
        let member = self.shape?.members.get(name)?;
        let shape = member.shape().and_then(|name| self.service.shape(name));
        let is_map = shape.is_some_and(|shape| shape.value.is_some()) || member.plain() == Some("map");
        let step = if is_map { Step::Values } else { Step::Items };
        Some(Path { of_element: false, steps: vec![Step::Member(name.to_owned()), step] })
    }
}

fn items(name: &str) -> Path {
    Path { of_element: false, steps: vec![Step::Member(name.to_owned()), Step::Items] }
}

fn member(name: &str) -> Expression {
    Expression(vec![Source::At(Path { of_element: false, steps: vec![Step::Member(name.to_owned())] })])
}

fn demand(arn: Option<Expression>, resources: Vec<Resource>) -> Demand {
    Demand { takes_any_arn: arn.is_some(), arn, resources, ..Demand::default() }
}

fn knows(action: &Action, key: &str) -> bool {
    let of_resources = action.resources.iter().flat_map(|resource| &resource.condition_keys);
    action.condition_keys.iter().chain(of_resources).any(|known| known == key)
}

fn depends(action: &Action, on: &str) -> bool {
    let of_resources = action.resources.iter().flat_map(|resource| &resource.dependent_actions);
    action.dependent_actions.iter().chain(of_resources).any(|known| known == on)
}
