//! The members of inputs in every protocol: cases as data.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod sent;

use std::collections::BTreeMap;

use aws_calls::{Call, Input, Recognised, Request, recognise};
use sent::Sent;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(flatten)]
    request: Sent,
    /// The members by name. A text that begins with an exclamation mark is an error.
    #[serde(default)]
    members: BTreeMap<String, Value>,
    /// Why the input cannot be read at all.
    error: Option<String>,
}

fn call(request: &Request<'_>, scope: Option<&str>) -> Call {
    match recognise(request, scope) {
        Ok(Recognised::Call(call)) => call,
        other => panic!("{other:?}"),
    }
}

fn wrong(case: &Case) -> Vec<String> {
    let headers = case.request.headers();
    let request = case.request.request(&headers);
    let call = call(&request, case.request.scope.as_deref());
    let input = match (Input::read(&call, request), &case.error) {
        (Ok(_), Some(error)) => return vec![format!("it is read, in spite of {error}")],
        (Ok(input), None) => input,
        (Err(error), Some(expected)) if error.to_string().contains(expected) => return Vec::new(),
        (Err(error), _) => return vec![error.to_string()],
    };
    let mut wrong = Vec::new();
    for (name, expected) in &case.members {
        let found = input.member(name);
        let error = expected.as_str().and_then(|text| text.strip_prefix('!'));
        let fits = match (&found, error) {
            (Err(found), Some(error)) => found.to_string().contains(error),
            (Ok(found), None) => found.as_ref().unwrap_or(&Value::Null) == expected,
            _ => false,
        };
        if !fits {
            wrong.push(format!("{name} is {found:?}"));
        }
    }
    wrong
}

#[test]
fn members_are_read_wherever_the_protocol_puts_them() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/input.json")).unwrap();
    let wrong: Vec<_> =
        cases.iter().flat_map(|case| wrong(case).into_iter().map(|wrong| format!("{}: {wrong}", case.name))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn json(body: Option<&'static [u8]>) -> (http::HeaderMap, Option<&'static [u8]>) {
    let sent: Sent = serde_json::from_value(serde_json::json!({
        "headers": {"x-amz-target": "Kinesis_20131202.GetRecords", "content-type": "application/x-amz-json-1.1"}
    }))
    .unwrap();
    (sent.headers(), body)
}

#[test]
fn a_body_that_was_not_given_is_not_an_empty_one() {
    let (headers, body) = json(None);
    let request = Request { method: "POST", path: "/", query: "", headers: &headers, body };
    let call = call(&request, Some("kinesis"));
    let input = Input::read(&call, request).unwrap();
    assert_eq!(input.member("StreamName"), Err(aws_calls::input::Unreadable::BodyMissing));
}
