//! Whole requests and answers.

use serde_json::{Value, json};

use super::*;
use crate::policy::Position;

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
fn a_denial_tells_what_came_closest() {
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
fn a_refused_document_tells_where_and_why() {
    let error = evaluate(BODY.replace("s3:Get*", "Get*").as_bytes()).unwrap_err();
    assert_eq!(error.document.as_deref(), Some("identityPolicies[0] (readers)"));
    assert_eq!(error.position, Some(Position { line: 9, column: 64 }));
    assert!(error.aws_message.unwrap().starts_with("Actions/Conditions must be prefaced by a vendor"));
    let error = evaluate(BODY.replace("\"Effect\"", "\"effect\"").as_bytes()).unwrap_err();
    assert_eq!(error.position, Some(Position { line: 9, column: 35 }));
}

#[test]
fn a_request_is_read_strictly() {
    let refused = |body: &str| evaluate(body.as_bytes()).unwrap_err().message;
    assert!(refused("{").starts_with("the request cannot be read"));
    assert!(refused(&BODY.replace("\"resource\"", "\"resources\"")).contains("unknown field `resources`"));
    assert!(refused(&BODY.replace("s3:GetObject", "GetObject")).contains("not of the form service:Action"));
    assert!(refused(&BODY.replace(":user/ann", ":group/g")).contains("principal"));
    assert!(evaluate(b"\xff").is_err());
    let levels = r#""serviceControlPolicies": [{"target": "r", "name": "n"}], "action""#;
    assert!(refused(&BODY.replace("\"action\"", levels)).contains("serviceControlPolicies[0] has either"));
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
