//! The functions of CloudFormation's templates.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::Target;
use super::resources::{Resource, attribute, reference};
use crate::markup::{Content, Member, Node, Place};

/// How deep references may lead to each other.
const MAX_REFERENCES: usize = 64;

/// How much work a template may be: the bytes of all texts that its functions make, and [`NODE`] for each value. Few lines
/// that use each other twice would make more than any machine has.
const MAX_WORK: usize = 32 << 20;

/// What resolving one value counts as.
const NODE: usize = 64;

/// The most expressions that are named when they cannot be resolved.
const MAX_UNRESOLVED: usize = 100;

/// A template whose expressions are being resolved.
pub(super) struct Template<'t> {
    pub root: &'t Node,
    pub target: &'t Target<'t>,
    pub stack: String,
    /// What cannot be resolved, and where it is needed.
    pub unresolved: RefCell<Vec<(Place, String)>>,
    /// How many names and conditions are being found out, each for the one before.
    depth: Cell<usize>,
    /// How much of [`MAX_WORK`] is left.
    work: Cell<usize>,
    /// The conditions that were evaluated, and whether they hold.
    pub conditions: RefCell<BTreeMap<String, Option<bool>>>,
}

/// What an expression comes to.
pub(super) enum Resolved {
    /// A value.
    Value(Node),
    /// No value: the property is left out.
    Nothing,
}

pub(super) fn text(place: Place, text: impl Into<String>) -> Node {
    Node { place, tag: None, content: Content::Text(text.into()) }
}

impl<'t> Template<'t> {
    pub fn new(root: &'t Node, target: &'t Target<'t>, stack: String) -> Self {
        let (unresolved, conditions) = (RefCell::default(), RefCell::default());
        Self { root, target, stack, unresolved, depth: Cell::new(0), work: Cell::new(MAX_WORK), conditions }
    }

    /// The resource with this logical id.
    pub fn resource(&self, id: &str) -> Option<Resource<'t>> {
        let node = self.root.get("Resources")?.get(id)?;
        Some(Resource { kind: node.get("Type")?.text()?, properties: node.get("Properties") })
    }

    /// Notes that something cannot be resolved.
    pub fn unresolved(&self, place: Place, what: impl Into<String>) -> Option<String> {
        let (mut noted, missing) = (self.unresolved.borrow_mut(), (place, what.into()));
        if noted.len() < MAX_UNRESOLVED && !noted.contains(&missing) {
            noted.push(missing);
        }
        None
    }

    /// Takes some of the work that is left. Once none is, nothing more is resolved.
    fn spend(&self, place: Place, work: usize) -> Option<()> {
        let left = self.work.get().checked_sub(work);
        self.work.set(left.unwrap_or(0));
        if left.is_none() {
            self.unresolved(place, "a template whose expressions use each other so often");
        }
        left.map(|_| ())
    }

    /// Resolves all expressions in a value.
    pub fn resolve(&self, node: &Node) -> Resolved {
        if self.spend(node.place, NODE).is_none() {
            return Resolved::Nothing;
        }
        if let Some((name, argument)) = function(node) {
            let resolved = self.call(&name, argument.as_ref(), node.place);
            if let Resolved::Value(made) = &resolved {
                self.must_not_be_dynamic(made, node.place);
            }
            return resolved;
        }
        self.must_not_be_dynamic(node, node.place);
        let content = match &node.content {
            Content::List(items) => Content::List(items.iter().filter_map(|item| self.value(item)).collect()),
            Content::Map(members) => {
                let resolved = members.iter().filter_map(|member| {
                    let value = self.value(&member.value)?;
                    Some(Member { name: member.name.clone(), place: member.place, value })
                });
                Content::Map(resolved.collect())
            }
            other => other.clone(),
        };
        Resolved::Value(Node { place: node.place, tag: None, content })
    }

    /// Names a dynamic reference: CloudFormation resolves it when the stack is made.
    fn must_not_be_dynamic(&self, value: &Node, place: Place) {
        if let Some((_, reference)) = value.text().and_then(|text| text.split_once("{{resolve:")) {
            let reference = reference.split("}}").next().unwrap_or_default();
            self.unresolved(place, format!("{{{{resolve:{reference}}}}}"));
        }
    }

    /// A value, unless there is none.
    pub fn value(&self, node: &Node) -> Option<Node> {
        match self.resolve(node) {
            Resolved::Value(value) => Some(value),
            Resolved::Nothing => None,
        }
    }

    /// A value as text: numbers and truth values as they are written.
    pub fn text(&self, node: &Node) -> Option<String> {
        match self.value(node)?.content {
            Content::Text(text) => Some(text),
            Content::Number(number) => Some(number.to_string()),
            Content::Boolean(value) => Some(value.to_string()),
            _ => None,
        }
    }

    fn call(&self, name: &str, argument: &Node, place: Place) -> Resolved {
        if name == "Ref" && argument.text() == Some("AWS::NoValue") {
            return Resolved::Nothing;
        }
        if name == "If" {
            return self.choose(argument, place);
        }
        let value = match name {
            "Ref" => argument.text().and_then(|name| {
                let list = self.list_parameter(name, place);
                list.or_else(|| self.reference(name, place).map(|value| text(place, value)))
            }),
            "GetAtt" => self.get_att(argument, place).map(|value| text(place, value)),
            "Sub" => self.sub(argument, place).map(|value| text(place, value)),
            "Join" => self.join(argument).map(|value| text(place, value)),
            "Select" => self.select(argument),
            "Split" => self.split(argument),
            "FindInMap" => self.find_in_map(argument),
            "ImportValue" => {
                let export = self.text(argument).unwrap_or_default();
                let value = self.target.value(&export);
                value
                    .or_else(|| self.unresolved(place, format!("Fn::ImportValue {export}")))
                    .map(|value| text(place, value))
            }
            _ => {
                self.unresolved(place, format!("Fn::{name}"));
                Some(text(place, ""))
            }
        };
        Resolved::Value(value.unwrap_or_else(|| {
            let is_named = self.unresolved.borrow().iter().any(|(at, _)| *at == place);
            if !is_named {
                let function = if name == "Ref" { "Ref".to_owned() } else { format!("Fn::{name}") };
                self.unresolved(place, function);
            }
            text(place, "")
        }))
    }

    /// What `Ref` gives.
    pub fn reference(&self, name: &str, place: Place) -> Option<String> {
        if let Some(value) = self.target.value(name) {
            return Some(value);
        }
        let partition = self.target.account.partition();
        let known = match name {
            "AWS::AccountId" => Some(format!("{:012}", self.target.account.number())),
            "AWS::Partition" => Some(partition.name().to_owned()),
            "AWS::Region" => Some(partition.signing_region().to_owned()),
            "AWS::StackName" => Some(self.stack.clone()),
            "AWS::URLSuffix" => {
                Some(if partition.name() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }.to_owned())
            }
            _ => None,
        };
        let found = known
            .or_else(|| self.default_of(name))
            .or_else(|| self.of_resource(name, |resource| reference(self, name, resource)));
        found.or_else(|| self.unresolved(place, format!("Ref {name}")))
    }

    /// The default of a parameter. That of one whose value is in Parameter Store is only the name it has there.
    fn default_of(&self, name: &str) -> Option<String> {
        let parameter = self.root.get("Parameters")?.get(name)?;
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or_default();
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            return None;
        }
        self.text(parameter.get("Default")?)
    }

    /// The value of a parameter that is a list.
    fn list_parameter(&self, name: &str, place: Place) -> Option<Node> {
        let kind = self.root.get("Parameters")?.get(name)?.get("Type")?.text()?;
        if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
            return None;
        }
        let written = self.target.value(name).or_else(|| self.default_of(name))?;
        let items = written.split(',').map(|item| text(place, item.trim()));
        Some(Node { place, tag: None, content: Content::List(items.collect()) })
    }

    fn of_resource(&self, id: &str, find: impl FnOnce(&Resource<'t>) -> Option<String>) -> Option<String> {
        let resource = self.resource(id)?;
        // What is not made has no name.
        let is_made = self.root.get("Resources")?.get(id).and_then(|node| self.is_made(node))?;
        if is_made { self.deeper(|| find(&resource)) } else { None }
    }

    /// Goes one step deeper, unless references lead to each other without an end.
    pub fn deeper<T>(&self, find: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.depth.get() >= MAX_REFERENCES {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let found = find();
        self.depth.set(self.depth.get() - 1);
        found
    }

    fn get_att(&self, argument: &Node, place: Place) -> Option<String> {
        let written = match argument.text() {
            Some(text) => text.to_owned(),
            None => argument.items().iter().filter_map(Node::text).collect::<Vec<_>>().join("."),
        };
        self.attribute(&written, place)
    }

    /// What `Fn::GetAtt` gives of `Resource.Attribute`.
    fn attribute(&self, written: &str, place: Place) -> Option<String> {
        if let Some(value) = self.target.value(written) {
            return Some(value);
        }
        let found = written
            .split_once('.')
            .and_then(|(id, name)| self.of_resource(id, |resource| attribute(self, id, name, resource)));
        found.or_else(|| self.unresolved(place, format!("Fn::GetAtt {written}")))
    }

    /// `Fn::Sub`: a text with `${…}`, or a list of it and its own variables.
    fn sub(&self, argument: &Node, place: Place) -> Option<String> {
        let (pattern, own) = match argument.items() {
            [pattern, own] => (pattern.text()?, Some(own)),
            _ => (argument.text()?, None),
        };
        let mut done = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            done.push_str(before);
            rest = behind;
            if let Some(literal) = name.strip_prefix('!') {
                done.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let variable = own.and_then(|own| own.get(name));
            let value = match variable {
                Some(variable) => self.text(variable),
                None if name.contains('.') => self.attribute(name, place),
                None => self.reference(name, place),
            };
            let value = value.unwrap_or_default();
            self.spend(place, before.len() + value.len())?;
            done.push_str(&value);
        }
        Some(done + rest)
    }

    fn join(&self, argument: &Node) -> Option<String> {
        let [separator, items] = argument.items() else { return None };
        let items = self.value(items)?;
        let texts: Vec<_> = items.items().iter().map(|item| self.text(item)).collect::<Option<_>>()?;
        let separator = separator.text()?;
        self.spend(argument.place, texts.iter().map(|text| text.len() + separator.len()).sum())?;
        Some(texts.join(separator))
    }

    fn select(&self, argument: &Node) -> Option<Node> {
        let [index, items] = argument.items() else { return None };
        let index: usize = self.text(index)?.parse().ok()?;
        self.value(items)?.items().get(index).cloned()
    }

    fn split(&self, argument: &Node) -> Option<Node> {
        let [separator, written] = argument.items() else { return None };
        let written = self.text(written)?;
        // Each part is a value of its own.
        self.spend(argument.place, written.len().saturating_mul(NODE))?;
        let parts = written.split(separator.text()?).map(|part| text(argument.place, part));
        Some(Node { place: argument.place, tag: None, content: Content::List(parts.collect()) })
    }

    fn find_in_map(&self, argument: &Node) -> Option<Node> {
        let [map, first, second, rest @ ..] = argument.items() else { return None };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self.root.get("Mappings").and_then(|maps| maps.get(&map)?.get(&first)?.get(&second).cloned());
        found.or_else(|| self.value(rest.first()?.get("DefaultValue")?))
    }
}

/// The function that a value calls, and its argument: `!Ref X`, or a map with the one member `Ref` or `Fn::…`.
pub(super) fn function(node: &Node) -> Option<(String, Box<Node>)> {
    if let Some(tag) = &node.tag {
        let name = tag.strip_prefix('!')?;
        let argument = Node { tag: None, ..node.clone() };
        return Some((name.to_owned(), Box::new(argument)));
    }
    let [member] = node.members() else { return None };
    let name = member.name.strip_prefix("Fn::").or_else(|| (member.name == "Ref").then_some("Ref"))?;
    Some((name.to_owned(), Box::new(member.value.clone())))
}
