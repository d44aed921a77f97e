//! What must hold of all policies and requests, tried on random ones.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

#[path = "naive/random.rs"]
mod random;
#[path = "naive/reference.rs"]
mod reference;

use std::sync::Arc;

use iam_policy::evaluate::evaluate;
use iam_policy::{Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, decide};
use proptest::prelude::*;
use proptest::sample::select;
use random::{identity_document, question, rcp_statement, resource_statement, statement, trust_statement};
use reference::{Asked, Given, TARGET, USER, Who};
use serde_json::{Value, json};

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
    if let Some(account) = given.management {
        request["organizationManagementAccount"] = json!(account);
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

/// One statement for each kind of policy.
#[derive(Clone, Debug)]
struct Extra {
    identity: Value,
    resource: Value,
    trust: Value,
    resource_control: Value,
}

fn extra() -> impl Strategy<Value = Extra> {
    let kinds = (statement(), resource_statement(), trust_statement(), rcp_statement());
    kinds.prop_map(|(identity, resource, trust, resource_control)| Extra {
        identity,
        resource,
        trust,
        resource_control,
    })
}

/// Adds a statement of an effect to one document of each layer that has any.
fn add(effect: &str, extra: &Extra, asked: &Asked, given: &mut Given) {
    let insert = |document: Option<&mut Value>, statement: &Value| {
        let Some(document) = document else { return };
        let mut statement = statement.clone();
        statement["Effect"] = json!(effect);
        document["Statement"].as_array_mut().unwrap().push(statement);
    };
    for document in [given.identity.last_mut(), given.boundary.as_mut(), given.session.as_mut()] {
        insert(document, &extra.identity);
    }
    let of_resource = if asked.resource == TARGET { &extra.trust } else { &extra.resource };
    insert(given.resource.as_mut(), of_resource);
    insert(given.endpoint.as_mut(), &extra.resource);
    let last = |levels: &mut Option<Vec<Vec<Value>>>, statement| {
        insert(levels.as_mut().and_then(|levels| levels.last_mut()?.last_mut()), statement);
    };
    last(&mut given.scp, &extra.identity);
    if effect == "Deny" {
        last(&mut given.rcp, &extra.resource_control);
    }
}

/// All documents in the other order, with their statements.
fn turned(given: &Given) -> Given {
    let mut turned = given.clone();
    turned.identity.reverse();
    for levels in [&mut turned.scp, &mut turned.rcp].into_iter().flatten() {
        levels.reverse();
        levels.iter_mut().for_each(|level| level.reverse());
    }
    let levels = [&mut turned.scp, &mut turned.rcp].into_iter().flatten().flatten().flatten();
    let single = [&mut turned.boundary, &mut turned.session, &mut turned.resource, &mut turned.endpoint];
    for document in levels.chain(&mut turned.identity).chain(single.into_iter().flatten()) {
        document["Statement"].as_array_mut().unwrap().reverse();
    }
    turned
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn engine_and_reference_agree((asked, given) in question()) {
        prop_assert_eq!(verdict(&asked, &given), reference::decide(&asked, &given), "{}", request(&asked, &given));
    }

    #[test]
    fn another_allow_never_denies((asked, mut given) in question(), extra in extra()) {
        let before = verdict(&asked, &given);
        add("Allow", &extra, &asked, &mut given);
        let after = verdict(&asked, &given);
        prop_assert!(before != "allowed" || after == "allowed", "{before} became {after}");
    }

    #[test]
    fn another_deny_never_allows((asked, mut given) in question(), extra in extra()) {
        let before = verdict(&asked, &given);
        add("Deny", &extra, &asked, &mut given);
        let after = verdict(&asked, &given);
        prop_assert!(before == "allowed" || after != "allowed", "{before} became {after}");
    }

    #[test]
    fn order_is_irrelevant((asked, given) in question()) {
        prop_assert_eq!(verdict(&asked, &given), verdict(&asked, &turned(&given)));
    }

    /// A set with many policies is indexed; each policy alone is not.
    #[test]
    fn many_policies_decide_as_they_do_one_by_one(
        (asked, _) in question(),
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

    /// No text makes the parser panic, and what it accepts it accepts again, to the same statements.
    #[test]
    fn any_text_is_judged(
        document in identity_document(),
        at in any::<prop::sample::Index>(),
        length in 0..4_usize,
        splice in "[\\PC\"{}]{0,3}",
        grammar in select(&[Grammar::Managed, Grammar::Trust, Grammar::Resource, Grammar::Endpoint][..]),
    ) {
        let mut characters: Vec<char> = document.to_string().chars().collect();
        let at = at.index(characters.len());
        let end = (at + length).min(characters.len());
        characters.splice(at..end, splice.chars());
        let text: String = characters.into_iter().collect();
        if let Ok(policy) = Policy::parse(&text, grammar) {
            let again = Policy::parse(policy.text(), grammar).unwrap();
            prop_assert_eq!(again.text(), &*text);
            prop_assert_eq!(again.statements().len(), policy.statements().len());
            prop_assert_eq!(format!("{again:?}"), format!("{policy:?}"));
        }
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
    let iam_policy::Decision::ExplicitDeny { by, .. } = decision else { panic!("{decision:?}") };
    assert_eq!((&*by.source.id, by.statement.is_none()), ("bad", true));
}
