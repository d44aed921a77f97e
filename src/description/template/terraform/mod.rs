//! The resources of IAM in `terraform show -json`: of a plan, or of a state.

mod references;
mod resources;

use std::collections::HashMap;

use self::references::{Known, References, Wanted};
use self::resources::{Resource, entity, is_relation, relation};
use super::{Build, Target};
use crate::description::file::DescriptionError;
use crate::markup::{Content, Member, Node};
use crate::shapes::{AccountId, ArnParts, Kind};

/// The arguments that are read, all kinds' together.
const ARGUMENTS: &[&str] = &[
    "name",
    "path",
    "description",
    "assume_role_policy",
    "max_session_duration",
    "permissions_boundary",
    "managed_policy_arns",
    "inline_policy",
    "policy",
    "policy_arn",
    "user",
    "group",
    "role",
    "users",
    "groups",
    "roles",
    TAGS,
    "url",
    "client_id_list",
    "thumbprint_list",
    "saml_metadata_document",
    "account_alias",
];

/// The tags that a resource is configured to have.
const TAGS: &str = "tags";

/// The tags that it gets, those of the provider's configuration included.
const ALL_TAGS: &str = "tags_all";

/// Those of them that are found by the one resource that they refer to, and what they need of it.
const FOUND: &[(&str, Wanted)] = &[
    ("policy_arn", Wanted::Arn),
    ("permissions_boundary", Wanted::Arn),
    ("user", Wanted::Name),
    ("group", Wanted::Name),
    ("role", Wanted::Name),
];

/// A resource as the file has it, with the values that were given besides.
struct Written<'n> {
    address: &'n str,
    kind: &'n str,
    values: Node,
    /// The arguments that the file does not give.
    given: Vec<&'static str>,
}

impl Written<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Node::text)
    }

    fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !matches!(value.content, Content::Null))
    }

    /// Gives an argument a value.
    fn give(&mut self, name: &'static str, text: String) {
        let place = self.values.place;
        let Content::Map(members) = &mut self.values.content else { return };
        members.retain(|member| member.name != name);
        let value = Node { place, tag: None, content: Content::Text(text) };
        members.push(Member { name: name.to_owned(), place, value });
        self.given.push(name);
    }
}

/// The module that all others are in, of a plan or a state.
fn root_module(node: &Node) -> Option<&Node> {
    node.get("planned_values").or_else(|| node.get("values"))?.get("root_module")
}

/// The account that the resources of a state are in, or those of a plan that exist already.
pub(in crate::description) fn account_of(node: &Node) -> Option<AccountId> {
    let mut found = Vec::new();
    collect(root_module(node)?, &mut found);
    let mut arns = found.iter().filter_map(|resource| resource.text("arn"));
    arns.find_map(|arn| ArnParts::parse(arn)?.account_id())
}

/// Reads a plan or a state.
///
/// # Errors
/// What is neither.
pub(super) fn read(node: &Node, target: &Target<'_>, build: &mut Build<'_>) -> Result<(), DescriptionError> {
    let root = root_module(node);
    let root = root.ok_or_else(|| build.error(node.place, "this is no plan or state of terraform show -json"))?;
    let mut found = Vec::new();
    collect(root, &mut found);
    for resource in &mut found {
        let missing: Vec<_> = ARGUMENTS.iter().filter(|argument| !resource.has(argument)).collect();
        for argument in missing {
            if let Some(value) = target.value(&format!("{}.{argument}", resource.address)) {
                resource.give(argument, value);
            }
        }
    }
    let known = found.iter().filter_map(|resource| known(resource, target)).collect();
    let unknown = unknown(node);
    let lookup = References { configuration: node.get("configuration"), known };
    let mut read = Vec::with_capacity(found.len());
    for mut resource in found {
        let unknown = unknown.get(resource.address).copied();
        resolve(&mut resource, unknown, &lookup, build);
        if !build.unresolved.is_empty() {
            continue;
        }
        let values = build.properties(&resource.values)?;
        let Written { address, kind, values: Node { place, .. }, .. } = resource;
        read.push(Resource { address, kind, place, values });
    }
    let (entities, relations): (Vec<_>, Vec<_>) = read.into_iter().partition(|resource| !is_relation(resource.kind));
    for resource in entities {
        entity(resource, build);
    }
    for resource in relations {
        relation(resource, build);
    }
    Ok(())
}

/// The resources of IAM in a module and those below it.
fn collect<'n>(module: &'n Node, found: &mut Vec<Written<'n>>) {
    for resource in module.get("resources").map(Node::items).unwrap_or_default() {
        let member = |name: &str| resource.get(name).and_then(Node::text);
        let (Some(address), Some(kind), Some(values)) = (member("address"), member("type"), resource.get("values"))
        else {
            continue;
        };
        if kind.starts_with("aws_iam_") && member("mode") != Some("data") {
            let values = with_all_tags(Node { place: resource.place, ..values.clone() });
            found.push(Written { address, kind, values, given: Vec::new() });
        }
    }
    for child in module.get("child_modules").map(Node::items).unwrap_or_default() {
        collect(child, found);
    }
}

/// The values with the tags that the resource gets: the provider's `default_tags` are in `tags_all` alone.
fn with_all_tags(mut values: Node) -> Node {
    let all = values.get(ALL_TAGS).filter(|all| matches!(all.content, Content::Map(_))).cloned();
    if let (Some(value), Content::Map(members)) = (all, &mut values.content) {
        members.retain(|member| member.name != TAGS);
        members.push(Member { name: TAGS.to_owned(), place: value.place, value });
    }
    values
}

/// The name that a resource will have, and its ARN.
fn known(resource: &Written<'_>, target: &Target<'_>) -> Option<Known> {
    let name = resource.text("name")?;
    let kind = match resource.kind {
        "aws_iam_user" => Some(Kind::User),
        "aws_iam_group" => Some(Kind::Group),
        "aws_iam_role" => Some(Kind::Role),
        "aws_iam_policy" => Some(Kind::Policy),
        _ => None,
    };
    let path = resource.text("path").unwrap_or("/");
    let arn = kind.map(|kind| kind.arn(target.account, path, name));
    Some(Known { address: resource.address.to_owned(), arn, name: name.to_owned() })
}

/// What is not known of resources before a plan is applied, by their addresses.
fn unknown(plan: &Node) -> HashMap<&str, &Node> {
    let changes = plan.get("resource_changes").map(Node::items).unwrap_or_default();
    let unknown = changes
        .iter()
        .filter_map(|change| Some((change.get("address")?.text()?, change.get("change")?.get("after_unknown")?)));
    unknown.collect()
}

/// Whether a value, or a part of it, is marked as not known.
fn is_marked(node: &Node) -> bool {
    match &node.content {
        Content::Boolean(value) => *value,
        Content::List(items) => items.iter().any(is_marked),
        Content::Map(members) => members.iter().any(|member| is_marked(&member.value)),
        _ => false,
    }
}

/// Finds the values that are not known before the plan is applied, and names those that cannot be found.
fn resolve(resource: &mut Written<'_>, unknown: Option<&Node>, lookup: &References<'_>, build: &mut Build<'_>) {
    for argument in ARGUMENTS {
        let is_marked = |name: &str| unknown.and_then(|unknown| unknown.get(name)).is_some_and(is_marked);
        let is_unknown = is_marked(argument) || (*argument == TAGS && is_marked(ALL_TAGS));
        let is_written = resource.has(argument);
        if resource.given.contains(argument) || (is_written && !is_unknown) {
            continue;
        }
        let wanted = FOUND.iter().find(|(name, _)| name == argument).map(|(_, wanted)| *wanted);
        match wanted.and_then(|wanted| lookup.find(resource.address, argument, wanted)) {
            Some(value) => resource.give(argument, value),
            // The provider computes what is not configured, and says of that, too, that it is not known.
            None if is_unknown && lookup.gives(resource.address, argument) => {
                build.unresolved.push((resource.values.place, format!("{}.{argument}", resource.address)));
            }
            None => {}
        }
    }
}
