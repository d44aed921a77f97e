//! Any `Authorization` header is answered with one of AWS's refusals.
#![no_main]

use chrono::DateTime;
use http::{HeaderMap, HeaderValue};
use iamd::error::Code;
use iamd::sigv4::{Expected, Incoming, Regions, Signature};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", value);
    headers.insert("host", HeaderValue::from_static("localhost"));
    headers.insert("x-amz-date", HeaderValue::from_static("19700101T000000Z"));
    let request = Incoming { method: "POST", path: "/", query: "", headers: &headers, body: b"" };
    let expected = Expected { service: "iam", regions: Regions::Any };
    let refusal = Signature::read(&request)
        .and_then(|signature| signature.verify(&request, "secret", &expected, DateTime::UNIX_EPOCH))
        .expect_err("nobody guesses a signature");
    assert!(matches!(
        refusal.code(),
        Code::MissingAuthenticationToken | Code::IncompleteSignature | Code::SignatureDoesNotMatch
    ));
});
