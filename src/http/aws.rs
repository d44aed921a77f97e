//! AWS's endpoint: raw HTTP in, AWS's answers out.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::guard::{host, is_from_foreign_page, is_of_unknown_site, names_one_host};
use super::request_body::{ReadError, Receiving};
use super::{State, gateway, landing, other_services, tls_details};
use crate::app::{Outcome, WireRequest};
use crate::error::{Code, Error};
use crate::identity::RequestFacts;
use crate::shapes::Timestamp;
use crate::sigv4::{Incoming, Signature};
use crate::wire::{Answer, Exchange, Service};

/// The region of the global endpoints; a signature names the one that is meant.
const GLOBAL_REGION: &str = "us-east-1";

/// The most bytes that are read for a caller whose access key is unknown, and of most operations.
const MAX_ORDINARY: usize = 1 << 20;

/// The operations that take more: documents of up to ten million characters, certificate chains, and lists of policies.
pub const LARGE_OPERATIONS: &[&str] = &[
    "CreateSAMLProvider",
    "GetContextKeysForCustomPolicy",
    "GetContextKeysForPrincipalPolicy",
    "SimulateCustomPolicy",
    "SimulatePrincipalPolicy",
    "UpdateSAMLProvider",
    "UploadServerCertificate",
];

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
    let accepts_json = accepts_json(&parts.headers);
    let gateway = state.gateway.as_ref().filter(|_| gateway::is_for_others(&parts));
    let mut body = state.bodies.receive(body);
    let admitted = match admit(&parts, &state, gateway.is_some()) {
        Ok(()) if landing::is_wanted(&parts) && (gateway.is_none() || parts.uri.path() == "/") => {
            return landing::answer(&state, &parts);
        }
        Ok(()) => match gateway {
            Some(gateway) => {
                let facts = facts(&incoming(&parts, &[]), request_id, peer, now.into());
                let facts = RequestFacts { tls: tls_details(&parts), ..facts };
                return gateway::answer(&state, gateway, &parts, body, facts, real).await;
            }
            None => read(&mut body, &parts, &state, now.into()).await,
        },
        Err(refusal) => Err(refusal),
    };
    if let Err(error) = admitted {
        let exchange = Exchange { service: Service::IAM, operation: "", request_id: &request_id, accepts_json };
        return respond(Service::IAM.protocol().fault(&exchange, &error), &request_id, None);
    }
    let incoming = incoming(&parts, body.bytes());
    if let Some(refusal) = other_services::refusal(&incoming, &request_id) {
        return refusal;
    }
    let facts = facts(&incoming, request_id.clone(), peer, now.into());
    let facts = RequestFacts { tls: tls_details(&parts), ..facts };
    let Outcome { answer, would_deny } = state.app.answer(WireRequest { incoming, facts, real, accepts_json }).await;
    respond(answer, &request_id, would_deny.as_ref())
}

/// Keeps foreign pages out. Their names cannot be distinguished from the server's own where anyone may sign: while
/// there are development credentials, and on a listener for this machine. Pages may send what is signed for other
/// services by a key that they must have been given, such as uploads to presigned URLs.
pub(super) fn admit(parts: &Parts, state: &State, is_for_others: bool) -> Result<(), Error> {
    if !names_one_host(parts) {
        return Err(Error::new(Code::MalformedInput, "The request must have one Host header."));
    }
    let host = host(&parts.headers);
    let refused = |message| Err(Error::new(Code::AccessDenied, message));
    let development = state.app.authenticator.root.are_public();
    let is_guarded = development || state.listen.ip().is_loopback();
    let is_for_pages = is_for_others && gateway::is_for_pages(parts);
    if is_from_foreign_page(&parts.headers) && !is_for_pages {
        return refused("Requests that a browser makes for pages of other origins are refused.");
    }
    if is_guarded && !host.is_empty() && !state.hosts.contain(host) {
        return refused(
            "The Host header names a public domain, which may be one of other origins; --allowed-hosts allows it.",
        );
    }
    if development && is_of_unknown_site(parts) && !landing::is_wanted(parts) && !is_for_pages {
        return refused(
            "Requests that a browser may make for pages of other origins are refused while there are development \
             credentials.",
        );
    }
    Ok(())
}

/// Reads the body. Without a known key, or for an operation that needs little, a body may not take much memory.
async fn read(body: &mut Receiving, parts: &Parts, state: &State, now: Timestamp) -> Result<(), Error> {
    let max = state.bodies.max;
    let ordinary = MAX_ORDINARY.min(max);
    if body.announced().is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|bytes| bytes > max)) {
        return Err(too_large(max));
    }
    if body.fill(ordinary).await.map_err(unreadable)? {
        return Ok(());
    }
    if !is_large_operation(parts, body.bytes()) || !is_of_known_key(parts, state, now).await {
        return Err(too_large(ordinary));
    }
    if body.fill(max).await.map_err(unreadable)? { Ok(()) } else { Err(too_large(max)) }
}

fn is_large_operation(parts: &Parts, beginning: &[u8]) -> bool {
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let action = query.chain(form_urlencoded::parse(beginning)).find(|(name, _)| name == "Action");
    action.is_some_and(|(_, action)| LARGE_OPERATIONS.contains(&&*action))
}

/// Whether the request is signed with a key that exists. The signature can be verified only once the body is there.
async fn is_of_known_key(parts: &Parts, state: &State, now: Timestamp) -> bool {
    let incoming = incoming(parts, &[]);
    match Signature::read(&incoming) {
        Ok(signature) => state.app.authenticator.knows(&state.app.accounts, &signature, now).await,
        Err(_) => false,
    }
}

fn too_large(limit: usize) -> Error {
    let message = format!("Request must be smaller than {limit} bytes for this service");
    Error::new(Code::RequestEntityTooLarge, message)
}

pub(super) fn unreadable(error: ReadError) -> Error {
    match error {
        ReadError::TooLarge(limit) => too_large(limit),
        ReadError::Busy => Error::new(
            Code::ServiceUnavailable,
            "The server is receiving too many large requests at the moment. Try again later.",
        ),
        ReadError::Late => Error::new(Code::RequestTimeout, "The request body was not sent in time."),
        ReadError::Ended => Error::new(Code::MalformedInput, "The request body ended early."),
    }
}

pub(super) fn incoming<'r>(parts: &'r Parts, body: &'r [u8]) -> Incoming<'r> {
    Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    }
}

/// Whether a client of the Query protocol wants JSON.
fn accepts_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.trim().starts_with("application/json"))
}

pub(super) fn facts(incoming: &Incoming<'_>, request_id: String, peer: SocketAddr, now: Timestamp) -> RequestFacts {
    let text = |name| incoming.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    RequestFacts {
        request_id,
        now,
        source_ip: peer.ip().to_canonical(),
        user_agent: text(header::USER_AGENT),
        referer: text(header::REFERER),
        region: GLOBAL_REGION.to_owned(),
        tls: None,
    }
}

fn respond(answer: Answer, request_id: &str, would_deny: Option<&Error>) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(Ok(denial)) = would_deny.and_then(Error::message).map(HeaderValue::from_str) {
        headers.insert("x-iamd-would-deny", denial);
    }
    response
}
