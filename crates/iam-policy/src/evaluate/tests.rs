//! Whole requests and answers.

use serde_json::{Value, json};

use super::*;
use crate::Position;

fn answer(body: &str) -> Value {
    serde_json::to_value(evaluate(body.as_bytes()).unwrap()).unwrap()
}

const BODY: &str = r#"{
  "principal": "arn:aws:iam::123456789012:user/ann",
  "action": "s3:GetObject",
  "resource": "arn:aws:s3:::b/k",
  "resourceAccount": "123456789012",
  "context": {"aws:SourceIp": "1.2.3.4", "aws:TagKeys": ["a"]},
  "identityPolicies": [{"name": "readers", "document": {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]
  }}]
}"#;

#[test]
fn an_answer_has_its_evidence() {
    let expected = json!({
        "decision": "allowed",
        "deniedBy": [],
        "matchedStatements": [{
            "layer": "identity", "policy": "readers", "sid": "Read", "effect": "Allow", "statement": 0,
            "start": {"line": 9, "column": 19}, "end": {"line": 9, "column": 91},
        }],
        "missingContextKeys": [],
        "explanation": "Allowed: statement Read (line 9) of readers in an identity-based policy allows s3:GetObject \
            on arn:aws:s3:::b/k, and nothing denies it.",
    });
    assert_eq!(answer(BODY), expected);
}

#[test]
fn a_denial_shows_what_came_closest() {
    let condition = r#""Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"x:y": "true"}}, "Sid""#;
    let found = answer(&BODY.replace("\"Sid\"", condition).replace("\"aws:TagKeys\": [\"a\"]", "\"x:y\": false"));
    assert_eq!((&found["decision"], &found["deniedBy"]), (&json!("implicitDeny"), &json!(["identity"])));
    assert_eq!(found["missingContextKeys"], json!(["aws:SourceVpc"]));
    let explanation = "Denied: no identity-based policy allows s3:GetObject on arn:aws:s3:::b/k. Statement Read \
            (line 9) of readers does not match: StringEquals wants aws:SourceVpc to be \"vpc-1\", which the request does \
            not have; Bool wants x:y to be \"true\", and the request has \"false\". The request has no value for \
            aws:SourceVpc.";
    assert_eq!(found["explanation"], explanation);
}

#[test]
fn a_refused_document_shows_where_and_why() {
    let error = evaluate(BODY.replace("s3:Get*", "Get*").as_bytes()).unwrap_err();
    assert_eq!(error.document.as_deref(), Some("identityPolicies[0] (readers)"));
    assert_eq!(error.position, Some(Position { line: 9, column: 64 }));
    assert!(error.aws_message.unwrap().starts_with("Actions/Conditions must be prefaced by a vendor"));
    let error = evaluate(BODY.replace("\"Effect\"", "\"effect\"").as_bytes()).unwrap_err();
    assert_eq!(error.position, Some(Position { line: 9, column: 35 }));
}

#[test]
fn a_request_is_read_strictly() {
    let cases = [
        ("{".to_owned(), "the request cannot be read: line 1, column 1: EOF while parsing an object", (1, 1)),
        ("[1, 2]".to_owned(), "the request must be an object, not an array", (1, 1)),
        (
            BODY.replace("\"resource\"", "\"resources\""),
            "resources is an unknown field; did you mean resource?",
            (4, 16),
        ),
        (BODY.replace("\"action\"", "\"aktion\""), "aktion is an unknown field; did you mean action?", (3, 13)),
        (BODY.replace("s3:GetObject", "GetObject"), "action \"GetObject\" is not of the form service:Action", (3, 13)),
        (BODY.replace("s3:GetObject", "s3:*"), "action \"s3:*\" is not of the form service:Action", (3, 13)),
        (BODY.replace(":user/ann", ":group/g"), "principal \"arn:aws:iam::123456789012:group/g\" is not", (2, 16)),
        (BODY.replace("arn:aws:s3:::b/k", "bucket"), "resource \"bucket\" is neither an ARN nor *", (4, 15)),
        (BODY.replace("\"123456789012\"", "\"12\""), "resourceAccount \"12\" is not an account's", (5, 22)),
        (
            BODY.replace("[\"a\"]", "null"),
            "context.aws:TagKeys must be a string, a number or a boolean, not null",
            (6, 57),
        ),
        (BODY.replace("[\"a\"]", "[{}]"), "context.aws:TagKeys[0] must be", (6, 58)),
        (BODY.replace("aws:TagKeys", "AWS:sourceIP"), "context.AWS:sourceIP appears twice", (6, 42)),
        (BODY.replace("\"resource\"", "\"action\""), "action appears twice", (4, 3)),
        (BODY.replace("\"readers\"", "7"), "identityPolicies[0].name must be a string, not a number", (7, 33)),
        (
            BODY.replace("\"document\"", "\"dokument\""),
            "identityPolicies[0].dokument is an unknown field; did you mean document?",
            (7, 56),
        ),
        (
            BODY.replace("[{\"name\"", "{\"name\"").replace("}}]\n}", "}}\n}"),
            "identityPolicies must be an array, not an object",
            (7, 23),
        ),
    ];
    for (body, message, (line, column)) in cases {
        let error = evaluate(body.as_bytes()).unwrap_err();
        let place =
            if message.starts_with("the request ") { String::new() } else { format!("line {line}, column {column}: ") };
        assert!(error.message.starts_with(&format!("{place}{message}")), "{message}: {error}");
        assert_eq!(error.position, Some(Position { line, column }), "{error}");
    }
    assert!(evaluate(b"\xff").is_err());
    let levels = r#""serviceControlPolicies": [{"target": "r", "name": "n"}], "action""#;
    let error = evaluate(BODY.replace("\"action\"", levels).as_bytes()).unwrap_err();
    assert!(error.message.contains(": serviceControlPolicies[0] has either"), "{error}");
}

#[test]
fn numbers_stand_for_their_text() {
    let condition = r#""Condition": {"StringEquals": {"x:y": 1e2}}, "Sid""#;
    let body = BODY.replace("\"Sid\"", condition).replace("\"aws:TagKeys\": [\"a\"]", "\"x:y\": 1e2");
    assert_eq!(answer(&body)["decision"], json!("allowed"));
}

#[test]
fn what_would_take_long_is_refused() {
    let condition = |pattern: &str| {
        let condition = format!(r#""Condition": {{"StringLike": {{"x:y": "{pattern}"}}}}, "Sid""#);
        BODY.replace("\"Sid\"", &condition)
    };
    let asked = |pattern: &str, text: &str| {
        evaluate(condition(pattern).replace("1.2.3.4\"", &format!("1.2.3.4\", \"x:y\": \"{text}\"")).as_bytes())
    };
    let (pattern, text) = (format!("*{}b*", "a?".repeat(5_000)), "a".repeat(50_000));
    assert_eq!(asked(&pattern, &text).unwrap().decision, Verdict::ImplicitDeny);
    assert!(asked(&pattern.repeat(10), &text.repeat(10)).unwrap_err().message.contains("too long"));
    let variables = "*${x:y}?".repeat(1_000);
    assert!(asked(&variables, &text).unwrap_err().message.contains("too long"));
}

#[test]
fn a_file_stands_for_a_document_only_where_files_are_read() {
    let body = r#"{"principal": "*", "action": "s3:GetObject", "resourcePolicy": {"file": "open.json"}}"#;
    assert!(evaluate(body.as_bytes()).unwrap_err().message.contains("not files"));
    let open = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#;
    let files = |name: &str| if name == "open.json" { Ok(open.to_owned()) } else { Err("no such file".to_owned()) };
    let read = |body: &str| with_explanation(body.as_bytes(), &files, Evaluation::new);
    let evaluation = read(body).unwrap();
    assert_eq!((evaluation.decision, &*evaluation.matched_statements[0].policy), (Verdict::Allowed, "open.json"));
    let missing = read(&body.replace("open", "shut")).unwrap_err();
    assert_eq!(missing.message, "resourcePolicy: shut.json: no such file");
}
