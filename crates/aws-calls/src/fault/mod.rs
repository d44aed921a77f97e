//! Refusals in the form of each protocol and service, so that clients show them as they show AWS's own.

mod forms;
mod xml;

use std::borrow::Cow;

use aws_reference::operations::{Protocol, Summary};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::Request;
use forms::{Body, Form};

/// What is wrong, in the words of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The code: `AccessDeniedException`.
    pub code: Cow<'static, str>,
    /// The code that the service had when it spoke the Query protocol, for services that still say it. None: the code
    /// without `Exception`.
    pub query_code: Option<&'static str>,
    /// The message.
    pub message: Cow<'static, str>,
    /// Elements that S3 puts behind the message, such as `AWSAccessKeyId`.
    pub details: Vec<(&'static str, String)>,
}

impl Fault {
    /// A fault without more than its code and message.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: code.into(), query_code: None, message: message.into(), details: Vec::new() }
    }

    /// Whether the client can do something about it.
    fn is_senders(&self) -> bool {
        self.status < 500
    }

    fn query_code(&self) -> &str {
        self.query_code.unwrap_or_else(|| self.code.strip_suffix("Exception").unwrap_or(&self.code))
    }
}

/// Whose request is refused, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// The service that the request means, as far as that is known.
    pub service: Option<&'static Summary>,
    /// The protocol of the request.
    pub protocol: Protocol,
    /// The request.
    pub request: Request<'a>,
    /// The id of the request, as services other than S3 write it: a UUID.
    pub request_id: &'a str,
}

impl Addressee<'_> {
    fn is(&self, name: &str) -> bool {
        self.service.is_some_and(|service| service.name == name)
    }

    /// Whether the answer is S3's: a request of which no service is known and which could be any is a request to S3.
    fn is_s3(&self) -> bool {
        self.is("s3") || (self.service.is_none() && self.protocol == Protocol::RestXml)
    }
}

/// The whole answer.
pub fn answer(fault: &Fault, to: &Addressee<'_>) -> Response<Vec<u8>> {
    let Form { content_type, headers, body } = forms::of(fault, to);
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    identify(&mut response, &content_type, to);
    let sent = response.headers_mut();
    for (name, value) in &headers {
        insert(sent, HeaderName::from_static(name), value);
    }
    // The answer to HEAD has no body, and none of AWS's headers say more.
    if to.request.method != "HEAD" {
        *response.body_mut() = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
        };
    }
    response
}

/// A successful answer in JSON or CBOR whose members are texts.
pub fn result(members: &[(&str, &str)], to: &Addressee<'_>) -> Response<Vec<u8>> {
    let (content_type, body) = forms::result(members, to);
    let mut response = Response::new(body);
    identify(&mut response, &content_type, to);
    response
}

/// Gives an answer its content type, unless that is empty, and the ids of its request.
pub fn identify<B>(response: &mut Response<B>, content_type: &str, to: &Addressee<'_>) {
    let sent = response.headers_mut();
    if !content_type.is_empty() {
        insert(sent, CONTENT_TYPE, content_type);
    }
    let ids = if to.is_s3() || to.is("s3control") {
        let (id, host_id) = s3_ids(to.request_id);
        [("x-amz-request-id", id), ("x-amz-id-2", host_id)].to_vec()
    } else {
        vec![("x-amzn-requestid", to.request_id.to_owned())]
    };
    for (name, value) in &ids {
        insert(sent, HeaderName::from_static(name), value);
    }
}

/// A header whose value is shortened to what a header can hold.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let printable: String = value.chars().filter(|character| matches!(character, ' '..='~')).collect();
    if let Ok(value) = HeaderValue::from_str(&printable) {
        headers.insert(name, value);
    }
}

/// The ids of S3: sixteen digits, and a longer one in which AWS finds the host.
fn s3_ids(request_id: &str) -> (String, String) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_uppercase()).collect();
    let host_id =
        STANDARD.encode(digits.bytes().cycle().take(if digits.is_empty() { 0 } else { 56 }).collect::<Vec<_>>());
    (digits.chars().take(16).collect(), host_id)
}

#[cfg(test)]
mod tests;
