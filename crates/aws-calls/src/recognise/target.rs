//! Protocols that name service and operation outright: awsJson in a header, rpc-v2-cbor in the path.

use aws_reference::operations::{self, Protocol, Summary};

use super::refusal::{Reason, Unrecognised};
use super::shown::Shown;
use super::{named, speaking};
use crate::{Call, Request};

/// The content types of awsJson. Older clients of Kinesis write the same members in CBOR.
const CONTENT_TYPES: &[&str] =
    &["application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"];

/// A call of awsJson.
pub(super) fn json(
    request: &Request<'_>,
    shown: &Shown<'_>,
    (prefix, operation): (&str, &str),
    scope: Option<&str>,
    services: &'static [&'static Summary],
) -> Result<Call, Unrecognised> {
    let refuse = |reason| Err(Unrecognised::new(shown.service(services), Protocol::Json, reason));
    let content_type = request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if shown.has_action {
        return refuse(Reason::Ambiguous("an X-Amz-Target and an Action"));
    }
    if request.method != "POST" || request.path != "/" {
        return refuse(Reason::Ambiguous("an X-Amz-Target and a path or method that could name another operation"));
    }
    if shown.has_parameters {
        return refuse(Reason::Ambiguous("members in the query string"));
    }
    let found = find(Protocol::Json, prefix, operation, scope, services)?;
    // Whatever the content type says, some servers read a body that is no object as a form.
    let is_object =
        |body: &[u8]| body.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|first| *first == b'{');
    let is_text = !content_type.ends_with("cbor-1.1") && !request.headers.contains_key("content-encoding");
    if is_text && !request.body.is_none_or(is_object) {
        return refuse(Reason::Ambiguous("an X-Amz-Target and a body that is not an object"));
    }
    if !CONTENT_TYPES.iter().any(|known| content_type.eq_ignore_ascii_case(known)) {
        return refuse(Reason::Ambiguous("an X-Amz-Target and a content type that is not JSON"));
    }
    Ok(found)
}

/// A call of rpc-v2-cbor: `/service/{prefix}/operation/{name}`.
pub(super) fn cbor(
    request: &Request<'_>,
    shown: &Shown<'_>,
    scope: Option<&str>,
    services: &'static [&'static Summary],
) -> Result<Call, Unrecognised> {
    let refuse = |reason| Err(Unrecognised::new(shown.service(services), Protocol::Cbor, reason));
    let mut segments = request.path.split('/');
    let named = (segments.next(), segments.next(), segments.next(), segments.next(), segments.next(), segments.next());
    let (Some(""), Some("service"), Some(prefix), Some("operation"), Some(operation), None) = named else {
        return refuse(Reason::Ambiguous("a Smithy-Protocol and a path that names no operation of it"));
    };
    if shown.has_action || shown.is_form {
        return refuse(Reason::Ambiguous("a Smithy-Protocol and an Action"));
    }
    if shown.has_parameters {
        return refuse(Reason::Ambiguous("members in the query string"));
    }
    if request.method != "POST" {
        return refuse(Reason::UnknownOperation(format!("{} {}", request.method, request.path)));
    }
    find(Protocol::Cbor, prefix, operation, scope, services)
}

fn find(
    protocol: Protocol,
    prefix: &str,
    operation: &str,
    scope: Option<&str>,
    services: &'static [&'static Summary],
) -> Result<Call, Unrecognised> {
    let named_so = operations::with_target_prefix(prefix);
    let refuse = |service, reason| Err(Unrecognised::new(service, protocol, reason));
    let fits = |summary: &&Summary| scope.is_none_or(|scope| summary.signing_name == scope);
    let mut fitting = speaking(named_so, protocol).filter(fits).peekable();
    let first = fitting.peek().copied();
    if let Some(call) = fitting.find_map(|summary| named(summary, operation, protocol)) {
        return Ok(call);
    }
    match (first, named_so.first()) {
        (None, Some(owner)) if scope.is_some_and(|scope| scope != owner.signing_name) => {
            refuse(Some(owner), Reason::WrongScope(owner.signing_name))
        }
        (found, owner) => {
            let service = found.or_else(|| services.first().copied()).or_else(|| owner.copied());
            refuse(service, Reason::UnknownOperation(format!("{prefix}.{operation}")))
        }
    }
}
