use super::*;
use crate::recognise::{Recognised, recognise};
use aws_reference::operations;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::io::Write;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

/// A member of PutRecord's input, sent to Kinesis in CBOR.
fn of_kinesis(body: &[u8], name: &str) -> Result<Option<Value>, Unreadable> {
    let kind = "application/x-amz-cbor-1.1";
    let headers = headers(&[("x-amz-target", "Kinesis_20131202.PutRecord"), ("content-type", kind)]);
    let request = Request { method: "POST", path: "/", query: "", headers: &headers, body: Some(body) };
    let Ok(Recognised::Call(call)) = recognise(&request, Some("kinesis")) else { panic!("not recognised") };
    Input::read(&call, request)?.member(name)
}

#[test]
fn cbor_is_the_json_that_it_means() {
    let mut body = Vec::new();
    let entry = |name: &str, value| (ciborium::Value::Text(name.to_owned()), value);
    let data = ciborium::Value::Bytes(vec![1, 2, 255]);
    let value = [entry("StreamName", "s".into()), entry("Data", data), entry("n", (-3).into())];
    ciborium::into_writer(&ciborium::Value::Map(value.into()), &mut body).unwrap();
    assert_eq!(of_kinesis(&body, "StreamName"), Ok(Some(json!("s"))));
    assert_eq!(of_kinesis(&body, "Data"), Ok(Some(json!("AQL/"))));
    assert_eq!(of_kinesis(&body, "n"), Ok(Some(json!(-3))));
    assert_eq!(of_kinesis(&body, "StreamARN"), Ok(None));
    // Of indefinite length, as Java's clients write maps.
    assert_eq!(of_kinesis(b"\xBF\x6AStreamName\x61s\xFF", "StreamName"), Ok(Some(json!("s"))));
}

#[test]
fn cbor_that_can_be_read_in_two_ways_is_refused() {
    let twice = b"\xA2\x6AStreamName\x61a\x6AStreamName\x61b";
    assert_eq!(of_kinesis(twice, "StreamName"), Err(Unreadable::ambiguous("StreamName")));
    let wrong: [&[u8]; 6] =
        [b"\xA1\x6AStreamName\x61s\xF6", b"\x61s", b"\xA1\x01\x01", b"\xA1", b"\xFF", &[0x9F; 5000]];
    for body in wrong {
        assert!(matches!(of_kinesis(body, "StreamName"), Err(Unreadable::Malformed(_))), "{body:?}");
    }
}

#[test]
fn compressed_bodies_are_read_as_far_as_the_limit() {
    let compressed = |text: &[u8]| {
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        writer.write_all(text).unwrap();
        writer.finish().unwrap()
    };
    let read = |body: &[u8]| {
        let target = ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData");
        let kind = ("content-type", "application/x-amz-json-1.0");
        let headers = headers(&[target, kind, ("content-encoding", "gzip")]);
        let request = Request { method: "POST", path: "/", query: "", headers: &headers, body: Some(body) };
        let Ok(Recognised::Call(call)) = recognise(&request, Some("monitoring")) else { panic!("not recognised") };
        Input::read(&call, request)?.member("Namespace")
    };
    assert_eq!(read(&compressed(br#"{"Namespace":"app"}"#)), Ok(Some(json!("app"))));
    assert_eq!(read(&compressed(&vec![b' '; MAX_BODY + 1])), Err(Unreadable::Encoded));
}

#[test]
fn bodies_are_read_where_members_are_in_them() {
    for (service, operation, expected) in [
        ("lambda", "Invoke", BodyUse::Stream),
        ("lambda", "GetFunction", BodyUse::Stream),
        ("lambda", "CreateFunction", BodyUse::Buffer(MAX_LAMBDA_BODY)),
        ("iot-data", "Publish", BodyUse::Stream),
        ("apigatewaymanagementapi", "PostToConnection", BodyUse::Stream),
        ("route53", "ChangeResourceRecordSets", BodyUse::Buffer(MAX_BODY)),
        ("scheduler", "CreateSchedule", BodyUse::Buffer(MAX_BODY)),
        ("sqs", "ListQueues", BodyUse::Buffer(MAX_BODY)),
        ("kinesis", "PutRecord", BodyUse::Buffer(MAX_BODY)),
    ] {
        let service = operations::service(service).unwrap();
        let operation = service.operation(operation).unwrap().clone();
        let protocol = service.summary.protocols().next().unwrap();
        assert_eq!(body_use(&Call { service, operation: operation.clone(), protocol }), expected, "{}", operation.name);
    }
}

#[test]
fn large_inputs_are_read_in_one_go() {
    const COUNT: usize = 20_000;
    let entry = |n| format!("&PublishBatchRequestEntries.member.{n}.Id={n}");
    let body = format!("Action=PublishBatch{}", (1..=COUNT).map(entry).collect::<String>());
    let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
    let request = Request { method: "POST", path: "/", query: "", headers: &form, body: Some(body.as_bytes()) };
    let Ok(Recognised::Call(call)) = recognise(&request, Some("sns")) else { panic!("not recognised") };
    let entries = Input::read(&call, request).unwrap().member("PublishBatchRequestEntries").unwrap();
    assert_eq!(entries.unwrap().as_array().map(Vec::len), Some(COUNT));

    let members: Vec<_> = (0..10 * COUNT).map(|n| format!("\"m{n}\":{n}")).collect();
    let object = json::Object::parse(format!("{{{}}}", members.join(",")).into_bytes().into()).unwrap();
    assert_eq!(object.member("m7"), Ok(Some(json!(7))));
}
