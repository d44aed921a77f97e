//! The steps of a call through the gateway.

use aws_calls::Request;
use aws_calls::needs::{Fact, Facts, Matters, Need};
use aws_calls::questions::{Mapping, Scene};
use aws_calls::s3::Operation;
use aws_reference::operations::{Protocol, Summary};
use http::Response;

use super::authentication::{Authenticated, authenticate};
use super::credentials::Presented;
use super::decision::{Decided, Decision};
use super::facts::MAX_ROUNDS;
use super::form::Posted;
use super::meant::{Asking, Meant, Reads, Unclear};
use super::refusal;
use super::{Arrival, Body, Gateway, Inbound, answer, queues, source_key};
use crate::app::{App, Line, Record};
use crate::call::Enforcement;
use crate::config::Unmapped;
use crate::error::{Code, Error};
use crate::shapes::Partition;
use crate::sigv4::Incoming;
use aws_calls::fault::Fault;

/// The most bytes that are read for somebody whose access key is not known.
pub(super) const MAX_FOR_STRANGERS: usize = 1 << 20;

/// The most bytes of an upstream's error.
const MAX_ERROR: usize = 64 * 1024;

/// The most bytes of an answer of KMS, which decrypts up to 6 KiB.
pub(super) const MAX_DECRYPTED: usize = 64 * 1024;

/// The region of calls that are not signed.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

/// Why a call is not answered by the upstream.
pub(super) struct Failure {
    /// For the log.
    pub error: Error,
    /// In the service's words, where they do not follow from the error.
    pub refusal: Option<Fault>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, refusal: None }
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
        Self { error: Error::new(code, refusal.message.clone()), refusal: Some(refusal) }
    }
}

/// What came of a call.
pub struct Outcome {
    /// The answer.
    pub response: Response<Body>,
}

/// The service whose words are spoken.
struct Tongue {
    service: Option<&'static Summary>,
    protocol: Protocol,
}

impl Tongue {
    /// The words in which a request is refused whose signature cannot be read.
    fn of(recognised: Result<Meant<'_>, Unclear>) -> Self {
        match recognised {
            Ok(meant) => Self { service: Some(meant.service()), protocol: meant.protocol() },
            Err(Unclear { service, protocol, .. }) => Self { service, protocol },
        }
    }
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
            Ok(presented) => self.serve(app, &arrival, &presented, &mut inbound, &mut record, &mut tongue).await,
            Err(error) => {
                tongue = Tongue::of(Meant::of(&request(arrival.parts, None), &[], None, &self.hosts));
                Err(error.into())
            }
        };
        // The one place that knows all of a call: what it asked, who did, what was decided and what came of it.
        let line = Line { method: arrival.parts.method.as_str(), path: arrival.parts.uri.path() };
        record.write(line, &arrival.facts, served.as_ref().err().map(|failure| &failure.error));
        let would_deny = record.would_deny.as_ref().and_then(Error::message);
        let response = match served {
            Ok((response, mapping)) => answer::marked(response, Some(mapping), would_deny),
            Err(Failure { error, refusal }) => {
                let Tongue { service, protocol } = tongue;
                let refusal = refusal.unwrap_or_else(|| refusal::of_error(&error, service, protocol));
                let refused = answer::refused(&refusal, service, protocol, &arrival);
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
        let parts = arrival.parts;
        if let Some(id) = presented.access_key_id() {
            record.claimed_by(id);
        }
        if aws_calls::recognise::is_in_body(&request(parts, None)) {
            self.read(app, arrival, inbound, presented, usize::MAX).await?;
        }
        let recognised = Meant::of(&request(parts, None), inbound.bytes(), presented.service(), &self.hosts);
        let meant = recognised.map_err(|unclear| {
            let Unclear { service, protocol, refusal } = unclear;
            *tongue = Tongue { service, protocol };
            Failure::from(refusal)
        })?;
        *tongue = Tongue { service: Some(meant.service()), protocol: meant.protocol() };
        record.action = format!("{}:{}", meant.service().prefix, meant.operation()).into();
        if meant.is_free() {
            let authenticated = Authenticated::anonymous();
            let decided = Decided { owner: self.config.default_owner, denied: Vec::new() };
            let forwarded = self.forward(app, arrival, inbound, &meant, authenticated, decided).await?;
            return Ok((forwarded, Mapping::Exact));
        }
        if let Meant::S3(routed, _) = &meant
            && routed.operation == Operation::PostForm
        {
            self.upstream_for(arrival, &meant).await?;
            let form = Posted { app, arrival, meant: &meant, routed };
            let answer = self.serve_form(&form, presented, inbound, record).await?;
            return Ok((answer, Mapping::Exact));
        }
        let reads = meant.reads(inbound.max());
        if let Reads::Whole(limit) = reads {
            self.read(app, arrival, inbound, presented, limit).await?;
        }
        let signed = incoming(parts, inbound.bytes());
        let authenticated = authenticate(app, arrival, presented, &meant, &signed).await?;
        record.called_by(&authenticated.caller);
        if let Reads::Whole(_) = reads {
            super::body::check_whole(inbound.bytes(), authenticated.payload)
                .map_err(|fault| Failure::from(refusal::of_body(&fault)))?;
        }
        if matches!(meant, Meant::S3(..)) {
            // Facts about buckets are asked for under their names, where the upstream may have something else.
            self.upstream_for(arrival, &meant).await?;
        }
        app.note_use(meant.service().prefix, &authenticated.caller, &record.action, &arrival.facts);
        let scene = self.scene(app, arrival, &authenticated);
        let caller = authenticated.caller.clone();
        let decision = Decision { app, arrival, meant: &meant, caller: &caller };
        let mut facts = Facts::none();
        let mut asked;
        let mut rounds = 0;
        loop {
            let asking = Asking { scene: &scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
            asked = meant.ask(&request(parts, Some(inbound.bytes())), &asking)?;
            rounds += 1;
            if rounds > MAX_ROUNDS || !self.learn_facts(&decision, &asked, &mut facts).await? {
                break;
            }
        }
        let mapping = asked.questions.iter().map(|question| question.mapping).max().unwrap_or(Mapping::Assumed);
        if mapping == Mapping::Assumed && self.config.unmapped == Unmapped::Refuse {
            let message = format!("iamd does not know what {} needs permission for.", record.action);
            return Err(Error::new(Code::AccessDenied, message).into());
        }
        if asked.needs.contains(&Need::KeyOfCiphertext) {
            return self
                .answer_if_allowed(&decision, (authenticated, inbound), (&scene, presented, facts), record)
                .await;
        }
        if let Some(need) = asked.needs.iter().find(|need| need.matters() == Matters::Always) {
            return Err(unknown(need).into());
        }
        let decided = self.decide(&decision, &asked, inbound.bytes(), record).await?;
        let forwarded = self.forward(app, arrival, inbound, &meant, authenticated, decided).await?;
        if forwarded.status().is_success() {
            self.forget_policies(&meant, &asked);
        }
        let asking = Asking { scene: &scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
        let response = match forwarded.status().as_u16() {
            404 => self.unless_hidden(&decision, &asking, forwarded).await?,
            _ => forwarded,
        };
        let response = source_key::checked(&meant, &asked, response).await?;
        Ok((queues::leading_here(&meant, arrival, response).await?, mapping))
    }

    /// A call that only its answer can decide: the upstream decrypts, says which key it was, and the caller gets the
    /// answer if it may use that key. Nothing changes by decrypting.
    async fn answer_if_allowed(
        &self,
        decision: &Decision<'_>,
        (authenticated, inbound): (Authenticated, &mut impl Inbound),
        (scene, presented, mut facts): (&Scene, &Presented<'_>, Facts),
        record: &mut Record,
    ) -> Result<(Response<Body>, Mapping), Failure> {
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
        let asking = Asking { scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
        let asked = meant.ask(&request(arrival.parts, Some(&body)), &asking)?;
        if let Some(need) = asked.needs.iter().find(|need| need.matters() == Matters::Always) {
            return Err(unknown(need).into());
        }
        let mapping = asked.questions.iter().map(|question| question.mapping).max().unwrap_or(Mapping::Assumed);
        self.decide(decision, &asked, &body, record).await?;
        Ok((Response::from_parts(parts, answer::whole(answer)), mapping))
    }

    /// Whether a key exists is told to those who may list the bucket; others are denied.
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
            false => self.denials(decision, std::slice::from_ref(&question)).await?.pop().flatten(),
        };
        match denial {
            Some(denial) if decision.app.environment.enforcement == Enforcement::On => {
                Err(self.denied(decision, denial.error, owner))
            }
            _ => Ok(Response::from_parts(parts, answer::whole(body))),
        }
    }

    /// Reads the body. Nobody has the server hold much memory without a key.
    async fn read(
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

    fn scene(&self, app: &App, arrival: &Arrival<'_>, authenticated: &Authenticated) -> Scene {
        let region = arrival.facts.region.clone();
        let partition = app.authenticator.partition.unwrap_or_else(|| Partition::of_region(&region));
        Scene { partition: partition.name().to_owned(), region, account: authenticated.caller.account.to_string() }
    }
}

/// What cannot be known cannot be decided.
fn unknown(need: &Need) -> Error {
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

fn incoming<'r>(parts: &'r http::request::Parts, body: &'r [u8]) -> Incoming<'r> {
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
