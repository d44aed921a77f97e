//! Which call a request is: cases as data, and arbitrary requests against a plain reading of the table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod naive;
mod requests;
mod sent;

use std::collections::BTreeMap;

use aws_calls::{Recognised, recognise};
use proptest::prelude::*;
use sent::Sent;
use serde::Deserialize;

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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_what_a_plain_reading_says_or_refused(sent in requests::arbitrary()) {
        if let Some(expected) = naive::disagreement(&sent) {
            prop_assert!(false, "{expected}");
        }
    }
}
