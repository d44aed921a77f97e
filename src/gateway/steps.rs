//! The steps of a call through the gateway.

use aws_calls::Request;
use aws_calls::lookup;
use aws_calls::needs::{Fact, Matters, Need};
use aws_calls::questions::{Asked, Mapping, Scene};
use aws_reference::operations::Protocol;
use http::{HeaderValue, Response, StatusCode};

use super::authentication::Authenticated;
use super::credentials::Presented;
use super::decision::{Decided, Decision};
use super::facts::token_key;
use super::form::Posted;
use super::meant::{Asking, Meant};
use super::refusal;
use super::ruling::{Ruling, Settled, Tongue, Undecided, Verdict};
use super::{Arrival, Body, Gateway, Inbound, answer, event, source_key};
use crate::app::{App, Line, Record};
use crate::call::Enforcement;
use crate::error::{Code, Error};
use crate::shapes::Partition;
use crate::sigv4::Incoming;
use aws_calls::fault::Fault;

/// The most bytes that are read for a caller whose access key is unknown.
pub(super) const MAX_FOR_STRANGERS: usize = 1 << 20;

/// The most bytes of an upstream's error.
const MAX_ERROR: usize = 64 * 1024;

/// The most bytes of an answer of KMS, which decrypts up to 6 KiB.
pub(super) const MAX_DECRYPTED: usize = 64 * 1024;

/// The most bytes of an answer with tokens: Kinesis gives records of up to 10 MiB at a time, in base64.
const MAX_WITH_TOKENS: usize = 16 << 20;

/// The region of calls that are not signed.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

/// Why a call is not answered by the upstream.
pub(super) struct Failure {
    /// For the log.
    pub error: Error,
    /// In the service's words, where they do not follow from the error.
    pub refusal: Option<Fault>,
    /// Whether a proxy that asks has to give the body.
    pub lacks_body: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, refusal: None, lacks_body: false }
    }
}

impl From<Fault> for Failure {
    fn from(refusal: Fault) -> Self {
        let code = match refusal.status {
            403 => Code::AccessDenied,
            503 => Code::ServiceUnavailable,
            500.. => Code::InternalFailure,
            _ => Code::InvalidInput,
        };
        Self { error: Error::new(code, refusal.message.clone()), refusal: Some(refusal), lacks_body: false }
    }
}

/// What came of a call.
pub struct Outcome {
    /// The answer.
    pub response: Response<Body>,
}

impl Gateway {
    /// Answers a call and writes one line about it.
    pub async fn answer(&self, app: &App, mut arrival: Arrival<'_>, mut inbound: impl Inbound) -> Outcome {
        let mut record = Record::begin();
        let mut tongue = Tongue { service: None, protocol: Protocol::RestJson };
        let presented = Presented::read(&incoming(arrival.parts, &[]));
        if let Ok(presented) = &presented {
            let region = presented.region().map(str::to_owned);
            let region = region.or_else(|| aws_calls::recognise::region_of_host(&request(arrival.parts, None)));
            arrival.facts.region = region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
        }
        let served = match presented {
            Ok(presented) if arrival.asked.is_some() => {
                self.authorize(app, &arrival, &presented, &mut inbound, &mut record, &mut tongue).await
            }
            Ok(presented) => self.serve(app, &arrival, &presented, &mut inbound, &mut record, &mut tongue).await,
            Err(error) => {
                tongue = Tongue::of(Meant::of(&request(arrival.parts, None), &[], None, &self.hosts));
                Err(error.into())
            }
        };
        // The one place that knows all of a call: what it asked, who did, what was decided and what came of it.
        let line = Line { method: arrival.parts.method.as_str(), path: arrival.parts.uri.path() };
        let error = served.as_ref().err().map(|failure| &failure.error);
        record.write(line, &arrival.facts, error);
        if let Some(error) = error {
            app.detect_failure(&record, &arrival.facts, error);
        }
        let result = served.as_ref().map(|(response, _)| response.status()).map_err(|failure| &failure.error);
        app.environment.metrics.gateway_request(&record.action, result, record.elapsed());
        if let Some(called) = event::called(&record.action) {
            app.keep_event(&mut record, &arrival.facts, called, event::came(&served));
        }
        let would_deny = record.would_deny.as_ref().and_then(Error::message);
        let response = match served {
            Ok((response, mapping)) => answer::marked(response, Some(mapping), would_deny),
            Err(Failure { error, refusal, lacks_body }) => {
                let Tongue { service, protocol } = tongue;
                let refusal = refusal.unwrap_or_else(|| refusal::of_error(&error, service, protocol));
                let mut refused = answer::refused(&refusal, service, protocol, &arrival);
                if lacks_body {
                    // Other statuses than 401 and 403 are failures to nginx.
                    *refused.status_mut() = StatusCode::FORBIDDEN;
                    refused.headers_mut().insert("x-iamd-error", HeaderValue::from_static("body-needed"));
                }
                // What of the body was not read is still to come, so the connection is of no more use.
                if inbound.length() == Some(0) { refused } else { answer::last(refused) }
            }
        };
        Outcome { response }
    }

    async fn serve(
        &self,
        app: &App,
        arrival: &Arrival<'_>,
        presented: &Presented<'_>,
        inbound: &mut impl Inbound,
        record: &mut Record,
        tongue: &mut Tongue,
    ) -> Result<(Response<Body>, Mapping), Failure> {
        let Ruling { meant, verdict } = self.rule(app, arrival, presented, inbound, record, tongue).await?;
        let Settled { authenticated, scene, facts, asked, decided, mapping } = match verdict {
            Verdict::Free => {
                let authenticated = Authenticated::anonymous();
                let decided = Decided { owner: self.config.default_owner, denied: Vec::new() };
                let forwarded = self.forward(app, arrival, inbound, &meant, authenticated, decided).await?;
                return Ok((forwarded, Mapping::Exact));
            }
            Verdict::Form => {
                let Meant::S3(routed, _) = &meant else {
                    return Err(Error::internal("a form that is not S3's").into());
                };
                self.upstream_for(arrival, &meant).await?;
                let form = Posted { app, arrival, meant: &meant, routed };
                let answer = self.serve_form(&form, presented, inbound, record).await?;
                return Ok((answer, Mapping::Exact));
            }
            Verdict::ByAnswer(undecided) => {
                let caller = undecided.authenticated.caller.clone();
                let decision = Decision { app, arrival, meant: &meant, caller: &caller };
                return self.answer_if_allowed(&decision, (*undecided, inbound), presented, record).await;
            }
            Verdict::Decided(settled) => *settled,
        };
        let caller = authenticated.caller.clone();
        let decision = Decision { app, arrival, meant: &meant, caller: &caller };
        if self.is_answered_here(&meant) {
            let answer = self.answer_here(&decision, (&asked, &decided), inbound.bytes()).await?;
            return Ok((answer, mapping));
        }
        let (owner, made) = (decided.owner, self.copy_of_new(&meant, inbound.bytes()));
        let forwarded = self.forward(app, arrival, inbound, &meant, authenticated, decided).await?;
        let forwarded = match forwarded.status().is_success() {
            true => {
                self.follow_resource(&decision, (&asked, owner), &made).await?;
                if self.forget_policies(&meant, &asked) {
                    app.store.forget_documents_everywhere().await;
                }
                self.remember_tokens(&decision, &asked, forwarded).await?
            }
            false => forwarded,
        };
        let asking = Asking { scene: &scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
        let response = match forwarded.status().as_u16() {
            404 => self.unless_hidden(&decision, &asking, forwarded).await?,
            _ => forwarded,
        };
        let response = source_key::checked(&meant, &asked, response).await?;
        Ok((answer::leading_here(&meant, arrival, response).await?, mapping))
    }

    /// A call that only its answer can decide: the upstream decrypts, says which key it was, and the caller gets the
    /// answer if it may use that key. Nothing changes by decrypting.
    pub(super) async fn answer_if_allowed(
        &self,
        decision: &Decision<'_>,
        (undecided, inbound): (Undecided, &mut impl Inbound),
        presented: &Presented<'_>,
        record: &mut Record,
    ) -> Result<(Response<Body>, Mapping), Failure> {
        let Undecided { authenticated, scene, mut facts } = undecided;
        let Decision { app, arrival, meant, caller } = *decision;
        let body = inbound.bytes().to_vec();
        let decided = Decided { owner: caller.account, denied: Vec::new() };
        let (parts, answer) = self.forward(app, arrival, inbound, meant, authenticated, decided).await?.into_parts();
        let answer = answer::read(answer, MAX_DECRYPTED).await?;
        let said: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
        let key = ["SourceKeyId", "KeyId"].iter().find_map(|name| said.get(name)?.as_str());
        if !parts.status.is_success() {
            // What the ciphertext is, is for those to know who may use some key.
            facts.insert(Need::KeyOfCiphertext, Fact::Missing);
        } else {
            let key = key.ok_or_else(|| unknown(&Need::KeyOfCiphertext))?;
            facts.insert(Need::KeyOfCiphertext, Fact::Text(key.to_owned()));
        }
        let asking = Asking { scene: &scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
        let asked = meant.ask(&request(arrival.parts, Some(&body)), &asking)?;
        if let Some(need) = asked.needs.iter().find(|need| need.matters() == Matters::Always) {
            return Err(unknown(need).into());
        }
        let mapping = asked.questions.iter().map(|question| question.mapping).max().unwrap_or(Mapping::Assumed);
        self.decide(decision, &asked, &body, record).await?;
        Ok((Response::from_parts(parts, answer::whole(answer)), mapping))
    }

    /// Keeps what the tokens in an answer stand for: later calls name their resource by nothing else.
    async fn remember_tokens(
        &self,
        decision: &Decision<'_>,
        asked: &Asked,
        response: Response<Body>,
    ) -> Result<Response<Body>, Failure> {
        let Decision { app, arrival, meant, caller } = *decision;
        let resource = asked.questions.first().map_or("*", |question| &question.resource);
        let Some(call) = meant.call().filter(|call| resource != "*" && lookup::gives_tokens(call)) else {
            return Ok(response);
        };
        let (parts, body) = response.into_parts();
        let body = answer::read(body, MAX_WITH_TOKENS).await?;
        let tokens = lookup::tokens(call, &body).into_iter();
        let keys = tokens.filter_map(|token| token_key(caller.account, &arrival.facts.region, &token));
        let keys: Vec<_> = keys.inspect(|key| self.tokens.keep(*key, resource)).collect();
        if let Err(error) = app.store.keep_tokens(caller.account, &keys, resource).await {
            tracing::debug!(%error, "other servers do not know the resources of tokens");
        }
        Ok(Response::from_parts(parts, answer::whole(body)))
    }

    /// Only those who may list the bucket learn whether a key exists; others are denied.
    async fn unless_hidden(
        &self,
        decision: &Decision<'_>,
        asking: &Asking<'_>,
        response: Response<Body>,
    ) -> Result<Response<Body>, Failure> {
        let Some(question) = decision.meant.ask_of_missing(asking)? else { return Ok(response) };
        let (parts, body) = response.into_parts();
        let body = answer::read(body, MAX_ERROR).await?;
        let no_bucket = memchr::memmem::find(&body, b"<Code>NoSuchBucket</Code>").is_some();
        let owner = self.owner(&question, decision.caller)?;
        let denial = match no_bucket {
            true => None,
            false => self.denials(decision, std::slice::from_ref(&question), None).await?.pop().flatten(),
        };
        match denial {
            Some(denial) if decision.app.environment.enforcement == Enforcement::On => {
                Err(self.denied(decision, denial.error, owner))
            }
            _ => Ok(Response::from_parts(parts, answer::whole(body))),
        }
    }

    /// Reads the body. Without a known key, a body may not take much memory.
    pub(super) async fn read(
        &self,
        app: &App,
        arrival: &Arrival<'_>,
        inbound: &mut impl Inbound,
        presented: &Presented<'_>,
        limit: usize,
    ) -> Result<(), Failure> {
        let limit = limit.min(inbound.max());
        let announced =
            inbound.length().is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > limit));
        if announced {
            return Err(too_large(limit).into());
        }
        if inbound.fill(MAX_FOR_STRANGERS.min(limit)).await? {
            return Ok(());
        }
        let is_known = match presented {
            Presented::Version4(signature) => {
                app.authenticator.knows(&app.accounts, signature, arrival.facts.now).await
            }
            Presented::Version2(_) | Presented::Nothing => false,
        };
        if is_known && inbound.fill(limit).await? { Ok(()) } else { Err(too_large(limit).into()) }
    }

    pub(super) fn scene(&self, app: &App, arrival: &Arrival<'_>, authenticated: &Authenticated) -> Scene {
        let region = arrival.facts.region.clone();
        let partition = app.authenticator.partition.unwrap_or_else(|| Partition::of_region(&region));
        Scene { partition: partition.name().to_owned(), region, account: authenticated.caller.account.to_string() }
    }
}

/// What cannot be known cannot be decided.
pub(super) fn unknown(need: &Need) -> Error {
    let what = match need {
        Need::ResourceOfToken { .. } => "what the token of the request stands for",
        Need::KeyOfCiphertext => "which key the ciphertext was encrypted with",
        _ => "which resource the request means",
    };
    Error::new(Code::AccessDenied, format!("iamd does not know {what}."))
}

pub(super) fn too_large(limit: usize) -> Error {
    Error::new(Code::RequestEntityTooLarge, format!("Request must be smaller than {limit} bytes for this service"))
}

pub(super) fn incoming<'r>(parts: &'r http::request::Parts, body: &'r [u8]) -> Incoming<'r> {
    Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    }
}

pub(super) fn request<'r>(parts: &'r http::request::Parts, body: Option<&'r [u8]>) -> Request<'r> {
    Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    }
}
