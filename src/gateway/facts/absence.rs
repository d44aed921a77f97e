//! Whether an upstream's error says that something is not there. Every other error leaves open what is: a policy that
//! denies may be there.

use serde_json::Value;

use super::xml;
use crate::gateway::upstream::Answer;

/// What the codes of errors have in them that say that there is no such thing.
const NOTHING_THERE: &[&str] = &["NotFound", "NoSuch", "NotExist", "NonExistent", "InvalidResourceId"];

/// What the codes of errors have in them that say that the server does not have the operation, or the attribute that
/// holds the policy.
const NOT_KNOWN: &[&str] = &[
    "UnknownOperation",
    "UnsupportedOperation",
    "NotImplemented",
    "InvalidAction",
    "MethodNotAllowed",
    "InvalidAttributeName",
];

/// Whether the error says that there is no such thing, or that the server does not have the operation. The codes of AWS
/// say so; a status alone may come from a proxy that does not find the server.
pub(super) fn is_absence(answer: &Answer) -> bool {
    match answer.status {
        405 | 501 => true,
        400 | 404 => {
            code(answer).is_some_and(|code| NOTHING_THERE.iter().chain(NOT_KNOWN).any(|part| code.contains(part)))
        }
        _ => false,
    }
}

/// The code of an error, in whichever protocol it is.
fn code(answer: &Answer) -> Option<String> {
    if let Some(header) = answer.headers.get("x-amzn-errortype") {
        return header.to_str().ok().map(str::to_owned);
    }
    let text = str::from_utf8(&answer.body).ok()?;
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let member = ["__type", "code", "Code"].iter().find_map(|name| value.get(*name)?.as_str());
        return member.map(str::to_owned);
    }
    let value = xml::read(text)?;
    let code = ["/Code", "/Error/Code", "/Errors/Error/Code"].iter().find_map(|place| value.pointer(place)?.as_str());
    code.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn absent(status: u16, body: &'static str) -> bool {
        is_absence(&Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) })
    }

    #[test]
    fn only_a_code_says_that_nothing_is_there() {
        for (status, body) in [
            (404, "<Error><Code>NoSuchBucketPolicy</Code><Message>m</Message></Error>"),
            (404, "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code></Error></ErrorResponse>"),
            (400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#PolicyNotFoundException","message":"m"}"#),
            (400, r#"{"__type":"AWS.SimpleQueueService.NonExistentQueue"}"#),
            (400, r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
            (501, "<Error><Code>NotImplemented</Code></Error>"),
            (405, ""),
        ] {
            assert!(absent(status, body), "{status} {body}");
        }
        for (status, body) in [
            (404, ""),
            (404, "404 page not found"),
            (404, "<html><title>Not Found</title></html>"),
            (400, r#"{"__type":"ThrottlingException"}"#),
            (400, r#"{"__type":"AccessDeniedException","message":"NotFound"}"#),
            (400, r#"{"__type":"InvalidSignatureException"}"#),
            (403, "<Error><Code>NoSuchBucketPolicy</Code></Error>"),
            (503, r#"{"__type":"ResourceNotFoundException"}"#),
        ] {
            assert!(!absent(status, body), "{status} {body}");
        }
    }

    #[test]
    fn the_header_of_rest_has_the_code() {
        let header = HeaderValue::from_static("ResourceNotFoundException:http://internal.amazon.com/");
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-amzn-errortype"), header)]);
        assert!(is_absence(&Answer { status: 404, headers, body: Bytes::new() }));
    }
}
