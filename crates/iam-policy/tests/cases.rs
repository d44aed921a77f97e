//! The documented rules of AWS's policy language, case by case. The cases are data: `tests/data/*.json`, in
//! groups that cite the rule they come from.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use iam_policy::evaluate::evaluate;
use iam_policy::{Grammar, Policy};
use serde_json::{Map, Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";

/// Runs every case of a file and reports all failures at once.
fn run(file: &str, check: impl Fn(&Value, &Value) -> Result<(), String>) {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let data: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut failures = Vec::new();
    for group in data["groups"].as_array().unwrap() {
        assert!(group["rule"].is_string(), "a group without its rule: {group}");
        for case in group["cases"].as_array().unwrap() {
            // What a case does not say itself, its group or file says for all.
            let mut whole = case.clone();
            for (key, value) in group.as_object().unwrap() {
                whole.as_object_mut().unwrap().entry(key).or_insert_with(|| value.clone());
            }
            if let Err(failure) = check(&data, &whole) {
                failures.push(format!("{}\n  {case}\n  {failure}", group["rule"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} cases of {file} fail:\n\n{}", failures.len(), failures.join("\n\n"));
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

/// The context of ann's requests, and what the case adds.
fn context(case: &Value) -> Map<String, Value> {
    case["context"].as_object().cloned().unwrap_or_default()
}

fn is_allowed(request: &Value) -> Result<bool, String> {
    let evaluation = evaluate(request.to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(evaluation.decision).unwrap() == "allowed")
}

/// A request by ann that one statement allows if it matches.
fn is_matched(case: &Value, statement: Value, action: &str, resource: &str) -> Result<bool, String> {
    let mut document = json!({"Version": "2012-10-17", "Statement": [statement]});
    match case.get("version") {
        Some(Value::Null) => drop(document.as_object_mut().unwrap().remove("Version")),
        Some(version) => document["Version"] = version.clone(),
        None => {}
    }
    is_allowed(&json!({
        "principal": ANN, "action": action, "resource": resource, "resourceAccount": "111122223333",
        "context": context(case), "identityPolicies": [{"name": "case", "document": document}],
    }))
}

/// A case with an operator: the key `case:key` has the values found, if any.
fn condition_holds(case: &Value) -> Result<bool, String> {
    let mut case = case.clone();
    let key = case["key"].as_str().unwrap_or("case:key").to_owned();
    if let Some(found) = case.get("found").cloned() {
        let mut context = context(&case);
        context.insert(key.clone(), found);
        case["context"] = Value::Object(context);
    }
    let operator = case["operator"].as_str().unwrap();
    let condition = json!({operator: {key: case["values"]}});
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
    is_matched(&case, statement, "s3:GetObject", "arn:aws:s3:::b/k")
}

#[test]
fn conditions() {
    run("conditions.json", |_, case| expect(condition_holds(case)?, case["holds"].as_bool().unwrap()));
}

/// A negated condition in a Deny must deny exactly when it holds in an Allow.
#[test]
fn conditions_mean_the_same_in_a_deny() {
    run("conditions.json", |_, case| {
        let mut context = context(case);
        let key = case["key"].as_str().unwrap_or("case:key");
        if let Some(found) = case.get("found") {
            context.insert(key.to_owned(), found.clone());
        }
        let condition = json!({case["operator"].as_str().unwrap(): {key: case["values"]}});
        let statements = json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
        ]);
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let allowed = is_allowed(&json!({
            "principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "resourceAccount": "111122223333", "context": context,
            "identityPolicies": [{"name": "case", "document": document}],
        }))?;
        expect(allowed, !case["holds"].as_bool().unwrap())
    });
}

#[test]
fn variables() {
    run("variables.json", |_, case| {
        let matches = case["matches"].as_bool().unwrap();
        if case.get("operator").is_some() {
            return expect(condition_holds(case)?, matches);
        }
        let mut statement = json!({"Effect": "Allow", "Action": "*"});
        match case.get("resource") {
            Some(resource) => statement["Resource"] = resource.clone(),
            None => statement["NotResource"] = case["not_resource"].clone(),
        }
        expect(is_matched(case, statement, "s3:GetObject", case["asked"].as_str().unwrap())?, matches)
    });
}

#[test]
fn matching() {
    run("matching.json", |_, case| {
        let asked = case["asked"].as_str().unwrap();
        let mut statement = json!({"Effect": "Allow"});
        let (mut action, mut resource) = ("s3:GetObject", "*");
        let elements = [
            ("action", "Action"),
            ("not_action", "NotAction"),
            ("resource", "Resource"),
            ("not_resource", "NotResource"),
        ];
        for (field, element) in elements {
            let Some(value) = case.get(field) else { continue };
            statement[element] = value.clone();
            if field.ends_with("action") {
                action = asked;
                statement["Resource"] = json!("*");
            } else {
                resource = asked;
                statement["Action"] = json!("*");
            }
        }
        expect(is_matched(case, statement, action, resource)?, case["matches"].as_bool().unwrap())
    });
}

/// Replaces the short names of principals by what they stand for.
fn principals(data: &Value, element: &Value) -> Value {
    match element {
        Value::String(name) => data["principals"].get(name).filter(|_| name != "anonymous").unwrap_or(element).clone(),
        Value::Array(names) => names.iter().map(|name| principals(data, name)).collect(),
        Value::Object(kinds) => {
            kinds.iter().map(|(kind, names)| (kind.clone(), principals(data, names))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn documents(data: &Value, names: &Value) -> Value {
    let named = |name: &Value| json!({"name": name, "document": data["documents"][name.as_str().unwrap()]});
    names.as_array().unwrap().iter().map(named).collect()
}

fn levels(data: &Value, levels: &Value) -> Value {
    let level = |(index, names)| json!({"target": format!("level-{index}"), "policies": documents(data, names)});
    levels.as_array().unwrap().iter().enumerate().map(level).collect()
}

/// The resource's policy: statements for each of the case's fields about principals.
fn resource_policy(data: &Value, case: &Value, action: &str) -> Option<Value> {
    let fields = [
        ("grants", "Allow", "Principal"),
        ("denies", "Deny", "Principal"),
        ("grants_all_but", "Allow", "NotPrincipal"),
        ("denies_all_but", "Deny", "NotPrincipal"),
        ("trust", "Allow", "Principal"),
        ("trust_denies", "Deny", "Principal"),
    ];
    let statements: Vec<_> = fields
        .iter()
        .filter_map(|(field, effect, element)| {
            let mut statement = json!({"Effect": effect, "Action": action});
            statement[*element] = principals(data, case.get(*field)?);
            if !field.starts_with("trust") {
                statement["Resource"] = json!("*");
            }
            if let Some(condition) = case.get(format!("{field}_if")) {
                statement["Condition"] = condition.clone();
            }
            Some(statement)
        })
        .collect();
    (!statements.is_empty()).then(|| json!({"Version": "2012-10-17", "Statement": statements}))
}

#[test]
fn decisions() {
    run("decisions.json", |data, case| {
        let is_trust = case.get("trust").is_some();
        let action = case["action"].as_str().unwrap_or(if is_trust { "sts:AssumeRole" } else { "s3:GetObject" });
        let resource = if is_trust { "arn:aws:iam::111122223333:role/target" } else { "arn:aws:s3:::b/k" };
        let mut request = json!({
            "principal": data["principals"][case["who"].as_str().unwrap()],
            "action": action,
            "resource": case["resource"].as_str().unwrap_or(resource),
            "context": context(case),
        });
        if case.get("no_owner").is_none() {
            request["resourceAccount"] = json!(case["owner"].as_str().unwrap_or("111122223333"));
        }
        let lists = [
            ("identity", "identityPolicies"),
            ("boundary", "permissionsBoundaries"),
            ("session", "sessionPolicies"),
            ("endpoint", "vpcEndpointPolicies"),
        ];
        for (field, element) in lists {
            if let Some(names) = case.get(field) {
                request[element] = documents(data, names);
            }
        }
        for (field, element) in [("scp", "serviceControlPolicies"), ("rcp", "resourceControlPolicies")] {
            if let Some(names) = case.get(field) {
                request[element] = levels(data, names);
            }
        }
        if let Some(policy) = resource_policy(data, case, action) {
            request["resourcePolicy"] = policy;
        }
        if let Some(account) = case.get("management") {
            request["organizationManagementAccount"] = account.clone();
        }
        let evaluation = evaluate(request.to_string().as_bytes()).map_err(|error| error.to_string())?;
        let found = serde_json::to_value(&evaluation).unwrap();
        let denied_by = case.get("denied_by").cloned().unwrap_or(json!([]));
        expect((&found["decision"], &found["deniedBy"]), (&case["decision"], &denied_by))
            .map_err(|failure| format!("{failure}\n  {}", evaluation.explanation))
    });
}

#[test]
fn grammars() {
    run("grammar.json", |_, case| {
        let grammar = match case["grammar"].as_str().unwrap() {
            "managed" => Grammar::Managed,
            "identity" => Grammar::Identity,
            "session" => Grammar::Session,
            "trust" => Grammar::Trust,
            "resource" => Grammar::Resource,
            "endpoint" => Grammar::Endpoint,
            "scp" => Grammar::ServiceControl,
            "rcp" => Grammar::ResourceControl,
            other => return Err(format!("no grammar {other:?}")),
        };
        let text = case["text"].as_str().map_or_else(|| case["document"].to_string(), str::to_owned);
        let read = match grammar {
            Grammar::Managed | Grammar::Identity | Grammar::Session | Grammar::Trust => {
                Policy::accept(&text, grammar, "aws")
            }
            _ => Policy::parse(&text, grammar),
        };
        let message = read.err().map(|invalid| invalid.message.into_owned());
        expect(message.as_deref(), case["message"].as_str())
    });
}

/// What the simulator reads, and what is in force already, is not judged like what is to be stored.
#[test]
fn evaluated_documents_are_judged_less() {
    let patterns = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:*:*:111122223333:*"}}"#;
    let elsewhere =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws-cn:s3:::b"}}"#;
    for document in [patterns, elsewhere] {
        assert!(Policy::accept(document, Grammar::Managed, "aws").is_err(), "{document}");
        assert!(Policy::parse(document, Grammar::Managed).is_ok(), "{document}");
    }
    assert!(Policy::accept(elsewhere, Grammar::Managed, "aws-cn").is_ok());
    let indented = format!(" \n  {patterns}");
    assert!(Policy::parse(&indented, Grammar::Managed).is_err());
    let policy = Policy::parse_indented(&indented, Grammar::Managed).unwrap();
    let plain = Policy::parse(patterns, Grammar::Managed).unwrap();
    let column = |policy: &Policy| policy.statements()[0].position.column;
    assert_eq!((policy.statements()[0].position.line, column(&policy)), (2, column(&plain) + 2));
}

/// The version is a required element of the policies of organizations.
#[test]
fn policies_of_organizations_are_of_the_current_version() {
    let documents = [
        (Grammar::ServiceControl, r#""Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#),
        (Grammar::ResourceControl, r#""Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#),
    ];
    for (grammar, rest) in documents {
        for (version, is_accepted) in
            [(r#""Version":"2012-10-17","#, true), (r#""Version":"2008-10-17","#, false), ("", false)]
        {
            let document = format!("{{{version}{rest}}}");
            assert_eq!(Policy::accept(&document, grammar, "aws").is_ok(), is_accepted, "{document}");
            assert!(Policy::parse(&document, grammar).is_ok(), "{document}: what is in force is not judged again");
        }
    }
}

#[test]
fn what_no_policy_can_allow() {
    run("impossible.json", |_, case| {
        let everything = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        let mut request = json!({
            "principal": ANN, "action": case["action"], "resource": case["resource"],
            "identityPolicies": [{"name": "everything", "document": everything}],
        });
        if let Some(statement) = case.get("key_policy") {
            request["resourcePolicy"] = json!({"Version": "2012-10-17", "Statement": statement});
        }
        let evaluation = evaluate(request.to_string().as_bytes()).map_err(|error| error.to_string())?;
        let found = serde_json::to_value(&evaluation).unwrap();
        expect(&found["decision"], &case["decision"])?;
        if found["decision"] == "allowed" {
            return Ok(());
        }
        let why = case["why"].as_str().unwrap();
        expect(evaluation.explanation.contains(why), true).map_err(|_| evaluation.explanation.clone())?;
        expect(&found["deniedBy"], case.get("denied_by").unwrap_or(&json!([])))
    });
}
