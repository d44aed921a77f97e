//! Which call a request is: cases as data, and arbitrary requests against a plain reading of the table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod naive;
mod requests;
mod sent;

use std::collections::BTreeMap;

use aws_calls::{Call, Recognised, recognise};
use aws_reference::operations;
use proptest::prelude::*;
use sent::Sent;
use serde::Deserialize;

/// Pairs of operations with one path, which only hosts tell apart.
const UNCLEAR: &[&str] = &[
    "bedrock-agent PrepareAgent",
    "bedrock-agent-runtime InvokeInlineAgent",
    "lex-models GetImport",
    "lex-models StartImport",
    "lexv2-models DescribeImport",
    "lexv2-models ListImports",
];

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(flatten)]
    request: Sent,
    is: String,
}

/// What a request turned out to be, in the words of the cases.
fn outcome(sent: &Sent) -> String {
    let headers = sent.headers();
    match recognise(&sent.request(&headers), sent.scope.as_deref()) {
        Ok(Recognised::S3) => "S3".to_owned(),
        Ok(Recognised::Call(call)) => {
            format!("{} {} {:?}", call.service.summary.name, call.name(), call.protocol)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn requests_are_the_calls_that_upstreams_run() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/recognition.json")).unwrap();
    let mut names = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        assert!(names.insert(&case.name, ()).is_none(), "{} is there twice", case.name);
        let outcome = outcome(&case.request);
        let is_call = case.is == "S3" || case.is.ends_with("Json") || case.is.ends_with("Cbor");
        let is_call = is_call || ["Query", "Ec2", "RestXml"].iter().any(|end| case.is.ends_with(end));
        let fits = if is_call { outcome == case.is } else { outcome.contains(&case.is) };
        if !fits {
            wrong.push(format!("{}: {outcome}, not {}", case.name, case.is));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_operation_is_recognised_by_its_own_request() {
    let mut wrong = Vec::new();
    for summary in operations::services().iter().filter(|summary| summary.signing_name != "s3") {
        let service = operations::service(summary.name).unwrap();
        for operation in service.operations() {
            let sent = requests::sent(&service, &operation.name, "y");
            let headers = sent.headers();
            let found = recognise(&sent.request(&headers), sent.scope.as_deref());
            let is_own = |call: &Call| call.name() == operation.name && call.prefix() == summary.prefix;
            if !matches!(&found, Ok(Recognised::Call(call)) if is_own(call)) {
                assert!(outcome(&sent).contains("a path of two services"), "{sent:?}: {}", outcome(&sent));
                wrong.push(format!("{} {}", summary.name, operation.name));
            }
        }
    }
    assert_eq!(wrong, UNCLEAR, "\n{}", wrong.join("\n"));
}

/// Found by the fuzz target, whose plain reading wanted the present version of every form.
#[test]
fn the_plain_reading_takes_forms_as_recognition_does() {
    let form = |body: &str| {
        let sent = serde_json::json!({"scope": "sqs", "body": body});
        serde_json::from_value::<Sent>(sent).unwrap()
    };
    for (body, is) in [
        ("Action=SendMessageBatch&Versi%11on=r012-11-05", "sqs SendMessageBatch Query"),
        ("Action=SendMessageBatch&Version=2009-02-01", "sqs SendMessageBatch Query"),
        ("%41ction=SendMessage&Version=2012-11-05", "sqs SendMessage Query"),
    ] {
        let sent = form(body);
        assert_eq!((outcome(&sent).as_str(), naive::disagreement(&sent)), (is, None), "{body}");
    }
    assert!(outcome(&form("Action=SendMessage&Version=2099-01-01")).contains("SendMessage"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_what_a_plain_reading_says_or_refused(sent in requests::arbitrary()) {
        if let Some(expected) = naive::disagreement(&sent) {
            prop_assert!(false, "{expected}");
        }
    }
}
