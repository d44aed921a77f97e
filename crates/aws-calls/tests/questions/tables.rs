//! The tables against the service models and the service authorization reference.

use std::collections::BTreeSet;

use aws_calls::rules::{self, Demand, Expression, Path, Rule, Rules, Step};
use aws_reference::operations::{self, Service, Shape};
use aws_reference::service_authorization;

/// The services whose operations all have an exact or derived rule.
const COVERED: &[&str] = &[
    "cloudwatch",
    "dynamodb",
    "dynamodbstreams",
    "ecr",
    "events",
    "firehose",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "pipes",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
];

/// Condition keys that belong to no service.
const GLOBAL: &[&str] = &["aws:RequestTag/", "aws:ResourceTag/", "aws:TagKeys"];

/// Keys that AWS documents, but not for the action in its reference.
const UNLISTED: &[(&str, &str)] =
    &[("kms:CreateKey", "kms:CustomerMasterKeySpec"), ("kms:CreateKey", "kms:CustomerMasterKeyUsage")];

/// Every table with its service.
fn tables() -> impl Iterator<Item = (std::sync::Arc<Service>, std::sync::Arc<Rules>)> {
    rules::names().map(|name| {
        let service = operations::service(name).unwrap_or_else(|| panic!("{name}"));
        let rules = rules::of_service(&service);
        (service, rules)
    })
}

fn demands(rule: &Rule) -> impl Iterator<Item = &Demand> {
    std::iter::once(&rule.main).chain(&rule.also)
}

#[test]
fn every_operation_of_a_covered_service_has_a_rule() {
    let mut without = Vec::new();
    for name in COVERED {
        let service = operations::service(name).unwrap();
        let rules = rules::of_service(&service);
        let names = service.operations().iter().map(|operation| operation.name.as_str());
        without.extend(
            names
                .filter(|name| rules.of_operation(name).next().is_none())
                .map(|operation| (*name, operation.to_owned())),
        );
    }
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn every_rule_is_for_operations_that_exist_and_can_apply() {
    for (service, rules) in tables() {
        for rule in rules.iter() {
            for operation in &rule.operations {
                assert!(service.operation(operation).is_some(), "{} has no {operation}", service.summary.name);
            }
        }
        for operation in service.operations() {
            let of_operation: Vec<_> = rules.of_operation(&operation.name).collect();
            for rule in of_operation.iter().rev().skip(1) {
                assert!(!rule.main.when.is_empty(), "{}: a rule is behind one that always applies", operation.name);
            }
        }
        for operation in &rules.not_across_accounts {
            let exists = service.operation(operation).is_some();
            assert!(exists, "{}: not-across-accounts has {operation}", service.summary.name);
        }
    }
}

#[test]
fn every_action_and_key_is_in_the_reference() {
    let mut wrong = BTreeSet::new();
    for (service, rules) in tables() {
        for rule in rules.iter() {
            let main = rule.main.action.as_deref();
            for operation in &rule.operations {
                for demand in demands(rule).filter(|demand| !demand.resources.is_empty()) {
                    let own = format!("{}:{operation}", rules.prefix);
                    let action = demand.action.as_deref().or(main).unwrap_or(&own);
                    if !check_action(action, demand) && !rule.derived {
                        wrong.insert(format!("{}: {operation}: no action {action}", service.summary.name));
                    }
                    wrong.extend(unlisted_keys(action, demand).map(|key| format!("{action} does not know {key}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn check_action(action: &str, _demand: &Demand) -> bool {
    let (prefix, name) = action.split_once(':').unwrap();
    service_authorization::service(prefix).is_some_and(|service| service.action(name).is_some())
}

fn unlisted_keys<'d>(action: &'d str, demand: &'d Demand) -> impl Iterator<Item = &'d str> {
    let (prefix, name) = action.split_once(':').unwrap();
    let service = service_authorization::service(prefix).unwrap();
    let known: Vec<String> = service
        .action(name)
        .into_iter()
        .flat_map(|action| {
            let of_resources = action.resources.iter().flat_map(|resource| {
                resource
                    .condition_keys
                    .iter()
                    .chain(service.resource_type(&resource.resource_type).into_iter().flat_map(|of| &of.condition_keys))
            });
            action.condition_keys.iter().chain(of_resources).cloned().collect::<Vec<_>>()
        })
        .collect();
    demand.keys.iter().map(|(key, _)| key.as_str()).filter(move |key| {
        let start = key.strip_suffix('*').unwrap_or(key);
        let is_known = known.iter().any(|known| known == start || key.ends_with('*') && known.starts_with(start));
        !is_known && !GLOBAL.iter().any(|global| key.starts_with(global)) && !UNLISTED.contains(&(action, key))
    })
}

#[test]
fn every_path_leads_to_a_member() {
    let mut wrong = Vec::new();
    for (service, rules) in tables() {
        for rule in rules.iter().filter(|rule| !rule.derived) {
            for operation in &rule.operations {
                let shape = service.input(service.operation(operation).unwrap());
                for path in paths(rule) {
                    if !leads(&service, shape, &path) {
                        wrong.push(format!("{}: {operation}: {path:?}", service.summary.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The paths of a rule. Of several sources that a variable may have, only one has to be a member; owners are read where
/// they are.
fn paths(rule: &Rule) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut add = |of: &Expression| paths.extend(of.paths().cloned());
    for demand in demands(rule) {
        demand.keys.iter().for_each(|(_, of)| add(of));
        demand.when.iter().for_each(|condition| add(&condition.of));
        let single = [&demand.arn, &demand.token, &demand.owner, &demand.tag_keys, &demand.shown, &demand.part];
        single.into_iter().flatten().for_each(&mut add);
        for resource in &demand.resources {
            resource.when.iter().for_each(|condition| add(&condition.of));
        }
    }
    for pass in &rule.pass_roles {
        add(&pass.role);
    }
    paths.extend(demands(rule).filter_map(|demand| demand.tags.clone()));
    paths.retain(|path| !path.of_element);
    paths
}

fn leads(service: &Service, shape: Option<&Shape>, path: &Path) -> bool {
    let mut shape = shape;
    for step in &path.steps {
        let Some(here) = shape else { return false };
        let next = match step {
            Step::Member(name) => here.members.get(name),
            Step::Items => here.item.as_ref(),
            Step::Values => here.value.as_ref(),
        };
        let Some(member) = next else { return false };
        // The content of some services' members is not in the table of operations.
        if member.plain().is_some_and(|kind| matches!(kind, "list" | "map" | "structure")) {
            return true;
        }
        shape = member.shape().and_then(|name| service.shape(name));
    }
    true
}

#[test]
fn every_variable_is_filled_from_a_member_or_a_text() {
    let mut wrong = Vec::new();
    for (service, rules) in tables() {
        for rule in rules.iter() {
            for operation in &rule.operations {
                let shape = service.input(service.operation(operation).unwrap());
                for demand in demands(rule).filter(|demand| demand.arn.is_none() && demand.token.is_none()) {
                    for (name, of) in demand.resources.iter().flat_map(|resource| &resource.fill) {
                        let filled = of.literal().is_some()
                            || of.paths().any(|path| path.of_element || leads(&service, shape, path));
                        if !filled {
                            wrong.push(format!("{}: {operation}: {name}", service.summary.name));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lookups_are_operations_with_the_members_that_they_send() {
    for (service, rules) in tables() {
        for lookup in rules.policies.iter().chain(&rules.tags) {
            let operation = service.operation(&lookup.read).unwrap_or_else(|| panic!("{lookup:?}"));
            let members = &service.input(operation).unwrap().members;
            assert!(lookup.send.keys().all(|member| members.contains_key(member)), "{lookup:?}");
            for of in &lookup.resources {
                assert!(rules.resource_type(of).is_some(), "{lookup:?}");
            }
            for operation in &lookup.changed_by {
                assert!(service.operation(operation).is_some(), "{}: {operation}", service.summary.name);
            }
        }
    }
}

/// Inputs that no client should send: every member has the same value.
struct Same(serde_json::Value);

impl aws_calls::view::Members for Same {
    fn member(&self, _: &str) -> Result<Option<serde_json::Value>, aws_calls::input::Unreadable> {
        Ok(Some(self.0.clone()).filter(|value| !value.is_null()))
    }

    fn line(&self) -> (&str, &str) {
        ("POST", "/v2/%2e%2e//x")
    }
}

#[test]
fn whatever_is_sent_is_asked_about_or_refused() {
    use aws_calls::ask::Asking;
    use aws_calls::needs::Facts;
    use aws_calls::questions::Scene;
    use serde_json::json;

    let scene = Scene { partition: "aws".into(), region: "eu-central-1".into(), account: "111122223333".into() };
    let values = [
        json!(null),
        json!(""),
        json!("x"),
        json!("*"),
        json!(":"),
        json!("/"),
        json!("arn:"),
        json!("arn:aws:lambda:eu-central-1:111122223333:function:"),
        json!("alias/"),
        json!(0),
        json!(true),
        json!([]),
        json!([[]]),
        json!(["x", "y"]),
        json!({}),
        json!({"x": {"x": []}}),
    ];
    for (service, rules) in tables() {
        for operation in service.operations() {
            for value in &values {
                let facts = Facts::none();
                let members = Same(value.clone());
                let asking = Asking {
                    rules: &rules,
                    operation: &operation.name,
                    members: &members,
                    scene: &scene,
                    facts: &facts,
                };
                if let Ok(asked) = asking.questions() {
                    assert!(!asked.questions.is_empty(), "{}: {value}", operation.name);
                    let named = asked.questions.iter().all(|question| !question.resource.is_empty());
                    assert!(named, "{}: {value}", operation.name);
                }
            }
        }
    }
}
