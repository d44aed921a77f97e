//! What a request shows of its operation, whatever the service.

use aws_reference::operations::{self, Protocol, Summary};
use http::HeaderMap;

use crate::Request;

/// Headers that decide about the operation, its input or its caller. A second one may be what the upstream reads.
const SINGLE: &[(&str, &str)] = &[
    ("x-amz-target", "two X-Amz-Target headers"),
    ("host", "two Host headers"),
    ("content-type", "two Content-Type headers"),
    ("content-encoding", "two Content-Encoding headers"),
    ("smithy-protocol", "two Smithy-Protocol headers"),
    ("authorization", "two Authorization headers"),
];

/// Headers with which some servers let a request name another method than its own.
const METHOD_OVERRIDES: &[&str] = &["x-http-method-override", "x-http-method", "x-method-override"];

/// What a `Connection` header may name: what is about the connection alone (RFC 9110, section 7.6.1). A proxy takes away
/// whatever else it names, so that the server behind it would not see a header that was decided on.
const OF_CONNECTION: &[&str] = &[
    "close",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// What a request shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'r> {
    /// Prefix and operation of `X-Amz-Target`.
    pub target: Option<(&'r str, &'r str)>,
    /// Whether a header says that it is rpc-v2-cbor.
    pub is_cbor: bool,
    /// Whether it is a form that a client posts.
    pub is_form: bool,
    /// Whether the query string has a parameter `Action`.
    pub has_action: bool,
    /// Whether the query string has anything that is not of the signature or a hint of the SDKs. Some servers look there
    /// for members before they look into the body.
    pub has_parameters: bool,
    /// Something that makes every reading doubtful.
    pub doubtful: Option<&'static str>,
}

impl<'r> Shown<'r> {
    pub fn of(request: &Request<'r>) -> Self {
        let (is_form, charset_known) = form(request);
        let has_target = request.headers.contains_key("x-amz-target");
        let target = request.header("x-amz-target").and_then(|target| target.rsplit_once('.'));
        let mut names = form_urlencoded::parse(request.query.as_bytes()).map(|(name, _)| name);
        let has_parameters = names.any(|name| !is_no_member(&name));
        let smithy = request.headers.get("smithy-protocol");
        let is_cbor = smithy.is_some_and(|value| value.as_bytes() == b"rpc-v2-cbor");
        let doubtful = repeated(request.headers)
            .or(takes_away(request.headers).then_some("a Connection header that takes another header away"))
            .or((!request.path.is_ascii() || !request.query.is_ascii()).then_some("a URL that is not percent-encoded"))
            .or((has_target && target.is_none()).then_some("an X-Amz-Target that names no operation"))
            .or((smithy.is_some() && !is_cbor).then_some("an unknown Smithy-Protocol"))
            .or((has_target && is_cbor).then_some("an X-Amz-Target and a Smithy-Protocol"))
            .or((has_target && is_form).then_some("an X-Amz-Target and a form"))
            .or((is_form && !charset_known).then_some("a form in an unknown character set"));
        Self { target, is_cbor, is_form, has_action: has_action(request.query), has_parameters, doubtful }
    }

    /// The protocol that the request seems to be in, for its refusal.
    pub fn protocol(&self, services: &[&'static Summary]) -> Protocol {
        let spoken = services.first().and_then(|summary| summary.protocols().next());
        let speaks = |protocol| services.is_empty() || services.iter().any(|summary| summary.speaks(protocol));
        match spoken {
            _ if self.target.is_some() && speaks(Protocol::Json) => Protocol::Json,
            _ if self.is_cbor && speaks(Protocol::Cbor) => Protocol::Cbor,
            _ if (self.is_form || self.has_action) && speaks(Protocol::Query) => Protocol::Query,
            Some(protocol) => protocol,
            None => Protocol::RestXml,
        }
    }

    /// The service that the request seems to mean, for its refusal.
    pub fn service(&self, services: &[&'static Summary]) -> Option<&'static Summary> {
        let by_target = self.target.and_then(|(prefix, _)| operations::with_target_prefix(prefix).first());
        services.first().or(by_target).copied()
    }
}

/// Whether a parameter belongs to the signature, or is the hint with which JavaScript's SDK names the operation.
pub(super) fn is_no_member(name: &str) -> bool {
    name == "x-id" || name.starts_with("X-Amz-")
}

fn repeated(headers: &HeaderMap) -> Option<&'static str> {
    let twice = |name: &str| headers.get_all(name).iter().nth(1).is_some();
    let found = SINGLE.iter().find(|(name, _)| twice(name)).map(|(_, what)| *what);
    found.or_else(|| METHOD_OVERRIDES.iter().any(|name| headers.contains_key(*name)).then_some("a second method"))
}

/// Whether a `Connection` header names one of the headers that are there.
fn takes_away(headers: &HeaderMap) -> bool {
    headers.get_all("connection").iter().any(|value| {
        let names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        names
            .filter_map(|name| http::HeaderName::from_bytes(name).ok())
            .any(|name| !OF_CONNECTION.contains(&name.as_str()) && headers.contains_key(&name))
    })
}

/// Whether the body is a form, and whether in a character set that everybody reads alike.
fn form(request: &Request<'_>) -> (bool, bool) {
    let content_type = request.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_form = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let known = parts.all(|parameter| {
        let value = parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        value.is_none_or(|(_, set)| set.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
    });
    (is_form && request.method == "POST", known)
}

fn has_action(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
}
