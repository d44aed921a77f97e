//! What must hold of all policies and requests, tried on random ones.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

#[path = "policy/reference.rs"]
mod reference;

use std::sync::Arc;

use iamd::policy::evaluate::evaluate;
use iamd::policy::{
    Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, decide,
};
use proptest::prelude::*;
use proptest::sample::select;
use reference::{Asked, Given, ROLE, ROOT, SERVICE, SESSION, STRANGER, USER, Who};
use serde_json::{Value, json};

fn one_or_more(pool: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![select(pool).prop_map(Value::from), prop::collection::vec(select(pool), 1..3).prop_map(Value::from),]
}

const ACTIONS: &[&str] =
    &["*", "s3:*", "s3:Get*", "S3:getobject", "s3:PutObject", "s3:?etObject", "iam:*", "iam:GetUser"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/${case:one}",
    "arn:aws:s3:::*/?b*",
    "arn:aws:s3:::*a*${case:one, 'b'}*",
    "arn:aws:*",
    "arn:aws:sqs:*:111122223333:q",
    "arn:aws:sqs:e*:q",
    "arn:aws:sqs:*1:*",
    "arn:aws:sqs:eu?1:111122223333:?",
    "arn:aws:sqs:eu*1:111122223333:*",
    "arn:aws:s3:::${case:many}",
    "arn:aws:s3:::${*}",
];
const ASKED: &[&str] = &[
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::a/x/bb",
    "arn:aws:s3:::*",
    "arn:aws:s3:::ab",
    "arn:aws:sqs:eu-1:111122223333:q",
    "arn:aws:sqs:eu1:111122223333:q:q",
];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "ForAllValues:StringNotEquals",
    "ForAnyValue:StringNotEquals",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "Bool",
    "Null",
    "ArnLike",
    "ArnNotEquals",
    "ForAnyValue:ArnLike",
    "ForAllValues:BoolIfExists",
];
const KEYS: &[&str] = &["case:one", "CASE:ONE", "case:many", "case:absent"];
const WANTED: &[&str] = &["a", "b", "a*", "?", "*b*", "5", "true", "false", "arn:aws:s3:::*", "arn:aws:*:*:*:?"];
const FOUND: &[&str] = &["a", "b", "ab", "5.0", "4", "true", "arn:aws:s3:::a", ""];

fn conditions() -> impl Strategy<Value = Value> {
    let block = (select(OPERATORS), select(KEYS), one_or_more(WANTED));
    prop::collection::vec(block, 0..3).prop_map(|blocks| {
        let mut conditions = json!({});
        for (operator, key, wanted) in blocks {
            conditions[operator] = json!({key: wanted});
        }
        conditions
    })
}

/// A statement without principals.
fn statement() -> impl Strategy<Value = Value> {
    let parts =
        (select(&["Allow", "Allow", "Deny"]), any::<u8>(), one_or_more(ACTIONS), one_or_more(RESOURCES), conditions());
    parts.prop_map(|(effect, negated, actions, resources, conditions)| {
        let action = if negated % 8 == 0 { "NotAction" } else { "Action" };
        let resource = if negated % 8 == 1 { "NotResource" } else { "Resource" };
        json!({"Effect": effect, action: actions, resource: resources, "Condition": conditions})
    })
}

const NAMES: &[&str] =
    &["*", USER, ROLE, SESSION, ROOT, "111122223333", "444455556666", STRANGER, reference::FEDERATED];

fn resource_statement() -> impl Strategy<Value = Value> {
    let principal = prop_oneof![
        Just(json!("*")),
        one_or_more(NAMES).prop_map(|names| json!({"AWS": names})),
        Just(json!({"Service": SERVICE})),
    ];
    (statement(), principal, any::<u8>()).prop_map(|(mut statement, principal, negated)| {
        statement[if negated % 8 == 0 { "NotPrincipal" } else { "Principal" }] = principal;
        statement
    })
}

/// What an RCP may say.
fn rcp_statement() -> impl Strategy<Value = Value> {
    (select(&["s3:*", "s3:Get*", "kms:*"]), one_or_more(RESOURCES), conditions()).prop_map(
        |(action, resources, conditions)| {
            json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources, "Condition": conditions})
        },
    )
}

fn document(statements: impl Strategy<Value = Vec<Value>>) -> impl Strategy<Value = Value> {
    statements.prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
}

fn identity_document() -> impl Strategy<Value = Value> {
    document(prop::collection::vec(statement(), 1..4))
}

fn resource_document() -> impl Strategy<Value = Value> {
    document(prop::collection::vec(resource_statement(), 1..4))
}

fn levels(documents: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Option<Vec<Vec<Value>>>> {
    prop::option::weighted(0.3, prop::collection::vec(prop::collection::vec(documents, 0..3), 1..3))
}

fn given() -> impl Strategy<Value = Given> {
    let identity = identity_document().boxed();
    let layers = (
        prop::collection::vec(identity.clone(), 0..12),
        prop::option::weighted(0.3, identity.clone()),
        prop::option::weighted(0.3, identity.clone()),
        prop::option::weighted(0.6, resource_document()),
        levels(identity),
        levels(document(prop::collection::vec(rcp_statement(), 1..3)).boxed()),
        prop::option::weighted(0.2, resource_document()),
    );
    layers.prop_map(|(identity, boundary, session, resource, scp, rcp, endpoint)| Given {
        identity,
        boundary,
        session,
        resource,
        scp,
        rcp,
        endpoint,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let who = select(
        &[Who::User, Who::User, Who::Session, Who::Federated, Who::Root, Who::Stranger, Who::Service, Who::Anonymous][..],
    );
    let one = prop::option::of(select(FOUND));
    let many = prop::option::of(prop::collection::vec(select(FOUND), 0..3));
    let action = select(&["s3:GetObject", "s3:PutObject", "iam:GetUser", "S3:GETOBJECT"][..]);
    (who, action, select(ASKED), one, many).prop_map(|(who, action, resource, one, many)| {
        let mut context = Vec::new();
        context.extend(one.map(|value| ("case:one".to_owned(), vec![value.to_owned()])));
        context.extend(many.map(|values| ("case:many".to_owned(), values.into_iter().map(str::to_owned).collect())));
        Asked { who, action: action.into(), resource: resource.into(), owner: "111122223333".into(), context }
    })
}

/// The request as the evaluate endpoint takes it.
fn request(asked: &Asked, given: &Given) -> Value {
    let named = |documents: &[Value]| -> Value {
        documents
            .iter()
            .enumerate()
            .map(|(at, document)| json!({"name": format!("p{at}"), "document": document}))
            .collect()
    };
    let levels = |levels: &[Vec<Value>]| -> Value {
        levels.iter().map(|level| json!({"target": "t", "policies": named(level)})).collect()
    };
    let context: serde_json::Map<_, _> = asked
        .context
        .iter()
        .map(|(key, values)| (key.clone(), if key == "case:one" { json!(values[0]) } else { json!(values) }))
        .collect();
    let mut request = json!({
        "principal": asked.who.text(), "action": asked.action, "resource": asked.resource,
        "resourceAccount": asked.owner, "context": context, "identityPolicies": named(&given.identity),
    });
    let lists = [
        ("permissionsBoundaries", &given.boundary),
        ("sessionPolicies", &given.session),
        ("vpcEndpointPolicies", &given.endpoint),
    ];
    for (field, document) in lists {
        if let Some(document) = document {
            request[field] = named(std::slice::from_ref(document));
        }
    }
    if let Some(document) = &given.resource {
        request["resourcePolicy"] = document.clone();
    }
    for (field, given) in [("serviceControlPolicies", &given.scp), ("resourceControlPolicies", &given.rcp)] {
        if let Some(given) = given {
            request[field] = levels(given);
        }
    }
    request
}

fn verdict(asked: &Asked, given: &Given) -> String {
    let evaluation = evaluate(request(asked, given).to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    serde_json::to_value(evaluation.decision).unwrap().as_str().unwrap().to_owned()
}

/// `PROPTEST_CASES` sets how many.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn engine_and_reference_agree(asked in asked(), given in given()) {
        prop_assert_eq!(verdict(&asked, &given), reference::decide(&asked, &given), "{}", request(&asked, &given));
    }

    #[test]
    fn another_allow_never_denies(asked in asked(), mut given in given(), mut extra in statement()) {
        let before = verdict(&asked, &given);
        extra["Effect"] = json!("Allow");
        given.identity.push(json!({"Version": "2012-10-17", "Statement": extra}));
        let after = verdict(&asked, &given);
        prop_assert!(before != "allowed" || after == "allowed", "{before} became {after}");
    }

    #[test]
    fn another_deny_never_allows(asked in asked(), mut given in given(), mut extra in statement()) {
        let before = verdict(&asked, &given);
        extra["Effect"] = json!("Deny");
        given.identity.push(json!({"Version": "2012-10-17", "Statement": extra}));
        let after = verdict(&asked, &given);
        prop_assert!(before == "allowed" || after != "allowed", "{before} became {after}");
    }

    #[test]
    fn order_is_irrelevant(asked in asked(), given in given()) {
        let mut turned = given.clone();
        turned.identity.reverse();
        for document in turned.identity.iter_mut().chain(&mut turned.resource).chain(&mut turned.session) {
            document["Statement"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(verdict(&asked, &given), verdict(&asked, &turned));
    }

    /// A set with many policies is indexed; each policy alone is not.
    #[test]
    fn many_policies_decide_as_they_do_one_by_one(
        asked in asked(),
        documents in prop::collection::vec(identity_document(), 20..30),
    ) {
        let decision = |documents: &[Value]| {
            let given = Given { identity: documents.to_vec(), ..Given::default() };
            verdict(&Asked { who: Who::User, ..asked.clone() }, &given)
        };
        let alone: Vec<_> = documents.iter().map(|document| decision(std::slice::from_ref(document))).collect();
        let expected = ["explicitDeny", "allowed", "implicitDeny"].into_iter().find(|verdict| {
            alone.iter().any(|alone| alone == verdict)
        });
        let together = decision(&documents);
        prop_assert_eq!(Some(together.as_str()), expected);
    }

    /// Globs of any characters, against the backtracking reference.
    #[test]
    fn globs_agree(pattern in "[ab*?é:]{0,9}", text in "[abé:]{0,9}") {
        let document = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"case:one": pattern}},
        }});
        let asked = Asked {
            who: Who::User, action: "s3:GetObject".into(), resource: "*".into(), owner: "111122223333".into(),
            context: vec![("case:one".into(), vec![text])],
        };
        let given = Given { identity: vec![document], ..Given::default() };
        prop_assert_eq!(verdict(&asked, &given), reference::decide(&asked, &given));
    }

    /// Resource patterns of any shape, against the backtracking reference.
    #[test]
    fn resources_agree(pattern in "arn:aws:s[a*?]{0,2}(:[ab*?]{0,3}){0,3}(:[ab*?:]{0,4})?", text in "arn:aws:s[a]?:[ab]{0,2}:[ab]{0,2}:[ab:]{0,5}") {
        let document = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": pattern}});
        let asked = Asked {
            who: Who::User, action: "s3:GetObject".into(), resource: text, owner: "111122223333".into(), context: vec![],
        };
        let given = Given { resource: Some(document), ..Given::default() };
        prop_assert_eq!(verdict(&asked, &given), reference::decide(&asked, &given));
    }

    /// No text at all makes the parser panic, and what it accepts it accepts again.
    #[test]
    fn any_text_is_judged(text in "\\PC{0,60}", grammar in select(&[Grammar::Managed, Grammar::Trust, Grammar::Resource][..])) {
        let _ = Policy::parse(&text, grammar);
    }
}

/// A policy that cannot be read denies everything, whatever others allow.
#[test]
fn an_unreadable_policy_denies() {
    let source = |id: &str| Source { id: id.into(), kind: SourceKind::User, arn: None };
    let allow = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let unknown =
        r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Strange": {"a:b": "c"}}}}"#;
    let parse = |text| Policy::parse(text, Grammar::Identity).map(Arc::new).map_err(Arc::new);
    let set = PolicySet::new([(source("good"), parse(allow)), (source("bad"), parse(unknown))]);
    let (action, context) = (Action::parse("s3:GetObject").unwrap(), Context::new());
    let user = Principal::User { arn: USER, id: "", account: "111122223333" };
    let request = Request::new(user, &action, "*", &context);
    let decision = decide(&request, &Layers { identity: Some(&set), ..Layers::default() });
    let iamd::policy::Decision::ExplicitDeny { by, .. } = decision else { panic!("{decision:?}") };
    assert_eq!((&*by.source.id, by.statement.is_none()), ("bad", true));
}
