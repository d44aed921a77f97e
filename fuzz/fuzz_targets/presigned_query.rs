//! No query string verifies with a secret that it was not signed with; all are refused in AWS's words.

#![no_main]

use chrono::DateTime;
use http::{HeaderMap, HeaderValue};
use iamd::sigv4::{Expected, Incoming, Regions, Signature};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1:4593"));
    let incoming = Incoming { method: "GET", path: "/", query, headers: &headers, body: b"" };
    let Ok(signature) = Signature::read(&incoming) else { return };
    let expected = Expected { service: "iam", regions: Regions::Any };
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
    let error = signature.verify(&incoming, "secret", &expected, now).expect_err("nobody signed this");
    assert!(error.message().is_some(), "{error}");
});
