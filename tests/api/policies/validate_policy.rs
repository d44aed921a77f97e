//! `ValidatePolicy` of Access Analyzer: what the checks of `iamd policy validate` find, with AWS's places and links.

use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::fixtures::{TRUST, not_allowed};

/// Where the operation `"ValidatePolicy"` is.
const PATH: &str = "/policy/validation";

async fn call(client: &Client, query: &str, input: &Value) -> (u16, Value) {
    let answer = client.rest("access-analyzer", &format!("{PATH}{query}"), &input.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn identity(document: &str) -> Value {
    json!({"policyType": "IDENTITY_POLICY", "policyDocument": document})
}

async fn codes(client: &Client, input: &Value) -> Vec<String> {
    let (status, answer) = call(client, "", input).await;
    assert_eq!(status, 200, "{answer}");
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["issueCode"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_finding_has_its_place_and_link() {
    let root = Server::start().await.root();
    let document = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Sid": ""}
  ]
}"#;
    let (status, answer) = call(&root, "", &identity(document)).await;
    assert_eq!(status, 200, "{answer}");
    let link = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html\
                #access-analyzer-reference-policy-checks-suggestion-empty-sid-value";
    let expected = json!({"findings": [{
        "findingDetails": "an empty Sid can be left out",
        "findingType": "SUGGESTION",
        "issueCode": "EMPTY_SID_VALUE",
        "learnMoreLink": link,
        "locations": [{
            "path": [{"value": "Statement"}, {"index": 0}, {"value": "Sid"}],
            "span": {
                "start": {"line": 4, "column": 89, "offset": 135},
                "end": {"line": 4, "column": 91, "offset": 137},
            },
        }],
    }]});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn each_type_of_policy_has_its_checks() {
    let root = Server::start().await.root();
    let good = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}"#;
    let of = |policy_type: &str, document: &str| json!({"policyType": policy_type, "policyDocument": document});
    let with_resource = TRUST.replace("\"Effect\"", "\"Resource\":\"arn:aws:s3:::b/*\",\"Effect\"");
    let trust = |document: &str| {
        json!({
            "policyType": "RESOURCE_POLICY", "policyDocument": document, "locale": "DE",
            "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
        })
    };
    let none: &[&str] = &[];
    let cases = [
        (identity(good), none),
        (of("SERVICE_CONTROL_POLICY", good), none),
        (of("RESOURCE_CONTROL_POLICY", good), &["MISSING_PRINCIPAL"]),
        (of("RESOURCE_POLICY", good), &["MISSING_PRINCIPAL"]),
        (trust(TRUST), none),
        (trust(&with_resource), &["ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"]),
        (identity(TRUST), &["MISSING_RESOURCE", "UNSUPPORTED_PRINCIPAL"]),
        (identity("{"), &["JSON_SYNTAX_ERROR"]),
        (identity(""), &["JSON_SYNTAX_ERROR"]),
    ];
    for (input, expected) in cases {
        let mut found = codes(&root, &input).await;
        found.retain(|code| expected.contains(&&**code) || expected.is_empty());
        found.dedup();
        assert_eq!(found, expected, "{input}");
    }
    let mut bucket = trust(&with_resource);
    bucket["validatePolicyResourceType"] = json!("AWS::S3::Bucket");
    let found = codes(&root, &bucket).await;
    assert!(!found.contains(&"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE".to_owned()), "{found:?}");
}

#[tokio::test]
async fn findings_are_given_page_by_page() {
    let root = Server::start().await.root();
    let statement = json!({"Effect": "Allow", "Action": ["s3:Fly", "iam:Fly", "ec2:Fly"], "Resource": "*"});
    let input = identity(&json!({"Version": "2012-10-17", "Statement": statement}).to_string());
    let all = codes(&root, &input).await;
    assert_eq!(all, ["INVALID_ACTION"; 3]);
    let (status, first) = call(&root, "?maxResults=2", &input).await;
    assert_eq!((status, first["findings"].as_array().unwrap().len()), (200, 2));
    let token = first["nextToken"].as_str().unwrap();
    let (_, second) = call(&root, &format!("?maxResults=2&nextToken={token}"), &input).await;
    assert_eq!((second["findings"].as_array().unwrap().len(), &second["nextToken"]), (1, &Value::Null));
}

#[tokio::test]
async fn wrong_requests_and_callers_are_refused() {
    let server = Server::start().await;
    let root = server.root();
    let good = identity("{}");
    let mut with_type = good.clone();
    with_type["validatePolicyResourceType"] = json!("AWS::S3::Bucket");
    let cases = [
        ("", json!({"policyType": "IDENTITY_POLICY"}), "ValidationException"),
        ("", json!({"policyType": "OTHER", "policyDocument": "{}"}), "ValidationException"),
        ("", with_type, "ValidationException"),
        ("?maxResults=0", good.clone(), "ValidationException"),
        ("?maxResults=x", good.clone(), "SerializationException"),
        ("?nextToken=nonsense", good.clone(), "ValidationException"),
        ("", json!([]), "SerializationException"),
    ];
    for (query, input, code) in cases {
        let answer = root.rest("access-analyzer", &format!("/policy/validation{query}"), &input.to_string()).await;
        assert_eq!(answer.status, 400, "{query} {input}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let is_validation = body["reason"] == "fieldValidationFailed" && !body["fieldList"][0]["name"].is_null();
        assert_eq!(is_validation, code == "ValidationException", "{query} {input}: {body}");
    }
    let bob = server.allowed("bob", &["access-analyzer:ListAnalyzers"], &["*"], json!({})).await;
    let (status, error) = call(&bob, "", &good).await;
    assert_eq!((status, &error["message"]), (403, &json!(not_allowed("bob", "access-analyzer:ValidatePolicy", "*"))));
    let other = root.rest("iam", "/policy/validation", &good.to_string()).await;
    assert_eq!(other.status, 403, "{}", other.body);
}
