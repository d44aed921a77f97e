//! What values that are not known before a plan is applied refer to: through modules, and from one instance of a resource
//! with `count` or `for_each` to another.

use std::collections::BTreeSet;

use crate::markup::Node;

/// How often references may lead from module to module.
const MAX_STEPS: usize = 32;

/// How many expressions are looked at for one argument: references that lead to each other twice would have no end.
const MAX_EXPRESSIONS: usize = 1000;

/// What is looked for of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Arn,
    Name,
}

impl Wanted {
    /// The attributes that have it. The id of a policy is its ARN, that of all others their name.
    fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Arn => &["arn", "id"],
            Self::Name => &["name", "id"],
        }
    }
}

/// What is known of a resource: its address, ARN and name.
pub(super) struct Known {
    pub address: String,
    pub arn: Option<String>,
    pub name: String,
}

/// The configuration of a plan, and the resources whose names are known.
pub(super) struct References<'n> {
    pub configuration: Option<&'n Node>,
    pub known: Vec<Known>,
}

/// An address: the modules with their keys, the resource without its key, and the key.
struct Address<'a> {
    modules: Vec<&'a str>,
    resource: &'a str,
    key: &'a str,
}

/// What an argument was found to refer to.
struct Walk {
    found: BTreeSet<String>,
    /// How many more expressions may be looked at.
    left: usize,
}

/// A module within the plan: the steps that lead to it, and its configuration.
struct Module<'a, 'n> {
    steps: &'a [&'a str],
    configuration: &'n Node,
}

/// Cuts an address at the dots that are not within a key.
fn parts(address: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut depth) = (Vec::new(), 0, false, 0_usize);
    for (at, character) in address.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => depth += 1,
            ']' if !is_quoted => depth = depth.saturating_sub(1),
            '.' if !is_quoted && depth == 0 => {
                parts.push(address.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(address.get(start..).unwrap_or_default());
    parts
}

/// A name and the key behind it: `user["a"]`.
fn name_and_key(part: &str) -> (&str, &str) {
    part.find('[').map_or((part, ""), |at| part.split_at(at))
}

impl<'a> Address<'a> {
    fn parse(address: &'a str) -> Option<Self> {
        let parts = parts(address);
        let mut rest = parts.as_slice();
        let mut modules = Vec::new();
        while let ["module", name, below @ ..] = rest {
            modules.push(*name);
            rest = below;
        }
        let [_, name] = rest else { return None };
        let (_, key) = name_and_key(name);
        // The kind and the name are the end of the address.
        let steps: usize = modules.iter().map(|name| "module..".len() + name.len()).sum();
        let resource = address.get(steps..address.len() - key.len())?;
        Some(Self { modules, resource, key })
    }
}

impl<'n> References<'n> {
    /// The ARN or name that an argument of a resource refers to, if it can only be one.
    pub fn find(&self, address: &str, argument: &str, wanted: Wanted) -> Option<String> {
        let address = Address::parse(address)?;
        let module = self.module(&address.modules)?;
        let expression = configured(module.configuration, address.resource)?.get("expressions")?.get(argument)?;
        let mut walk = Walk { found: BTreeSet::new(), left: MAX_EXPRESSIONS };
        self.follow(&module, expression, address.key, wanted, MAX_STEPS, &mut walk)?;
        let one = walk.found.pop_first();
        one.filter(|_| walk.found.is_empty())
    }

    /// Whether the configuration gives an argument of a resource. Without a configuration it may.
    pub fn gives(&self, address: &str, argument: &str) -> bool {
        let resource = Address::parse(address).and_then(|address| {
            let module = self.module(&address.modules)?;
            configured(module.configuration, address.resource)
        });
        resource.is_none_or(|resource| {
            resource.get("expressions").is_some_and(|expressions| expressions.get(argument).is_some())
        })
    }

    fn module<'a>(&self, steps: &'a [&'a str]) -> Option<Module<'a, 'n>> {
        let mut configuration = self.configuration?.get("root_module")?;
        for step in steps {
            configuration = configuration.get("module_calls")?.get(name_and_key(step).0)?.get("module")?;
        }
        Some(Module { steps, configuration })
    }

    /// Adds what an expression of a module refers to. `None` if it refers to something that cannot be followed.
    fn follow(
        &self,
        module: &Module<'_, 'n>,
        expression: &Node,
        key: &str,
        wanted: Wanted,
        steps: usize,
        walk: &mut Walk,
    ) -> Option<()> {
        let steps = steps.checked_sub(1)?;
        walk.left = walk.left.checked_sub(1)?;
        let references: Vec<_> = expression.get("references")?.items().iter().filter_map(Node::text).collect();
        let uses_key = references.iter().any(|one| matches!(*one, "count.index" | "each.key" | "each.value"));
        for (index, reference) in references.iter().enumerate() {
            // Behind `a.b.c` the plan lists `a.b` once more.
            let is_prefix =
                |before: &&str| before.strip_prefix(reference).is_some_and(|rest| rest.starts_with(['.', '[']));
            if references.iter().take(index).any(is_prefix) {
                continue;
            }
            match parts(reference).as_slice() {
                ["count", "index"] | ["each", "key"] => {}
                ["var", name, ..] => {
                    let (last, above) = module.steps.split_last()?;
                    let parent = self.module(above)?;
                    let (call, key) = name_and_key(last);
                    let given = parent.configuration.get("module_calls")?.get(call)?.get("expressions")?.get(name)?;
                    self.follow(&parent, given, key, wanted, steps, walk)?;
                }
                ["module", name, output, ..] => {
                    let below: Vec<&str> = module.steps.iter().copied().chain([*name]).collect();
                    let child = self.module(&below)?;
                    let given = child.configuration.get("outputs")?.get(name_and_key(output).0)?.get("expression")?;
                    self.follow(&child, given, key, wanted, steps, walk)?;
                }
                [kind, name, rest @ ..] if kind.starts_with("aws_iam_") => {
                    if rest.first().is_some_and(|attribute| !wanted.attributes().contains(attribute)) {
                        return None;
                    }
                    let (name, own_key) = name_and_key(name);
                    let own_key = if own_key.is_empty() && uses_key { key } else { own_key };
                    walk.found.extend(self.instances(module, &format!("{kind}.{name}"), own_key, wanted));
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// What is wanted of the instances of a resource of a module: of the one with this key, or of all.
    fn instances(&self, module: &Module<'_, 'n>, resource: &str, key: &str, wanted: Wanted) -> Vec<String> {
        let fits = |address: &str| {
            Address::parse(address).is_some_and(|address| {
                address.modules == module.steps
                    && address.resource == resource
                    && (key.is_empty() || address.key == key)
            })
        };
        let known = self.known.iter().filter(|known| fits(&known.address));
        known
            .filter_map(|known| match wanted {
                Wanted::Arn => known.arn.clone(),
                Wanted::Name => Some(known.name.clone()),
            })
            .collect()
    }
}

/// A resource of a module, by its address within it.
fn configured<'n>(module: &'n Node, resource: &str) -> Option<&'n Node> {
    let resources = module.get("resources")?.items();
    resources.iter().find(|one| one.get("address").and_then(Node::text) == Some(resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address = Address::parse(r#"module.a["x.y"].module.b.aws_iam_user.u["k.1"]"#).unwrap();
        assert_eq!(address.modules, [r#"a["x.y"]"#, "b"]);
        assert_eq!((address.resource, address.key), ("aws_iam_user.u", r#"["k.1"]"#));
        let address = Address::parse("aws_iam_user.u[0]").unwrap();
        assert_eq!((address.modules.len(), address.resource, address.key), (0, "aws_iam_user.u", "[0]"));
        assert!(Address::parse("aws_iam_user").is_none());
    }
}
