//! One request of a browser: its parameters, who it is of, and calls on behalf of that principal.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use serde_json::Value;

use super::session::{self, SignedIn};
use super::view::{Block, Notice, Page, Who};
use super::{answer, guard};
use crate::call::Operation;
use crate::error::{Code, Error};
use crate::http::{State, tls_details};
use crate::identity::RequestFacts;
use crate::services;
use crate::shapes::{Secret, Timestamp};
use crate::wire::Service;

/// The most bytes of a form: a certificate with its chain, or metadata of a SAML provider, fits in.
const MAX_FORM: usize = 1 << 20;

/// A request with its form.
pub struct Sent {
    /// The head.
    pub parts: Parts,
    /// The fields of the form, or of the query of a GET.
    pub fields: Vec<(String, String)>,
    /// The facts for the conditions of policies.
    pub facts: RequestFacts,
    /// The body as it came.
    pub body: Bytes,
}

impl Sent {
    /// Reads a request.
    ///
    /// # Errors
    /// A refusal, for a form that is too large.
    pub async fn read(state: &State, peer: SocketAddr, request: Request) -> Result<Self, Response> {
        let now = Timestamp::from(state.app.environment.clock.now());
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_FORM).await;
        let body = body.map_err(|_| answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large."))?;
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let given = if body.is_empty() { query } else { &body };
        let fields = form_urlencoded::parse(given).into_owned().collect();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let partition = state.app.authenticator.partition.unwrap_or_default();
        let facts = RequestFacts {
            request_id: uuid::Uuid::new_v4().to_string(),
            now,
            source_ip: peer.ip().to_canonical(),
            user_agent: text(header::USER_AGENT),
            referer: text(header::REFERER),
            region: partition.signing_region().to_owned(),
            tls: tls_details(&parts),
        };
        Ok(Self { parts, fields, facts, body })
    }

    /// A field; the empty text if it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// Whether the request came over TLS.
    pub fn is_tls(&self) -> bool {
        guard::is_tls(&self.parts)
    }

    /// The path with its query, to come back to.
    pub fn place(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/console/", |place| place.as_str())
    }
}

/// A request of somebody who is signed in.
pub struct Visit {
    /// The server.
    pub state: Arc<State>,
    /// The request.
    pub sent: Sent,
    /// Who is signed in.
    pub session: Arc<SignedIn>,
    who: Who,
}

impl Visit {
    /// A request of somebody who is signed in; everybody else is led to the sign-in page, and back from there.
    ///
    /// # Errors
    /// The answer in place of the page.
    pub async fn begin(state: Arc<State>, peer: SocketAddr, request: Request) -> Result<Self, Response> {
        let sent = Sent::read(&state, peer, request).await?;
        let Some(session) = session::signed_in(&state, &sent.parts.headers, sent.facts.now).await else {
            let start = "/console/signin?";
            let mut next = form_urlencoded::Serializer::for_suffix(start.to_owned(), start.len());
            if sent.parts.method == http::Method::GET && sent.place() != "/console/" {
                next.append_pair("next", sent.place());
            }
            return Err(answer::see_other(next.finish().trim_end_matches('?')));
        };
        let account =
            state.app.accounts.get(session.caller.account).await.map_err(|error| answer::failed(&error))?.durable();
        let arn = session.caller.arn(&account).map_err(|error| answer::failed(&error))?;
        let who = Who::of(&session, arn);
        Ok(Self { state, sent, session, who })
    }

    /// A form of somebody who is signed in, which carries the session's token.
    ///
    /// # Errors
    /// The answer in place of what the form would do.
    pub async fn begin_form(state: Arc<State>, peer: SocketAddr, request: Request) -> Result<Self, Response> {
        let visit = Self::begin(state, peer, request).await?;
        if Secret::new(visit.sent.field("csrf")) != visit.session.csrf {
            let why = "The form is of another session. Go back, load the page again, and send it once more.";
            return Err(answer::refused(StatusCode::FORBIDDEN, why));
        }
        Ok(visit)
    }

    /// The same for the region that the query names: events are looked up region by region.
    pub fn in_region_asked(mut self) -> Self {
        let region = self.sent.field("region").to_owned();
        let is_plain = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !region.is_empty() && is_plain {
            self.sent.facts.region = region;
        }
        self
    }

    /// The principal's ARN.
    pub fn arn(&self) -> &str {
        &self.who.arn
    }

    /// Calls an operation of IAM as the principal.
    ///
    /// # Errors
    /// The operation's.
    pub async fn iam(&self, operation: &str, parameters: &[(&str, &str)]) -> Result<Value, Error> {
        self.call(Service::IAM, operation, parameters).await
    }

    /// Calls an operation as the principal.
    ///
    /// # Errors
    /// The operation's.
    pub async fn call(&self, service: Service, name: &str, parameters: &[(&str, &str)]) -> Result<Value, Error> {
        let entry = services::find(service, name);
        let entry = entry.ok_or_else(|| Error::new(Code::InvalidAction, format!("There is no operation {name}.")))?;
        self.state.app.call_named(&self.session.caller, entry, parameters, &self.sent.facts).await
    }

    /// The same with the result as the operation gives it.
    ///
    /// # Errors
    /// The operation's.
    pub async fn output<O: Operation>(&self, parameters: &[(&str, &str)]) -> Result<O::Output, Error> {
        self.state.app.call_typed::<O>(&self.session.caller, parameters, &self.sent.facts).await
    }

    /// A page.
    pub fn page(&self, section: &'static str, title: &str, notice: Option<Notice>, blocks: Vec<Block>) -> Response {
        let page = Page { title: title.to_owned(), section, who: self.who.clone(), notice, blocks };
        answer::page(StatusCode::OK, &page)
    }

    /// A page in place of one whose calls failed: AWS's code and sentence.
    pub fn refusal(&self, section: &'static str, title: &str, error: &Error) -> Response {
        let status = StatusCode::from_u16(error.code().status()).unwrap_or(StatusCode::BAD_REQUEST);
        let page = Page {
            title: title.to_owned(),
            section,
            who: self.who.clone(),
            notice: Notice::error(sentence(error)),
            blocks: Vec::new(),
        };
        answer::with_reason(answer::page(status, &page), &sentence(error))
    }
}

/// AWS's code and sentence.
pub fn sentence(error: &Error) -> String {
    let message = error.message().unwrap_or("The server failed; its log says why.");
    format!("{}: {message}", error.code().as_str())
}
