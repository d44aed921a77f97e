//! Statements for what was called: each allows its actions on its resources, and every pair of them was seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Called, Style, conditions};

/// Operator, key and value of each condition.
type Conditions = BTreeSet<(&'static str, String, String)>;

/// A statement in the making.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Allowing {
    pub actions: BTreeSet<String>,
    pub resources: BTreeSet<String>,
    pub conditions: Conditions,
}

/// As few statements as grouping by one side gives: per service, the actions that share their resources, or the
/// resources that share their actions.
pub(super) fn statements(called: &BTreeMap<String, Called>, style: Style) -> Vec<Allowing> {
    let mut services: BTreeMap<&str, Vec<Allowing>> = BTreeMap::new();
    for (action, called) in called {
        let service = action.split(':').next().unwrap_or_default();
        let resources = match style.generalise {
            true => generalised(&called.resources),
            false => called.resources.iter().map(|resource| literal(resource)).collect(),
        };
        let constant = called.constant.iter().flatten();
        let conditions = constant.filter_map(|(key, values)| {
            let value = values.as_slice().first()?.to_string();
            Some((conditions::operator(action, key, values)?, key.clone(), literal(&value)))
        });
        let actions = BTreeSet::from([action.clone()]);
        services.entry(service).or_default().push(Allowing { actions, resources, conditions: conditions.collect() });
    }
    services.into_values().flat_map(smallest).collect()
}

fn smallest(single: Vec<Allowing>) -> Vec<Allowing> {
    let (by_action, by_resource) = (by_resources(&single), by_actions(&single));
    if by_resource.len() < by_action.len() { by_resource } else { by_action }
}

/// Actions with the same resources and conditions share a statement.
fn by_resources(single: &[Allowing]) -> Vec<Allowing> {
    let mut groups: BTreeMap<(&BTreeSet<String>, &Conditions), BTreeSet<String>> = BTreeMap::new();
    for one in single {
        groups.entry((&one.resources, &one.conditions)).or_default().extend(one.actions.iter().cloned());
    }
    let statements = groups.into_iter().map(|((resources, conditions), actions)| Allowing {
        actions,
        resources: resources.clone(),
        conditions: conditions.clone(),
    });
    in_order(statements)
}

/// Resources with the same actions share a statement; conditions are those of the actions.
fn by_actions(single: &[Allowing]) -> Vec<Allowing> {
    let mut of_resource: BTreeMap<(&String, &Conditions), BTreeSet<&String>> = BTreeMap::new();
    for one in single {
        for resource in &one.resources {
            of_resource.entry((resource, &one.conditions)).or_default().extend(&one.actions);
        }
    }
    let mut groups: BTreeMap<(BTreeSet<&String>, &Conditions), BTreeSet<String>> = BTreeMap::new();
    for ((resource, conditions), actions) in of_resource {
        groups.entry((actions, conditions)).or_default().insert(resource.clone());
    }
    let statements = groups.into_iter().map(|((actions, conditions), resources)| Allowing {
        actions: actions.into_iter().cloned().collect(),
        resources,
        conditions: conditions.clone(),
    });
    in_order(statements)
}

/// In the order of their first actions.
fn in_order(statements: impl Iterator<Item = Allowing>) -> Vec<Allowing> {
    let mut statements: Vec<Allowing> = statements.collect();
    statements.sort();
    statements
}

/// A resource, or a value, as a pattern that matches nothing else. For a character that no policy may have, `?` stands
/// for any one (IAM API Reference, `policyDocumentType`).
pub(super) fn literal(text: &str) -> String {
    if text == "*" {
        return text.to_owned();
    }
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '$' => pattern.extend(['$', '{', character, '}']),
            '\t' | '\n' | '\r' | ' '..='\u{ff}' => pattern.push(character),
            _ => pattern.push('?'),
        }
    }
    pattern
}

/// Several resources in one folder become the folder with `*`. A folder ends with the last slash of an ARN's resource.
fn generalised(resources: &BTreeSet<String>) -> BTreeSet<String> {
    let folder = |resource: &str| {
        let end = resource.rfind('/')?;
        // The slash must be in the resource, behind the ARN's fifth colon.
        (resource.get(..end)?.matches(':').count() >= 5).then(|| resource.get(..=end).map(str::to_owned)).flatten()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for folder in resources.iter().filter_map(|resource| folder(resource)) {
        *counts.entry(folder).or_default() += 1;
    }
    let general = |resource: &String| match folder(resource) {
        Some(folder) if counts.get(&folder).is_some_and(|count| *count > 1) => format!("{}*", literal(&folder)),
        _ => literal(resource),
    };
    resources.iter().map(general).collect()
}
