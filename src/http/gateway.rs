//! Requests of services that are not answered here, for which there is a gateway.

use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;

use super::State;
use super::aws::unreadable;
use super::listener::{Pace, Transport};
use super::request_body::Receiving;
use crate::error::Result;
use crate::gateway::{Arrival, Body, Gateway, GivenBody, Inbound};
use crate::identity::RequestFacts;
use crate::wire::Service;

/// Whether a request is not for one of the services that are answered here although there is an upstream. Forms without a signature are for STS, which
/// has operations that need none.
pub(super) fn is_for_others(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    if let Some(service) = service_of_header(&parts.headers).or_else(|| service_of_query(query)) {
        return !is_own(&service);
    }
    let is_form = text(&parts.headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    let own_version = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        name == "Version" && [Service::IAM, Service::STS].iter().any(|own| own.version() == value)
    };
    let is_root_form = is_form && parts.method == Method::POST && parts.uri.path() == "/";
    !is_root_form && !form_urlencoded::parse(query.as_bytes()).any(own_version)
}

/// Whether a page of another origin may send it: a browser's question before a request, or a request that is signed by a
/// key which is not public.
pub(super) fn is_for_pages(parts: &Parts) -> bool {
    let key = credential_of_header(&parts.headers).map(str::to_owned);
    let key = key.or_else(|| parameter(parts.uri.query().unwrap_or_default(), &["X-Amz-Credential", "AWSAccessKeyId"]));
    let is_made = |key: &String| ["AKIA", "ASIA"].iter().any(|start| key.starts_with(start));
    parts.method == Method::OPTIONS || key.as_ref().is_some_and(is_made)
}

fn is_own(service: &str) -> bool {
    Service::ALL.iter().any(|own| own.signing_name() == service && !own.yields_to_upstream())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn credential_of_header(headers: &HeaderMap) -> Option<&str> {
    text(headers, header::AUTHORIZATION)?.split_once("Credential=")?.1.split([',', ' ']).next()
}

fn service_of_header(headers: &HeaderMap) -> Option<String> {
    service_of(credential_of_header(headers)?)
}

fn service_of_query(query: &str) -> Option<String> {
    service_of(&parameter(query, &["X-Amz-Credential"])?)
}

/// The service in `KEY-ID/DATE/REGION/SERVICE/aws4_request`.
fn service_of(credential: &str) -> Option<String> {
    credential.rsplit('/').nth(1).map(str::to_owned)
}

fn parameter(query: &str, names: &[&str]) -> Option<String> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    parameters.find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned())
}

/// Answers what another proxy asks about a request.
pub(super) async fn authorize(
    state: &State,
    gateway: &Gateway,
    (parts, facts, real): (&Parts, RequestFacts, DateTime<Utc>),
    (body, given): (Receiving, GivenBody),
    secure: bool,
) -> Response {
    let inbound = ReceivedBody { body, pace: Pace::default(), max: state.bodies.max };
    let arrival = Arrival { parts, facts, real, secure, asked: Some(given) };
    gateway.answer(&state.app, arrival, inbound).await.response.map(axum::body::Body::new)
}

/// Answers a request by the gateway.
pub(super) async fn answer(
    state: &State,
    gateway: &Gateway,
    parts: &Parts,
    body: Receiving,
    facts: RequestFacts,
    real: DateTime<Utc>,
) -> Response {
    let secure = Transport::of(parts).is_tls();
    let pace = parts.extensions.get::<Pace>().cloned().unwrap_or_default();
    let inbound = ReceivedBody { body, pace, max: state.bodies.max };
    let arrival = Arrival { parts, facts, real, secure, asked: None };
    gateway.answer(&state.app, arrival, inbound).await.response.map(axum::body::Body::new)
}

struct ReceivedBody {
    body: Receiving,
    pace: Pace,
    max: usize,
}

impl Inbound for ReceivedBody {
    async fn fill(&mut self, limit: usize) -> Result<bool> {
        self.body.fill(limit).await.map_err(unreadable)
    }

    fn max(&self) -> usize {
        self.max
    }

    fn bytes(&self) -> &[u8] {
        self.body.bytes()
    }

    fn take(&mut self) -> Bytes {
        self.body.take().into()
    }

    fn length(&self) -> Option<u64> {
        self.body.announced()
    }

    fn stream(&mut self) -> Body {
        self.pace.relax();
        self.body.stream().map_err(Into::into).boxed_unsync()
    }
}
