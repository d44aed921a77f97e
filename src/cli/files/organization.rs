//! Organizations as `iamd diff` compares them: by names, since ids change when something is recreated.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What an organization has, by kind, by name.
pub(super) type Parts = BTreeMap<&'static str, BTreeMap<String, Value>>;

/// The organization of an exported account; nothing if it manages none.
pub(super) fn parts(exported: &Value) -> Parts {
    let mut parts = Parts::new();
    let Some(organization) = exported.get("Organization") else { return parts };
    let (names, whole_names) = names(exported);
    let root = list(exported, "Roots").next();
    let root_of = |member: &str| root.and_then(|root| root.get(member)).cloned();
    let whole = json!({
        "FeatureSet": organization.get("FeatureSet"),
        "PolicyTypes": root_of("PolicyTypes"),
        "Tags": root_of("Tags"),
        "EnabledServicePrincipals": principals(exported.get("EnabledServicePrincipals")),
        "ResourcePolicy": exported.get("ResourcePolicy").map(|policy| json!([content(policy), policy.get("Tags")])),
    });
    parts.entry("organization").or_default().insert("itself".to_owned(), whole);
    for unit in list(exported, "OrganizationalUnits") {
        let place = place(&names, text(unit, "Path"));
        parts.entry("organizational-unit").or_default().insert(place, json!({"Tags": unit.get("Tags")}));
    }
    for account in list(exported, "Accounts") {
        let path = account.get("Paths").and_then(|paths| paths.get(0)).and_then(Value::as_str).unwrap_or_default();
        let shown = json!({
            "Name": account.get("Name"),
            "Email": account.get("Email"),
            "State": account.get("State"),
            "Place": place(&names, path),
            "Tags": account.get("Tags"),
            "DelegatedServices": principals(account.get("DelegatedServices")),
        });
        parts.entry("organization-account").or_default().insert(text(account, "Id").to_owned(), shown);
    }
    for policy in list(exported, "OrganizationPolicies") {
        let summary = policy.get("PolicySummary").unwrap_or(&Value::Null);
        let targets = list(policy, "Targets").map(|target| {
            let id = text(target, "TargetId");
            whole_names.get(id).map_or(id, String::as_str).to_owned()
        });
        let mut targets: Vec<_> = targets.collect();
        targets.sort();
        let shown = json!({
            "Description": summary.get("Description"),
            "Content": content(policy),
            "Targets": targets,
            "Tags": policy.get("Tags"),
        });
        let name = format!("{} ({})", text(summary, "Name"), text(summary, "Type"));
        parts.entry("organization-policy").or_default().insert(name, shown);
    }
    parts
}

fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The services of a list.
fn principals(services: Option<&Value>) -> Vec<&str> {
    let services = services.and_then(Value::as_array).into_iter().flatten();
    services.map(|service| text(service, "ServicePrincipal")).collect()
}

/// The document of a policy, whatever its blanks.
fn content(policy: &Value) -> Value {
    let written = text(policy, "Content");
    serde_json::from_str(written).unwrap_or_else(|_| written.into())
}

/// The names of root and units by their ids, and the same with the units that each is in.
fn names(exported: &Value) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut single: BTreeMap<String, String> = BTreeMap::new();
    single.extend(list(exported, "Roots").map(|root| (text(root, "Id").to_owned(), "root".to_owned())));
    let units = || list(exported, "OrganizationalUnits");
    single.extend(units().map(|unit| (text(unit, "Id").to_owned(), text(unit, "Name").to_owned())));
    let mut whole = single.clone();
    whole.extend(units().map(|unit| (text(unit, "Id").to_owned(), place(&single, text(unit, "Path")))));
    (single, whole)
}

/// The last unit of a path, `o-…/r-…/ou-…/`, with those that it is in.
fn place(names: &BTreeMap<String, String>, path: &str) -> String {
    let steps = path.split('/').filter_map(|id| names.get(id)).map(String::as_str);
    steps.collect::<Vec<_>>().join("/")
}
