//! Random policies and requests, in which patterns, keys and principals meet often.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::reference::{
    Asked, FEDERATED, Given, KEY, LINKED_ROLE, PROVIDER, ROLE, ROOT, SERVICE, SESSION, STRANGER, TARGET, USER, Who,
};

const ACTIONS: &[&str] = &[
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:PutObject",
    "s3:?etObject",
    "iam:*",
    "iam:GetUser",
    "sts:*",
    "sts:AssumeRole*",
    "kms:Decrypt",
    "kms:*",
];
const ASSUME_ACTIONS: &[&str] =
    &["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:*", "sts:Assume*"];
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
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:kms:*:111122223333:key/?",
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

/// Operators with values that they can read.
const COMPARISONS: &[(&[&str], &[&str])] = &[
    (
        &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ],
        &["a", "b", "a*", "?", "*b*", "5", "${case:one}", "${case:one}*", "${case:many, 'b'}", "${*}", "A"],
    ),
    (
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["5", "4", "05", "-1.5", "5.0", "5e0"],
    ),
    (
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &["2026-01-01T00:00:00Z", "1767225600", "2026-01-01", "2025-12-31T23:00:00-01:00", "5"],
    ),
    (&["Bool", "Null"], &["true", "false", "TRUE", "yes"]),
    (&["BinaryEquals"], &["YQ==", "YWI=", "5555"]),
    (&["IpAddress", "NotIpAddress"], &["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "::/0"]),
    (
        &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        &["arn:aws:s3:::*", "arn:aws:*:*:*:?", "arn:aws:s3", "*", "${case:one}", "arn:aws:s3:::${case:one, 'a'}"],
    ),
];
const KEYS: &[&str] = &["case:one", "CASE:ONE", "case:many", "case:absent"];
const FOUND: &[&str] = &[
    "a",
    "b",
    "ab",
    "5.0",
    "4",
    "true",
    "arn:aws:s3:::a",
    "",
    "2026-01-01T01:00:00+01:00",
    "1767225600",
    "10.1.2.3",
    "2001:db8::1",
    "YQ==",
];
const NAMES: &[&str] =
    &["*", USER, ROLE, SESSION, ROOT, "111122223333", "444455556666", STRANGER, FEDERATED, LINKED_ROLE];

fn one_or_more(pool: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![select(pool).prop_map(Value::from), prop::collection::vec(select(pool), 1..3).prop_map(Value::from)]
}

fn condition() -> impl Strategy<Value = (String, &'static str, Value)> {
    let prefix = select(&["", "", "ForAllValues:", "ForAnyValue:"][..]);
    let suffix = select(&["", "", "IfExists"][..]);
    select(COMPARISONS).prop_flat_map(move |(operators, wanted)| {
        let parts = (prefix.clone(), select(operators), suffix.clone(), select(KEYS), one_or_more(wanted));
        parts.prop_map(|(prefix, operator, suffix, key, wanted)| {
            // Presence itself cannot be optional.
            let suffix = if operator == "Null" { "" } else { suffix };
            (format!("{prefix}{operator}{suffix}"), key, wanted)
        })
    })
}

fn conditions() -> impl Strategy<Value = Value> {
    prop::collection::vec(condition(), 0..3).prop_map(|blocks| {
        let mut conditions = json!({});
        for (operator, key, wanted) in blocks {
            conditions[operator] = json!({key: wanted});
        }
        conditions
    })
}

/// A statement without principals.
pub fn statement() -> impl Strategy<Value = Value> {
    let effect = select(&["Allow", "Allow", "Deny"]);
    let parts = (effect, any::<u8>(), one_or_more(ACTIONS), one_or_more(RESOURCES), conditions());
    parts.prop_map(|(effect, negated, actions, resources, conditions)| {
        let action = if negated % 8 == 0 { "NotAction" } else { "Action" };
        let resource = if negated % 8 == 1 { "NotResource" } else { "Resource" };
        json!({"Effect": effect, action: actions, resource: resources, "Condition": conditions})
    })
}

fn principal() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("*")),
        one_or_more(NAMES).prop_map(|names| json!({"AWS": names})),
        Just(json!({"Service": SERVICE})),
        Just(json!({"Federated": PROVIDER})),
    ]
}

/// A statement of a resource's policy.
pub fn resource_statement() -> impl Strategy<Value = Value> {
    (statement(), principal(), any::<u8>()).prop_map(|(mut statement, principal, negated)| {
        statement[if negated % 8 == 0 { "NotPrincipal" } else { "Principal" }] = principal;
        statement
    })
}

/// A statement of a role's trust policy.
pub fn trust_statement() -> impl Strategy<Value = Value> {
    let parts = (select(&["Allow", "Allow", "Deny"]), principal(), one_or_more(ASSUME_ACTIONS), conditions());
    parts.prop_map(|(effect, principal, actions, conditions)| {
        json!({"Effect": effect, "Principal": principal, "Action": actions, "Condition": conditions})
    })
}

/// What an RCP may say.
pub fn rcp_statement() -> impl Strategy<Value = Value> {
    let action = select(&["s3:*", "s3:Get*", "kms:*", "sts:*"]);
    (action, one_or_more(RESOURCES), conditions()).prop_map(|(action, resources, conditions)| {
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources, "Condition": conditions})
    })
}

fn document(statement: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement, 1..4)
        .prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
}

/// A document without principals.
pub fn identity_document() -> impl Strategy<Value = Value> {
    document(statement())
}

fn levels(documents: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Option<Vec<Vec<Value>>>> {
    prop::option::weighted(0.3, prop::collection::vec(prop::collection::vec(documents, 0..3), 1..3))
}

/// What is asked for: which kind of resource policy there may be depends on it.
fn target() -> impl Strategy<Value = (&'static str, &'static str)> {
    let ordinary = (
        select(&["s3:GetObject", "s3:PutObject", "iam:GetUser", "S3:GETOBJECT", "sts:GetCallerIdentity"][..]),
        select(ASKED),
    );
    let role = (select(&["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"][..]), Just(TARGET));
    let key = (select(&["kms:Decrypt", "kms:RetireGrant"][..]), Just(KEY));
    prop_oneof![3 => ordinary, 1 => role, 1 => key]
}

/// A request, and the policies that bear on it.
pub fn question() -> impl Strategy<Value = (Asked, Given)> {
    target().prop_flat_map(|(action, resource)| (asked(action, resource), given(resource == TARGET)))
}

fn asked(action: &'static str, resource: &'static str) -> impl Strategy<Value = Asked> {
    let one = prop::option::of(select(FOUND));
    let many = prop::option::of(prop::collection::vec(select(FOUND), 0..3));
    (select(Who::ALL), one, many).prop_map(move |(who, one, many)| {
        let mut context = Vec::new();
        context.extend(one.map(|value| ("case:one".to_owned(), vec![value.to_owned()])));
        context.extend(many.map(|values| ("case:many".to_owned(), values.into_iter().map(str::to_owned).collect())));
        Asked { who, action: action.into(), resource: resource.into(), owner: "111122223333".into(), context }
    })
}

fn given(trust: bool) -> impl Strategy<Value = Given> {
    let identity = identity_document().boxed();
    let resource = if trust { document(trust_statement()).boxed() } else { document(resource_statement()).boxed() };
    let layers = (
        prop::collection::vec(identity.clone(), 0..12),
        prop::option::weighted(0.3, identity.clone()),
        prop::option::weighted(0.3, identity.clone()),
        prop::option::weighted(0.6, resource),
        levels(identity),
        levels(document(rcp_statement()).boxed()),
        prop::option::weighted(0.2, document(resource_statement())),
        prop::option::weighted(0.1, select(&["111122223333", "444455556666"][..])),
    );
    layers.prop_map(|(identity, boundary, session, resource, scp, rcp, endpoint, management)| Given {
        identity,
        boundary,
        session,
        resource,
        scp,
        rcp,
        endpoint,
        management,
    })
}
