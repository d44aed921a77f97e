//! Browsers' upload forms to S3. A form is stored as the `PutObject` that it stands for, so that its upstream need not
//! know forms, nor find other fields in one than the gateway.

use aws_calls::fault::Fault;
use aws_calls::needs::Facts;
use aws_calls::questions::Scene;
use aws_calls::s3::form::{Fields, Form, FormEnd, FormPolicy, FormSignature, LengthRange, Stored, boundary};
use aws_calls::s3::{self, Given, Place, Routed, SignatureVersion, Signing, Target};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use sha2::{Digest, Sha256};

use super::answer;
use super::credentials::Presented;
use super::decision::{Decision, silent};
use super::facts::BucketOf;
use super::facts::MAX_ROUNDS;
use super::meant::Meant;
use super::sending::{of_upstream, unavailable};
use super::steps::{DEFAULT_REGION, Failure, MAX_FOR_STRANGERS, too_large};
use super::upstream::Forwarding;
use super::{Arrival, Body, Gateway, Inbound};
use crate::app::{App, Record};
use crate::error::Error;
use crate::identity::Caller;
use crate::shapes::{AccountId, Partition};
use crate::sigv4::SignedForm;

/// A form that was posted.
pub(super) struct Posted<'p> {
    pub app: &'p App,
    pub arrival: &'p Arrival<'p>,
    pub meant: &'p Meant<'p>,
    pub routed: &'p Routed<'p>,
}

/// Who posted it.
struct Signer {
    caller: Caller,
    region: String,
    place: Option<Place>,
    version: SignatureVersion,
    /// Milliseconds since it was signed.
    age: Option<u64>,
    /// The lengths that the policy allows.
    range: Option<LengthRange>,
}

impl Gateway {
    /// Answers a form.
    pub(super) async fn serve_form(
        &self,
        posted: &Posted<'_>,
        presented: &Presented<'_>,
        inbound: &mut impl Inbound,
        record: &mut Record,
    ) -> Result<Response<Body>, Failure> {
        if !matches!(presented, Presented::Nothing) {
            return Err(Fault::new(400, "InvalidArgument", "Only one auth mechanism allowed.").into());
        }
        let Target::Bucket { bucket: s3::Bucket::Name(bucket) } = &posted.routed.target else {
            return Err(Fault::new(501, "NotImplemented", "Access points take no forms here.").into());
        };
        let content_type = posted.arrival.parts.headers.get(header::CONTENT_TYPE);
        let boundary = boundary(content_type.and_then(|value| value.to_str().ok()).unwrap_or_default());
        let boundary = boundary.map_err(fault)?.to_owned();
        let max = inbound.max();
        let is_whole = inbound.fill(MAX_FOR_STRANGERS.min(max)).await?;
        let form = Form::read(&boundary, inbound.bytes()).map_err(fault)?;
        let Form { fields, file } = form.ok_or_else(|| Failure::from(incomplete()))?;
        let signer = self.signer(posted, &fields, bucket).await?;
        record.called_by(&signer.caller);
        posted.app.note_caller(record, &signer.caller).await?;
        if !is_whole && (signer.place.is_none() || !inbound.fill(max).await?) {
            return Err(too_large(max).into());
        }
        let content = content(&boundary, inbound.bytes().get(file..).unwrap_or_default(), signer.range)?;
        let owner = self.decide_form(posted, &fields, &signer, record).await?;
        let stored = self.store(posted, &fields, bucket, (content, owner, &signer.region)).await?;
        if stored.status().is_success() { done(posted, &fields, bucket, stored.headers()) } else { Ok(stored) }
    }

    /// Verifies the signature of a form, and its policy.
    async fn signer(&self, posted: &Posted<'_>, fields: &Fields, bucket: &str) -> Result<Signer, Failure> {
        let Posted { app, arrival, .. } = *posted;
        let Some(signature) = fields.signature().map_err(fault)? else {
            let (caller, region) = (Caller::anonymous(), DEFAULT_REGION.to_owned());
            let version = SignatureVersion::V4;
            return Ok(Signer { caller, region, place: None, version, age: None, range: None });
        };
        let (signed, version, policy) = match signature {
            FormSignature::V4 { credential, date, signature, string_to_sign, token } => {
                let signed = SignedForm::version4((credential, date), signature, string_to_sign, token)?;
                (signed, SignatureVersion::V4, string_to_sign)
            }
            FormSignature::V2 { access_key_id, signature, string_to_sign, token } => {
                let signed = SignedForm::version2(access_key_id, signature, string_to_sign, token);
                (signed, SignatureVersion::V2, string_to_sign)
            }
        };
        let caller = app.authenticator.verify_form(&app.accounts, &signed, arrival.facts.now).await?;
        let policy = FormPolicy::parse(policy).map_err(fault)?;
        let range = policy.check(fields, bucket, arrival.real).map_err(fault)?;
        let age = signed.time().and_then(|time| u64::try_from((arrival.real - time).num_milliseconds()).ok());
        let region = signed.region().unwrap_or(DEFAULT_REGION).to_owned();
        Ok(Signer { caller, region, place: Some(Place::Form), version, age, range })
    }

    /// Decides what a form asks. The owner of the bucket.
    async fn decide_form(
        &self,
        posted: &Posted<'_>,
        fields: &Fields,
        signer: &Signer,
        record: &mut Record,
    ) -> Result<AccountId, Failure> {
        let Posted { app, arrival, meant, routed } = *posted;
        let caller = &signer.caller;
        let decision = Decision { app, arrival, meant, caller };
        let partition = app.authenticator.partition.unwrap_or_else(|| Partition::of_region(&signer.region));
        let (partition, region) = (partition.name().to_owned(), signer.region.clone());
        let scene = Scene { partition, region, account: caller.account.to_string() };
        let tls_version = arrival.secure.then_some("1.3");
        let Signer { place, version, age, .. } = *signer;
        let signing = Signing { place, version, age, tls_version, now: arrival.real };
        let mut facts = Facts::none();
        let mut rounds = 0;
        let asked = loop {
            let given = Given { scene: &scene, signing: &signing, facts: &facts };
            let asked = routed.ask_form(fields, given).map_err(fault)?;
            rounds += 1;
            if rounds > MAX_ROUNDS || !self.learn_facts(&decision, &asked, &mut facts).await? {
                break asked;
            }
        };
        let owner = self.decide(&decision, &asked, &[], record).await?.owner;
        let bucket = match &routed.target {
            Target::Bucket { bucket } => bucket.name(),
            Target::Service | Target::Object { .. } => None,
        };
        if let (Some(name), Some(question)) = (bucket, asked.questions.first()) {
            let access =
                self.bucket_access(BucketOf { app, name, owner, region: &signer.region }).await.map_err(silent)?;
            if let Some(objection) = access.objection(routed, None, Some(fields)) {
                return Err(self.objected(&decision, objection, question, owner).await?);
            }
        }
        Ok(owner)
    }

    /// Stores the file.
    async fn store(
        &self,
        posted: &Posted<'_>,
        fields: &Fields,
        bucket: &str,
        (content, owner, region): (Vec<u8>, AccountId, &str),
    ) -> Result<Response<Body>, Failure> {
        let service = posted.meant.service().signing_name;
        let (upstream, kind) = self.upstream_for(posted.arrival, posted.meant).await?;
        let parts = put(fields, bucket, posted.arrival.parts)?;
        let forwarding = Forwarding {
            call: None,
            has_form: true,
            parts: &parts,
            path: None,
            host: Some(upstream.authority().to_string()),
            service,
            region,
            owner,
            payload: data_encoding::HEXLOWER.encode(&Sha256::digest(&content)),
            keeps_chunks: false,
            is_changed: false,
        };
        let body = answer::whole(Bytes::from(content));
        let request = forwarding.request(upstream, kind, body, posted.arrival.real).map_err(Error::internal)?;
        Ok(of_upstream(self.upstreams.send(upstream, request).await.map_err(unavailable)?))
    }
}

/// The file of a form, whose end must be that of the form.
fn content(boundary: &str, bytes: &[u8], range: Option<LengthRange>) -> Result<Vec<u8>, Failure> {
    let mut end = FormEnd::new(boundary, range);
    let content = end.push(bytes).map_err(fault)?;
    end.finish().map_err(fault)?;
    Ok(content)
}

/// The line and headers of the `PutObject` that a form stands for.
fn put(fields: &Fields, bucket: &str, posted: &Parts) -> Result<Parts, Failure> {
    let unwritable = || Failure::from(Fault::new(400, "InvalidArgument", "Invalid value of a field."));
    let mut parts = posted.clone();
    parts.method = Method::PUT;
    parts.uri = fields.path(bucket).map_err(fault)?.parse().map_err(|_| unwritable())?;
    parts.headers = HeaderMap::new();
    for (name, value) in fields.headers().map_err(fault)? {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unwritable())?;
        parts.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unwritable())?);
    }
    Ok(parts)
}

/// What the browser gets.
fn done(posted: &Posted<'_>, fields: &Fields, bucket: &str, answer: &HeaderMap) -> Result<Response<Body>, Failure> {
    let arrival = posted.arrival;
    let text = |name: HeaderName| arrival.parts.headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if arrival.secure { "https" } else { "http" };
    let path = fields.path(bucket).map_err(fault)?;
    let in_host = posted.routed.upstream_host().and_then(|_| path.strip_prefix('/')?.strip_prefix(bucket));
    let path = in_host.unwrap_or(&path);
    let location = format!("{scheme}://{}{path}", text(header::HOST).unwrap_or_default());
    let etag = answer.get(header::ETAG).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = fields.object_key().map_err(fault)?;
    let done = fields.done(&Stored { bucket, key: &key, etag, location: &location });
    let has_body = !done.body.is_empty();
    let mut response = Response::new(answer::whole(done.body));
    *response.status_mut() = http::StatusCode::from_u16(done.status).map_err(Error::internal)?;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(&done.location).map_err(Error::internal)?);
    for name in ["etag", "x-amz-version-id"] {
        if let Some(value) = answer.get(name) {
            headers.insert(name, value.clone());
        }
    }
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    Ok(response)
}

fn incomplete() -> Fault {
    let message = "The body of your POST request is not well-formed multipart/form-data.";
    Fault::new(400, "MalformedPOSTRequest", message)
}

fn fault(refusal: s3::Refusal) -> Failure {
    Fault::new(refusal.status, refusal.code, refusal.message).into()
}
