//! Requests that mean another service: `AWS_ENDPOINT_URL` sends all of a client's requests here. They are answered in the
//! protocol of that service, so that the client shows the sentence instead of a parser's error.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use quick_xml::escape::escape;
use serde_json::json;

use crate::sigv4::Incoming;
use crate::wire::Service;

/// The protocols of AWS's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Forms in, XML out, as IAM and STS.
    Query,
    /// The same with errors of another form.
    Ec2,
    /// JSON, with the operation in `X-Amz-Target`.
    Json,
    /// JSON, with the operation in the path.
    RestJson,
    /// XML, with the operation in the path.
    RestXml,
    /// CBOR, with the operation in the path.
    Cbor,
}

/// The answer to a request of another service; `None` for one of IAM or STS, or of which the service is not known.
pub(super) fn refusal(incoming: &Incoming<'_>, request_id: &str) -> Option<Response> {
    let headers = incoming.headers;
    let service = service_of(headers).filter(|service| !is_served(service))?;
    let protocol = protocol_of(headers, service);
    if matches!(protocol, Protocol::Query | Protocol::Ec2) && has_own_version(incoming) {
        // One of our calls, signed for the wrong service.
        return None;
    }
    let message = format!(
        "iamd serves IAM and STS, not {service}. Set AWS_ENDPOINT_URL_IAM and AWS_ENDPOINT_URL_STS in place of \
         AWS_ENDPOINT_URL."
    );
    tracing::info!(service, "a request of another service: {message}");
    Some(respond(protocol, headers, &message, request_id))
}

fn is_served(service: &str) -> bool {
    Service::ALL.iter().any(|own| own.signing_name() == service)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The service in the scope of the credential, else the one in the operation's target.
fn service_of(headers: &HeaderMap) -> Option<&str> {
    let scope = text(headers, "authorization").and_then(|value| {
        let credential = value.split_once("Credential=")?.1.split([',', ' ']).next()?;
        let mut parts = credential.rsplit('/');
        parts.next().filter(|end| *end == "aws4_request")?;
        parts.next()
    });
    let target = || text(headers, "x-amz-target").and_then(|target| target.split(['_', '.']).next());
    let name = |service: &&str| {
        !service.is_empty() && service.len() <= 64 && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    scope.or_else(target).filter(name)
}

fn protocol_of(headers: &HeaderMap, service: &str) -> Protocol {
    let content_type = text(headers, "content-type").unwrap_or_default();
    match service {
        _ if text(headers, "smithy-protocol") == Some("rpc-v2-cbor") => Protocol::Cbor,
        _ if headers.contains_key("x-amz-target") || content_type.starts_with("application/x-amz-json") => {
            Protocol::Json
        }
        "ec2" => Protocol::Ec2,
        _ if content_type.starts_with("application/x-www-form-urlencoded") => Protocol::Query,
        "s3" | "s3express" | "route53" | "cloudfront" => Protocol::RestXml,
        _ => Protocol::RestJson,
    }
}

/// Whether the version of the API is IAM's or STS's.
fn has_own_version(incoming: &Incoming<'_>) -> bool {
    [incoming.query.as_bytes(), incoming.body]
        .into_iter()
        .flat_map(form_urlencoded::parse)
        .any(|(name, value)| name == "Version" && [Service::IAM, Service::STS].iter().any(|own| own.version() == value))
}

fn respond(protocol: Protocol, headers: &HeaderMap, message: &str, request_id: &str) -> Response {
    let (status, content_type, body) = match protocol {
        Protocol::Query => {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>{}</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>",
                escape(message)
            );
            (400, "text/xml", body.into_bytes())
        }
        Protocol::Ec2 => {
            let body = format!(
                "<Response><Errors><Error><Code>InvalidAction</Code><Message>{}</Message></Error></Errors>\
                 <RequestID>{request_id}</RequestID></Response>",
                escape(message)
            );
            (400, "text/xml", body.into_bytes())
        }
        Protocol::RestXml => {
            let body = format!(
                "<Error><Code>NotImplemented</Code><Message>{}</Message><RequestId>{request_id}</RequestId></Error>",
                escape(message)
            );
            (501, "application/xml", body.into_bytes())
        }
        Protocol::Json => {
            let body = json!({"__type": UNKNOWN_OPERATION, "message": message});
            (400, text(headers, "content-type").unwrap_or("application/x-amz-json-1.0"), body.to_string().into_bytes())
        }
        Protocol::RestJson => (404, "application/json", json!({"message": message}).to_string().into_bytes()),
        Protocol::Cbor => (400, "application/cbor", cbor(message)),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let answered = response.headers_mut();
    for (name, value) in [(header::CONTENT_TYPE.as_str(), content_type), ("x-amzn-requestid", request_id)] {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::from_str(value)) {
            answered.insert(name, value);
        }
    }
    match protocol {
        Protocol::RestJson => drop(answered.insert("x-amzn-errortype", HeaderValue::from_static(UNKNOWN_OPERATION))),
        Protocol::Cbor => drop(answered.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"))),
        _ => {}
    }
    response
}

/// What AWS's JSON services call an operation that they do not have.
const UNKNOWN_OPERATION: &str = "UnknownOperationException";

/// A map of two texts in CBOR (RFC 8949): a head of type and length before each.
fn cbor(message: &str) -> Vec<u8> {
    let mut bytes = vec![0xA2];
    for text in ["__type", UNKNOWN_OPERATION, "message", message] {
        match u8::try_from(text.len()) {
            Ok(length) if length < 24 => bytes.push(0x60 | length),
            Ok(length) => bytes.extend([0x78, length]),
            Err(_) => {
                let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
                bytes.push(0x79);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_service_has_its_protocol() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(protocol_of(&headers(&[form]), "sns"), Protocol::Query);
        assert_eq!(protocol_of(&headers(&[form]), "ec2"), Protocol::Ec2);
        assert_eq!(protocol_of(&headers(&[("x-amz-target", "a.B")]), "dynamodb"), Protocol::Json);
        assert_eq!(protocol_of(&headers(&[("smithy-protocol", "rpc-v2-cbor")]), "monitoring"), Protocol::Cbor);
        assert_eq!(protocol_of(&headers(&[]), "s3"), Protocol::RestXml);
        assert_eq!(protocol_of(&headers(&[]), "lambda"), Protocol::RestJson);
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

    #[test]
    fn texts_in_cbor_begin_with_their_length() {
        assert_eq!(cbor("no")[..8], *b"\xA2\x66__type");
        assert!(cbor("no").ends_with(b"\x67message\x62no"));
        assert!(cbor(&"x".repeat(24)).ends_with(&[b"\x78\x18".as_slice(), &[b'x'; 24]].concat()));
        assert!(cbor(&"x".repeat(256)).ends_with(&[b"\x79\x01\x00".as_slice(), &[b'x'; 256]].concat()));
    }
}
