//! What each kind of policies says of a request, in AWS's order, and the statements that decided.

use serde_json::Value;

use super::Was;
use crate::console::pages::parts::{members, shown};
use crate::console::view::Cell;

/// AWS's types of checks, in words.
const LAYERS: &[(&str, &str)] = &[
    ("RESOURCE_CONTROL_POLICY", "Resource control policies"),
    ("SERVICE_CONTROL_POLICY", "Service control policies"),
    ("VPC_ENDPOINT", "VPC endpoint policy"),
    ("RESOURCE", "Resource-based policy"),
    ("PRINCIPAL", "Identity-based policies"),
    ("PERMISSIONS_BOUNDARY", "Permissions boundary"),
    ("SESSION", "Session policies"),
];

/// An action on a resource.
pub struct Evaluated {
    /// The action.
    pub action: String,
    /// The resource: its ARN, or a phrase such as "any resource".
    pub resource: String,
    /// The decision.
    pub effect: Effect,
    /// The kinds of policies, in AWS's order.
    pub layers: Vec<Layer>,
    /// Whether the caller may see what the layers say.
    pub has_layers: bool,
    /// The statements that denied it.
    pub decided: Vec<Decided>,
}

/// What a layer, or the whole, comes to.
pub struct Effect {
    /// What it comes to.
    pub word: &'static str,
    /// The class of its colour.
    pub class: &'static str,
}

/// One kind of policies.
pub struct Layer {
    /// The kind, in words.
    pub name: String,
    /// The root, unit or account that an organization's policies are attached to; else empty.
    pub target: String,
    /// What it comes to.
    pub effect: Effect,
    /// The statements that match.
    pub matched: Vec<Matched>,
}

/// A statement that matches.
pub struct Matched {
    /// Its `Sid`, or its place.
    pub sid: String,
    /// `allows` or `denies`.
    pub verb: &'static str,
    /// The policy that it is of.
    pub policy: Cell,
}

/// A statement that decided, as it was.
pub struct Decided {
    /// Its `Sid`, or its place.
    pub sid: String,
    /// The policy that it is of.
    pub policy: Cell,
    /// The statement.
    pub text: String,
}

/// An evaluation of the answer.
pub fn evaluated(one: &Value, policies: &[Was]) -> Evaluated {
    let checks = members(one, "checks");
    let resource = match shown(one, "resource") {
        none if none.is_empty() => "no resource".to_owned(),
        resource => resource,
    };
    let denying = checks.iter().filter(|check| shown(check, "evaluatedEffect") == "EXPLICIT_DENY");
    let decided = denying.flat_map(|check| members(check, "matchedPolicies")).flat_map(|matched| {
        let denies = |statement: &&Value| shown(statement, "evaluatedEffect") == "DENY";
        let policy = policies.iter().find(|policy| policy.uri == shown(matched, "uri"));
        members(matched, "matchedStatements").iter().filter(denies).filter_map(move |statement| {
            let (policy, sid) = (policy?, shown(statement, "sid"));
            let text = serde_json::to_string_pretty(statement_of(&policy.document, &sid)?).unwrap_or_default();
            Some(Decided { sid, policy: policy.owner.clone(), text })
        })
    });
    Evaluated {
        action: shown(one, "action"),
        resource,
        effect: effect(&shown(one, "evaluatedEffect")),
        layers: checks.iter().map(|check| layer(check, policies)).collect(),
        has_layers: one.get("checks").is_some(),
        decided: decided.collect(),
    }
}

fn layer(check: &Value, policies: &[Was]) -> Layer {
    let kind = shown(check, "checkType");
    let name = LAYERS.iter().find(|(known, _)| *known == kind).map_or(kind.as_str(), |(_, name)| name);
    let matched = members(check, "matchedPolicies").iter().flat_map(|policy| {
        let uri = shown(policy, "uri");
        let known = policies.iter().find(|known| known.uri == uri).map(|known| known.owner.clone());
        let cell = known.unwrap_or_else(|| Cell::text(uri));
        members(policy, "matchedStatements").iter().map(move |statement| Matched {
            sid: shown(statement, "sid"),
            verb: if shown(statement, "evaluatedEffect") == "DENY" { "denies" } else { "allows" },
            policy: cell.clone(),
        })
    });
    Layer {
        name: name.to_owned(),
        target: shown(check, "targetArn"),
        effect: effect(&shown(check, "evaluatedEffect")),
        matched: matched.collect(),
    }
}

fn effect(effect: &str) -> Effect {
    let (word, class) = match effect {
        "ALLOW" => ("allows", "allows"),
        "EXPLICIT_DENY" => ("denies", "denies"),
        "IMPLICIT_DENY" => ("does not allow", "denies"),
        _ => ("has no say", "silent"),
    };
    Effect { word, class }
}

/// The statement of a policy by its `Sid`, or by its number if it has none.
fn statement_of<'d>(document: &'d Value, sid: &str) -> Option<&'d Value> {
    let statements = match document.get("Statement")? {
        Value::Array(statements) => statements.as_slice(),
        one => std::slice::from_ref(one),
    };
    let named = statements.iter().find(|statement| shown(statement, "Sid") == sid);
    let number = || sid.strip_prefix("Statement")?.parse::<usize>().ok()?.checked_sub(1);
    named.or_else(|| statements.get(number()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_are_found_by_sid_or_place() {
        let document = json!({"Statement": [{"Sid": "Statement2", "Effect": "Deny"}, {"Effect": "Allow"}]});
        let effect = |sid| statement_of(&document, sid).map(|statement| shown(statement, "Effect"));
        assert_eq!(effect("Statement2").as_deref(), Some("Deny"));
        assert_eq!(effect("Statement1").as_deref(), Some("Deny"));
        assert_eq!(effect("Statement3"), None);
        assert_eq!(effect("Statement0"), None);
        let single = json!({"Statement": {"Effect": "Allow"}});
        assert_eq!(statement_of(&single, "Statement1"), single.get("Statement"));
    }
}
