use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const BOB: &str = "arn:aws:iam::111122223333:user/bob";

fn seen(action: &str, resource: &str) -> Seen {
    Seen { action: action.to_owned(), resource: resource.to_owned(), keys: Vec::new() }
}

/// The statements of the policies for calls.
fn policy(calls: &[Seen], style: Style) -> Vec<Value> {
    let documents = generate(BOB, calls, style).unwrap();
    let statements = documents.iter().flat_map(|document| {
        let document: Value = serde_json::from_str(document).unwrap();
        document["Statement"].as_array().unwrap().clone()
    });
    statements.collect()
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

#[test]
fn actions_that_share_their_resources_share_a_statement() {
    let calls = [
        seen("s3:GetObject", "arn:aws:s3:::a/1"),
        seen("s3:GetObject", "arn:aws:s3:::a/2"),
        seen("s3:PutObject", "arn:aws:s3:::a/2"),
        seen("s3:PutObject", "arn:aws:s3:::a/1"),
        seen("s3:PutObject", "arn:aws:s3:::a/1"),
        seen("s3:ListBucket", "arn:aws:s3:::a"),
        seen("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q"),
    ];
    let statements = policy(&calls, Style::default());
    let objects = json!(["arn:aws:s3:::a/1", "arn:aws:s3:::a/2"]);
    let expected = [
        allow(json!(["s3:GetObject", "s3:PutObject"]), objects),
        allow(json!("s3:ListBucket"), json!("arn:aws:s3:::a")),
        allow(json!("sqs:SendMessage"), json!("arn:aws:sqs:us-east-1:111122223333:q")),
    ];
    assert_eq!(statements, expected);
}

#[test]
fn resources_that_share_their_actions_share_a_statement_where_that_takes_fewer() {
    // Each action alone has other resources than the others: three statements by action, two by resource.
    let (a, b) = ("arn:aws:s3:::x/a", "arn:aws:s3:::x/b");
    let calls = [seen("s3:GetObject", a), seen("s3:PutObject", a), seen("s3:PutObject", b), seen("s3:DeleteObject", b)];
    let expected = [
        allow(json!(["s3:DeleteObject", "s3:PutObject"]), json!(b)),
        allow(json!(["s3:GetObject", "s3:PutObject"]), json!(a)),
    ];
    assert_eq!(policy(&calls, Style::default()), expected);
}

#[test]
fn actions_that_know_no_resources_are_allowed_on_all() {
    let calls = [
        seen("s3:ListAllMyBuckets", "arn:aws:s3:::"),
        seen("iam:ListUsers", "arn:aws:iam::111122223333:user/"),
        seen("iam:GetUser", BOB),
    ];
    let expected = [
        allow(json!("iam:GetUser"), json!(BOB)),
        allow(json!("iam:ListUsers"), json!("*")),
        allow(json!("s3:ListAllMyBuckets"), json!("*")),
    ];
    assert_eq!(policy(&calls, Style::default()), expected);
}

#[test]
fn folders_are_generalised_only_when_asked_and_with_two_resources() {
    let calls = [
        seen("s3:GetObject", "arn:aws:s3:::a/logs/1"),
        seen("s3:GetObject", "arn:aws:s3:::a/logs/2"),
        seen("s3:GetObject", "arn:aws:s3:::a/other/1"),
        seen("s3:ListBucket", "arn:aws:s3:::a"),
        seen("s3:ListBucket", "arn:aws:s3:::b"),
    ];
    let expected = [
        allow(json!("s3:GetObject"), json!(["arn:aws:s3:::a/logs/*", "arn:aws:s3:::a/other/1"])),
        allow(json!("s3:ListBucket"), json!(["arn:aws:s3:::a", "arn:aws:s3:::b"])),
    ];
    assert_eq!(policy(&calls, Style { generalise: true }), expected);
}

#[test]
fn what_would_be_a_wildcard_or_a_variable_is_written_as_itself() {
    let calls = [seen("s3:GetObject", "arn:aws:s3:::a/*?${aws:username}")];
    let expected = [allow(json!("s3:GetObject"), json!("arn:aws:s3:::a/${*}${?}${$}{aws:username}"))];
    assert_eq!(policy(&calls, Style::default()), expected);
}

#[test]
fn a_character_that_no_policy_may_have_is_any_one() {
    let calls = [seen("s3:GetObject", "arn:aws:s3:::a/漢é")];
    assert_eq!(policy(&calls, Style::default()), [allow(json!("s3:GetObject"), json!("arn:aws:s3:::a/?é"))]);
}

#[test]
fn a_principal_of_another_partition_gets_a_policy_of_its_partition() {
    let calls = [seen("s3:GetObject", "arn:aws-cn:s3:::a/1")];
    let documents = generate("arn:aws-cn:iam::111122223333:role/app", &calls, Style::default()).unwrap();
    assert!(documents[0].contains("arn:aws-cn:s3:::a/1"));
}

#[test]
fn keys_of_the_service_that_were_the_same_in_all_calls_become_conditions() {
    let role = "arn:aws:iam::111122223333:role/app";
    let pass = |service: &str| Seen {
        keys: vec![
            ("iam:PassedToService".to_owned(), Values::from(service.to_owned())),
            ("aws:SourceIp".to_owned(), Values::from("192.0.2.1".to_owned())),
        ],
        ..seen("iam:PassRole", role)
    };
    let mut expected = allow(json!("iam:PassRole"), json!(role));
    let two = [pass("ec2.amazonaws.com"), pass("lambda.amazonaws.com")];
    assert_eq!(policy(&two, Style::default()), [expected.clone()]);
    expected["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}});
    let one = [pass("ec2.amazonaws.com"), pass("ec2.amazonaws.com")];
    assert_eq!(policy(&one, Style::default()), [expected]);
}

#[test]
fn a_policy_that_is_too_long_becomes_several() {
    let calls: Vec<Seen> = (0..400).map(|n| seen("s3:GetObject", &format!("arn:aws:s3:::bucket/{n:040}"))).collect();
    let documents = generate(BOB, &calls, Style::default()).unwrap();
    assert!(documents.len() > 1);
    for document in documents {
        assert!(iam_policy::document_size(&document) <= 6144);
    }
}

#[test]
fn there_is_no_policy_for_nothing_and_for_nobody() {
    assert_eq!(generate(BOB, &[], Style::default()), Err(GenerateError::Nothing(BOB.to_owned())));
    let calls = [seen("s3:GetObject", "arn:aws:s3:::a/1")];
    assert_eq!(generate("bob", &calls, Style::default()), Err(GenerateError::Principal("bob".to_owned())));
}

proptest! {
    /// Whatever was called, the replay finds the policy exact.
    #[test]
    fn any_calls_give_an_exact_policy(
        pairs in proptest::collection::vec((0..6usize, 0..8usize), 1..40),
        generalise: bool,
    ) {
        const ACTIONS: [&str; 6] =
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "iam:GetRole", "iam:PassRole", "iam:ListUsers"];
        let calls: Vec<Seen> = pairs
            .into_iter()
            .map(|(action, resource)| seen(ACTIONS[action], &format!("arn:aws:s3:::b{}/{resource}", resource % 3)))
            .collect();
        generate(BOB, &calls, Style { generalise }).unwrap();
    }
}
