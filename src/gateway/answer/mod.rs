//! What the client gets.

mod bypass;
mod queues;

pub(super) use queues::leading_here;

use aws_calls::fault::{self, Addressee, Fault};
use aws_calls::questions::Mapping;
use aws_reference::operations::{Protocol, Summary};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};

use super::{Arrival, Body, steps};
use crate::error::{Code, Error, Result};

/// An answer with how sure the gateway was and what it would have denied.
pub(super) fn marked(
    mut response: Response<Body>,
    mapping: Option<Mapping>,
    would_deny: Option<&str>,
) -> Response<Body> {
    let headers = response.headers_mut();
    if let Some(mapping) = mapping {
        headers.insert("x-iamd-mapping", HeaderValue::from_static(word(mapping)));
    }
    if let Some(Ok(denial)) = would_deny.map(HeaderValue::from_str) {
        headers.insert("x-iamd-would-deny", denial);
    }
    response
}

fn word(mapping: Mapping) -> &'static str {
    match mapping {
        Mapping::Exact => "exact",
        Mapping::Derived => "derived",
        Mapping::Assumed => "assumed",
    }
}

/// An error in the service's own form.
pub(super) fn refused(
    fault: &Fault,
    service: Option<&'static Summary>,
    protocol: Protocol,
    arrival: &Arrival<'_>,
) -> Response<Body> {
    let request = steps::request(arrival.parts, None);
    let to = Addressee { service, protocol, request, request_id: &arrival.facts.request_id };
    fault::answer(fault, &to).map(whole)
}

/// An answer after which the connection ends.
pub(super) fn last(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body that is there already.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Reads a body of an upstream's answer of up to so many bytes.
///
/// # Errors
/// When it is longer or breaks off.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes> {
    let unreadable = || Error::new(Code::ServiceUnavailable, "The upstream's answer could not be read.");
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| unreadable())?.into_data() {
            if bytes.len().saturating_add(data.len()) > limit {
                return Err(unreadable());
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes.freeze())
}
