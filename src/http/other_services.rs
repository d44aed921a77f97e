//! Requests that mean another service: `AWS_ENDPOINT_URL` sends all of a client's requests here. They are answered in the
//! protocol of that service, so that the client shows the sentence instead of a parser's error.

use aws_calls::fault::{Addressee, Fault, answer};
use aws_calls::recognise::is_in_body;
use aws_calls::{Recognised, Request, recognise};
use aws_reference::operations::{self, Protocol, Summary};
use axum::body::Body;
use axum::response::Response;
use http::HeaderMap;

use crate::sigv4::Incoming;
use crate::wire::Service;

/// The answer to a request of another service; `None` for one of IAM or STS, or of which the service is not known.
pub(super) fn refusal(incoming: &Incoming<'_>, request_id: &str) -> Option<Response> {
    if scope(incoming.headers).is_none() && has_own_target(incoming.headers) {
        // One of our calls that is not signed.
        return None;
    }
    let claimed = service_of(incoming.headers).filter(|service| !is_served(service))?;
    let request = Request {
        method: incoming.method,
        path: incoming.path,
        query: incoming.query,
        headers: incoming.headers,
        body: Some(incoming.body),
    };
    let (service, protocol) = meant(&request);
    let is_form = is_in_body(&request) || matches!(protocol, Protocol::Query | Protocol::Ec2);
    if is_form && has_own_version(incoming) {
        // One of our calls, signed for the wrong service.
        return None;
    }
    let message = format!(
        "iamd serves IAM and STS, not {claimed}. Set AWS_ENDPOINT_URL_IAM and AWS_ENDPOINT_URL_STS in place of \
         AWS_ENDPOINT_URL, or start iamd with --upstream and the URL of a server that has {claimed}."
    );
    tracing::info!(service = claimed, "a request of another service: {message}");
    let (status, code) = match protocol {
        Protocol::Query | Protocol::Ec2 => (400, "InvalidAction"),
        Protocol::Json | Protocol::Cbor => (400, "UnknownOperationException"),
        Protocol::RestJson => (404, "UnknownOperationException"),
        Protocol::RestXml => (501, "NotImplemented"),
    };
    let addressee = Addressee { service, protocol, request, request_id };
    let fault = Fault { query_code: Some(code), ..Fault::new(status, code, message) };
    Some(answer(&fault, &addressee).map(Body::from))
}

/// The service that the request means, as far as it is known, and the protocol that it is in.
fn meant(request: &Request<'_>) -> (Option<&'static Summary>, Protocol) {
    match recognise(request, scope(request.headers)) {
        Ok(Recognised::Call(call)) => (Some(call.service.summary), call.protocol),
        Ok(Recognised::S3) => (operations::service("s3").map(|service| service.summary), Protocol::RestXml),
        Err(unrecognised) => (unrecognised.service, unrecognised.protocol),
    }
}

fn is_served(service: &str) -> bool {
    Service::ALL.iter().any(|own| own.signing_name() == service)
}

/// Whether the operation's target is that of a service that is served.
fn has_own_target(headers: &HeaderMap) -> bool {
    let target = text(headers, "x-amz-target").and_then(|target| target.rsplit_once('.'));
    target.is_some_and(|(service, _)| Service::ALL.iter().any(|own| own.target() == Some(service)))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The service in the scope of the credential, else the one in the operation's target.
fn service_of(headers: &HeaderMap) -> Option<&str> {
    let target = || text(headers, "x-amz-target").and_then(|target| target.split(['_', '.']).next());
    let name = |service: &&str| {
        !service.is_empty() && service.len() <= 64 && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    scope(headers).or_else(target).filter(name)
}

/// The service in the scope of the credential.
fn scope(headers: &HeaderMap) -> Option<&str> {
    let credential = text(headers, "authorization")?.split_once("Credential=")?.1.split([',', ' ']).next()?;
    let mut parts = credential.rsplit('/');
    parts.next().filter(|end| *end == "aws4_request")?;
    parts.next()
}

/// Whether the version of the API is IAM's or STS's.
fn has_own_version(incoming: &Incoming<'_>) -> bool {
    [incoming.query.as_bytes(), incoming.body]
        .into_iter()
        .flat_map(form_urlencoded::parse)
        .any(|(name, value)| name == "Version" && [Service::IAM, Service::STS].iter().any(|own| own.version() == value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, header};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn scope(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    #[test]
    fn the_service_is_that_of_the_scope_or_the_target() {
        assert_eq!(service_of(&headers(&[("authorization", &scope("s3"))])), Some("s3"));
        assert_eq!(service_of(&headers(&[("x-amz-target", "DynamoDB_20120810.ListTables")])), Some("DynamoDB"));
        for value in
            ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256 Credential=a/<b>/aws4_request"]
        {
            assert_eq!(service_of(&headers(&[("authorization", value)])), None, "{value}");
        }
    }

    #[test]
    fn unsigned_calls_of_our_own_services_are_not_refused_here() {
        let refused = |target: &str| {
            let headers = headers(&[("x-amz-target", target)]);
            let incoming = Incoming { method: "POST", path: "/", query: "", headers: &headers, body: b"{}" };
            refusal(&incoming, "id").is_some()
        };
        assert!(!refused("AWSOrganizationsV20161128.ListAccounts"));
        assert!(!refused("AWSOrganizationsV20161128.Nonsense"));
        assert!(refused("DynamoDB_20120810.ListTables"));
    }

    #[test]
    fn each_service_has_its_protocol() {
        let protocol = |service: &str, header: (&'static str, &str)| {
            let headers = headers(&[("authorization", &scope(service)), header]);
            let request = Request { method: "POST", path: "/", query: "", headers: &headers, body: Some(b"Action=x") };
            meant(&request).1
        };
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(protocol("sns", form), Protocol::Query);
        assert_eq!(protocol("ec2", form), Protocol::Ec2);
        assert_eq!(protocol("dynamodb", ("x-amz-target", "a.B")), Protocol::Json);
        assert_eq!(protocol("monitoring", ("smithy-protocol", "rpc-v2-cbor")), Protocol::Cbor);
        assert_eq!(protocol("s3", ("x-a", "")), Protocol::RestXml);
        assert_eq!(protocol("lambda", ("x-a", "")), Protocol::RestJson);
    }

    #[test]
    fn only_requests_of_other_services_are_refused_here() {
        let refused = |service: &str, body: &str| {
            let form = ("content-type", "application/x-www-form-urlencoded");
            let headers = headers(&[("authorization", &scope(service)), form]);
            let incoming = Incoming { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
            refusal(&incoming, "id").is_some()
        };
        assert!(refused("sns", "Action=ListTopics&Version=2010-03-31"));
        assert!(!refused("iam", "Action=ListUsers&Version=2010-05-08"));
        assert!(!refused("sts", "Action=Nonsense&Version=2000-01-01"));
        assert!(
            !refused("s3", "Action=ListUsers&Version=2010-05-08"),
            "a call of IAM that is signed for S3 is verified"
        );
    }
}
