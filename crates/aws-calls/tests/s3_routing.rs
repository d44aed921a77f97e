//! S3's routing against the service model: every operation is found by its own request, and no request is taken for an
//! operation whose template it does not fit.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use std::sync::Arc;

use aws_calls::Request;
use aws_calls::s3::{Hosts, Operation, Routed};
use aws_reference::operations::{Location, Service, service};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

/// What distinguishes operations of one template: parameters and headers that their model requires.
const REQUIRED: &[(&str, &[(&str, &str)])] = &[
    ("AbortMultipartUpload", &[("uploadId", "u")]),
    ("CompleteMultipartUpload", &[("uploadId", "u")]),
    ("CopyObject", &[("x-amz-copy-source", "app/k")]),
    ("DeleteBucketAnalyticsConfiguration", &[("id", "i")]),
    ("DeleteBucketIntelligentTieringConfiguration", &[("id", "i")]),
    ("DeleteBucketInventoryConfiguration", &[("id", "i")]),
    ("DeleteBucketMetricsConfiguration", &[("id", "i")]),
    ("DeleteObjectAnnotation", &[("annotationName", "n")]),
    ("GetBucketAnalyticsConfiguration", &[("id", "i")]),
    ("GetBucketIntelligentTieringConfiguration", &[("id", "i")]),
    ("GetBucketInventoryConfiguration", &[("id", "i")]),
    ("GetBucketMetricsConfiguration", &[("id", "i")]),
    ("GetObjectAnnotation", &[("annotationName", "n")]),
    ("ListParts", &[("uploadId", "u")]),
    ("PutBucketAnalyticsConfiguration", &[("id", "i")]),
    ("PutBucketIntelligentTieringConfiguration", &[("id", "i")]),
    ("PutBucketInventoryConfiguration", &[("id", "i")]),
    ("PutBucketMetricsConfiguration", &[("id", "i")]),
    ("PutObjectAnnotation", &[("annotationName", "n")]),
    ("UploadPart", &[("partNumber", "1"), ("uploadId", "u")]),
    ("UploadPartCopy", &[("partNumber", "1"), ("uploadId", "u"), ("x-amz-copy-source", "app/k")]),
    ("WriteGetObjectResponse", &[("x-amz-request-route", "r"), ("x-amz-request-token", "t")]),
];

/// Operations of the model that others have taken the place of, with the same request.
const REPLACED: &[(&str, &str)] = &[
    ("GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
    ("GetBucketNotification", "GetBucketNotificationConfiguration"),
    ("PutBucketLifecycle", "PutBucketLifecycleConfiguration"),
    ("PutBucketNotification", "PutBucketNotificationConfiguration"),
];

fn s3() -> Arc<Service> {
    service("s3").unwrap()
}

fn required(operation: &str) -> &'static [(&'static str, &'static str)] {
    REQUIRED.iter().find(|(name, _)| *name == operation).map_or(&[], |(_, required)| required)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
    pairs.iter().map(|(name, value)| (header(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn routed(method: &str, path: &str, query: &str, headers: &HeaderMap) -> Result<Option<&'static str>, String> {
    let request = Request { method, path, query, headers, body: None };
    let routed = Routed::of(&request, &Hosts::new(["localhost"])).map_err(|refusal| refusal.to_string())?;
    match &routed.operation {
        Operation::PostForm => Ok(Some("PostForm")),
        operation => Ok(operation.name()),
    }
}

/// The request of an operation: its template with labels, parameters and headers put in.
fn request_of(uri: &str, operation: &str) -> (String, String, HeaderMap) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = path.replace("{Bucket}", "app").replace("{Key+}", "a/k");
    let is_header = |(name, _): &&(&str, &str)| name.starts_with("x-amz-");
    let mut query: Vec<String> = query.split('&').filter(|piece| !piece.is_empty()).map(str::to_owned).collect();
    query.extend(
        required(operation).iter().filter(|pair| !is_header(pair)).map(|(name, value)| format!("{name}={value}")),
    );
    let sent: Vec<(&str, &str)> = required(operation).iter().filter(is_header).copied().collect();
    (path, query.join("&"), headers(&sent))
}

#[test]
fn every_operation_is_found_by_its_own_request() {
    let service = s3();
    assert!(service.operations().len() > 100);
    for operation in service.operations() {
        let name = operation.name.as_str();
        let expected = REPLACED.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new);
        let (path, query, mut headers) = request_of(operation.uri.as_str(), name);
        if name == "ListDirectoryBuckets" {
            let host = HeaderValue::from_static("s3express-control.us-east-1.amazonaws.com");
            headers.insert("host", host);
        }
        for query in [query.clone(), format!("{query}&x-id={name}")] {
            let found = routed(&operation.method, &path, &query, &headers);
            assert_eq!(found, Ok(Some(expected)), "{} {path}?{query}", operation.method);
        }
    }
}

#[test]
fn every_operation_that_takes_a_version_may_have_one() {
    let service = s3();
    for operation in service.operations().iter().filter(|operation| operation.uri.as_str().contains("{Key+}")) {
        let takes = service.input(operation).is_some_and(|shape| {
            let version = |member: &aws_reference::operations::Member| {
                member.location == Location::QueryString && member.name.as_deref() == Some("versionId")
            };
            shape.members.values().any(version)
        });
        let (path, query, headers) = request_of(operation.uri.as_str(), &operation.name);
        let found = routed(&operation.method, &path, &format!("{query}&versionId=v"), &headers);
        // The action for a torrent of a version exists, although the model has no such parameter.
        assert_eq!(found.is_ok(), takes || operation.name == "GetObjectTorrent", "{}", operation.name);
    }
}

#[test]
fn every_operation_of_s3_control_is_found() {
    let service = service("s3control").unwrap();
    let headers = headers(&[("x-amz-account-id", "111122223333")]);
    for operation in service.operations() {
        let path = operation.uri.as_str().replace(['{', '}', '+'], "");
        assert_eq!(routed(&operation.method, &path, "", &headers), Ok(Some(leak(&operation.name))), "{path}");
    }
}

fn leak(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

/// A reading of the model that knows nothing of the router: an operation fits if its method, its labels, its fixed
/// parameters and what it requires are there; of several that fit, the one that wants most.
fn naive(service: &Service, method: &str, path: &str, query: &str, headers: &HeaderMap) -> Vec<String> {
    let sent: Vec<String> = query.split('&').map(|piece| piece.split('=').next().unwrap().to_owned()).collect();
    let has =
        |name: &str| sent.iter().any(|sent| sent == name) || (name.starts_with("x-amz-") && headers.contains_key(name));
    let segments = path.trim_start_matches('/').splitn(2, '/').filter(|segment| !segment.is_empty()).count();
    let mut best = (0, Vec::new());
    for operation in service.operations() {
        let (template, fixed) = operation.uri.as_str().split_once('?').unwrap_or((operation.uri.as_str(), ""));
        let labels = template.matches('/').count() - usize::from(template == "/");
        let literal = !template.contains('{') && template != "/";
        let fixed: Vec<&str> = fixed.split('&').filter(|piece| !piece.is_empty()).collect();
        let fixed_fits = fixed.iter().all(|piece| match piece.split_once('=') {
            Some((name, _)) => has(name) && query.split('&').any(|sent| sent == *piece),
            None => has(piece),
        });
        let wanted = required(&operation.name);
        let fits = operation.method == method
            && labels == segments
            && (!literal || path == template)
            && fixed_fits
            && wanted.iter().all(|(name, _)| has(name));
        let weight = 1 + fixed.len() + wanted.len() + usize::from(literal);
        if fits && weight >= best.0 {
            if weight > best.0 {
                best = (weight, Vec::new());
            }
            best.1.push(operation.name.clone());
        }
    }
    best.1
}

fn parameters() -> Vec<String> {
    let service = s3();
    let mut names: Vec<String> = [
        "partNumber=1",
        "uploadId=u",
        "versionId=v",
        "id=i",
        "prefix=a",
        "x-id=a",
        "select-type=2",
        "list-type=2",
        "list-type=1",
        "acl=",
        "annotationName=n",
        "other",
        "uploadId=",
    ]
    .map(str::to_owned)
    .to_vec();
    for operation in service.operations() {
        let fixed = operation.uri.as_str().split_once('?').map(|(_, fixed)| fixed).unwrap_or_default();
        names.extend(fixed.split('&').filter(|piece| !piece.is_empty()).map(str::to_owned));
    }
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_router_never_disagrees_with_a_naive_reading(
        method in prop::sample::select(vec!["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]),
        path in prop::sample::select(vec!["/", "/app", "/app/", "/app/k", "/app/a/b", "/app//k", "/WriteGetObjectResponse"]),
        query in prop::collection::vec(prop::sample::select(parameters()), 0..4),
        sent in prop::sample::subsequence(vec![("x-amz-copy-source", "app/k"), ("x-amz-acl", "private"), ("x-amz-request-route", "r"), ("x-amz-request-token", "t"), ("content-type", "multipart/form-data; boundary=b")], 0..3),
    ) {
        let query = query.join("&");
        let headers = headers(&sent);
        let service = s3();
        if let Ok(Some(found)) = routed(method, path, &query, &headers) {
            if found == "PostForm" {
                prop_assert!(method == "POST" && headers.contains_key("content-type"));
            } else {
                let fitting = naive(&service, method, path, &query, &headers);
                prop_assert!(fitting.iter().any(|name| name == found), "{method} {path}?{query}: {found}, not {fitting:?}");
            }
        }
    }

    #[test]
    fn no_request_makes_the_router_panic(
        method in "[A-Z]{0,8}",
        path in "(/[ -~]{0,12}){0,4}|\\PC{0,20}",
        query in "([ -~]{0,10}[&=;]){0,6}",
        host in "[ -~]{0,40}",
        header in prop::sample::select(vec!["x-amz-copy-source", "x-amz-tagging", "x-amz-account-id", "x-amz-acl", "content-type"]),
        value in "[ -~]{0,40}",
    ) {
        let headers = headers(&[("host", host.as_str()), (header, value.as_str())]);
        let _ = routed(&method, &path, &query, &headers);
    }
}
