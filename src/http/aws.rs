//! AWS's endpoint: raw HTTP in, AWS's answers out.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use chrono::Utc;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};

use super::State;
use super::guard::{host, is_from_foreign_page, is_in_this_network, is_of_aws};
use super::other_services;
use crate::app::{Outcome, WireRequest};
use crate::error::{Code, Error};
use crate::identity::RequestFacts;
use crate::shapes::Timestamp;
use crate::sigv4::Incoming;
use crate::wire::{Format, Service};

/// The region of the global endpoints; a signature names the one that is meant.
const GLOBAL_REGION: &str = "us-east-1";

/// Answers a request of AWS's protocol.
pub async fn endpoint(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let real = Utc::now();
    let now = state.app.environment.clock.at(real);
    let (parts, body) = request.into_parts();
    let request_id = uuid::Uuid::new_v4().to_string();
    let format = wanted_format(&parts.headers);
    let body = match admit(&parts.headers, &state) {
        Ok(()) => read(body, &state).await,
        Err(refusal) => Err(refusal),
    };
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            let body = format.error(Service::Iam.namespace(), &error, &request_id);
            return respond(error.code().status(), body, format, &request_id, None);
        }
    };
    let incoming = Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    if let Some(refusal) = other_services::refusal(&incoming, &request_id) {
        return refusal;
    }
    let facts = facts(&incoming, request_id.clone(), peer, now.into());
    let outcome = state.app.answer(WireRequest { incoming, facts, real, format }).await;
    let Outcome { status, body, would_deny } = outcome;
    respond(status, body, format, &request_id, would_deny.as_ref())
}

/// Keeps out what a browser sends for a page of somebody else's: everybody knows the development credentials, so a page
/// could sign. On a listener for this machine only, nobody else's names lead here either, but for AWS's own.
fn admit(headers: &HeaderMap, state: &State) -> Result<(), Error> {
    let host = host(headers);
    let foreign_name = state.listen.ip().is_loopback() && !is_in_this_network(host) && !is_of_aws(host);
    if is_from_foreign_page(headers) || (foreign_name && !host.is_empty()) {
        let message = "Requests that a browser makes for pages of other origins are refused.";
        return Err(Error::new(Code::AccessDenied, message));
    }
    Ok(())
}

async fn read(body: Body, state: &State) -> Result<Vec<u8>, Error> {
    let collected = Limited::new(body, state.max_body_size).collect();
    match tokio::time::timeout(state.body_timeout, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let message = format!("Request must be smaller than {} bytes for this service", state.max_body_size);
            Err(Error::new(Code::RequestEntityTooLarge, message))
        }
        Ok(Err(_)) => Err(Error::new(Code::MalformedInput, "The request body ended early.")),
        Err(_) => Err(Error::new(Code::RequestTimeout, "The request body was not sent in time.")),
    }
}

fn wanted_format(headers: &HeaderMap) -> Format {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wants_json = accept.split(',').any(|kind| kind.trim().starts_with("application/json"));
    if wants_json { Format::Json } else { Format::Xml }
}

fn facts(incoming: &Incoming<'_>, request_id: String, peer: SocketAddr, now: Timestamp) -> RequestFacts {
    let text = |name| incoming.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    RequestFacts {
        request_id,
        now,
        source_ip: peer.ip().to_canonical(),
        user_agent: text(header::USER_AGENT),
        referer: text(header::REFERER),
        region: GLOBAL_REGION.to_owned(),
    }
}

fn respond(status: u16, body: String, format: Format, request_id: &str, would_deny: Option<&Error>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(Ok(denial)) = would_deny.and_then(Error::message).map(HeaderValue::from_str) {
        headers.insert("x-iamd-would-deny", denial);
    }
    response
}
