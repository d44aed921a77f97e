//! Sends a call that was allowed to its upstream.

use aws_calls::s3::{Deletions, Denied, Operation, Target};
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use super::answer::whole;
use super::authentication::Authenticated;
use super::body::{Check, Checksum, FaultSlot, Upload, check_whole};
use super::decision::Decided;
use super::meant::Meant;
use super::refusal;
use super::steps::{Failure, request};
use super::upstream::{Forwarding, Unreachable, Upstream, is_misread, of_answer};
use super::{Arrival, Body, Gateway, Inbound};
use crate::app::App;
use crate::config::UpstreamKind;
use crate::error::{Code, Error};
use crate::shapes::AccountId;
use crate::sigv4::{Chunks, Payload};
use crate::store::{BucketRecord, StoreError};
use aws_calls::fault::Fault;

/// A body for the upstream.
struct Sent {
    body: Body,
    /// What takes the place of its hash.
    payload: String,
    keeps_chunks: bool,
    /// Where its fault is found, if it is checked while it passes.
    fault: FaultSlot,
}

impl Gateway {
    /// Sends a call to its upstream, signed again; the answer, whose body streams.
    pub(super) async fn forward(
        &self,
        app: &App,
        arrival: &Arrival<'_>,
        inbound: &mut impl Inbound,
        meant: &Meant<'_>,
        authenticated: Authenticated,
        decided: Decided,
    ) -> Result<Response<Body>, Failure> {
        let service = meant.service().signing_name;
        let (upstream, kind) = self.upstream_for(arrival, meant).await?;
        meant.check_body_for(kind, &request(arrival.parts, Some(inbound.bytes())))?;
        let caller = authenticated.caller.account;
        let deletions = Deletions::parse(inbound.bytes()).ok().filter(|_| !decided.denied.is_empty());
        let denied: Vec<Denied> =
            decided.denied.into_iter().map(|(index, message)| Denied { index, message }).collect();
        let Sent { body, payload, keeps_chunks, fault } = match &deletions {
            None => outgoing_body(arrival, inbound, authenticated, upstream.keeps_chunks(kind))?,
            Some(deletions) => match deletions.without(&denied) {
                Some(rest) => Sent::whole(rest.into()),
                None => return Ok(of_deletions(deletions.answer(None, &denied))),
            },
        };
        // A server of S3 may find a bucket in any host name but its own.
        let (path, host) = match meant {
            Meant::S3(routed, _) => {
                (routed.upstream_path(arrival.parts.uri.path()), Some(upstream.authority().to_string()))
            }
            Meant::Call(_) => (None, None),
        };
        let forwarding = Forwarding {
            parts: arrival.parts,
            path,
            host,
            call: meant.call(),
            has_form: meant.has_form(),
            service,
            region: &arrival.facts.region,
            owner: decided.owner,
            payload,
            keeps_chunks,
            is_changed: deletions.is_some(),
        };
        let outgoing = forwarding.request(upstream, kind, body, arrival.real).map_err(Error::internal)?;
        let response = self.upstreams.send(upstream, outgoing).await.map_err(|error| match fault.take() {
            Some(fault) => refusal::of_body(&fault).into(),
            None => unavailable(error),
        })?;
        if response.status().is_success() {
            self.learn(app, meant, caller).await.map_err(Error::internal)?;
        }
        match deletions {
            None => {
                let response = of_upstream(response);
                Self::warn_of_bypass(arrival, upstream, &response);
                Ok(response)
            }
            Some(deletions) => {
                let (parts, body) = of_upstream(response).into_parts();
                if !parts.status.is_success() {
                    return Ok(Response::from_parts(parts, body));
                }
                let body = super::answer::read(body, MAX_DELETIONS).await?;
                Ok(of_deletions(deletions.answer(Some(&String::from_utf8_lossy(&body)), &denied)))
            }
        }
    }

    /// The upstream of a call, which takes it for the call that it is.
    pub(super) async fn upstream_for(
        &self,
        arrival: &Arrival<'_>,
        meant: &Meant<'_>,
    ) -> Result<(&Upstream, UpstreamKind), Failure> {
        let service = meant.service().signing_name;
        let no_upstream = || {
            let message = format!("iamd has no upstream for {service}; --upstream {service}=URL names one.");
            Failure::from(Fault::new(501, "NotImplemented", message))
        };
        let upstream = self.upstreams.of(service).ok_or_else(no_upstream)?;
        let kind = self.upstreams.kind(upstream).await.map_err(unavailable)?;
        meant.check_for(kind, arrival.parts.method.as_str())?;
        if meant.call().is_some() && is_misread(kind, &url(arrival), &arrival.facts.region) {
            let message = "The upstream would find another region in the URL than in the signature.";
            return Err(Fault::new(501, "NotImplemented", message).into());
        }
        Ok((upstream, kind))
    }

    /// Keeps what a call that succeeded says about who owns what.
    pub(super) async fn learn(&self, app: &App, meant: &Meant<'_>, caller: AccountId) -> Result<(), StoreError> {
        let Meant::S3(routed, _) = meant else { return Ok(()) };
        if self.forget_bucket(routed) {
            app.store.forget_documents_everywhere().await;
        }
        let (Operation::Named(name), Target::Bucket { bucket }) = (&routed.operation, &routed.target) else {
            return Ok(());
        };
        let Some(bucket) = bucket.name() else { return Ok(()) };
        let known = self.owners.of_bucket(bucket);
        let kept = match *name {
            "CreateBucket" => BucketRecord { owner: caller, without_block: false, without_ownership: false, ..known },
            "DeleteBucket" => return self.owners.remove(&app.store, bucket).await,
            "DeletePublicAccessBlock" => BucketRecord { without_block: true, ..known },
            "PutPublicAccessBlock" => BucketRecord { without_block: false, ..known },
            "DeleteBucketOwnershipControls" => BucketRecord { without_ownership: true, ..known },
            "PutBucketOwnershipControls" => BucketRecord { without_ownership: false, ..known },
            _ => return Ok(()),
        };
        self.owners.keep(&app.store, kept).await
    }
}

/// The most bytes of an answer to `DeleteObjects`, which names up to 1,000 keys of up to 1,024 bytes.
const MAX_DELETIONS: usize = 16 << 20;

impl Sent {
    fn whole(bytes: Bytes) -> Self {
        let payload = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        Self { body: whole(bytes), payload, keeps_chunks: false, fault: FaultSlot::default() }
    }
}

/// The answer to a `DeleteObjects` of which some keys were denied.
fn of_deletions(body: String) -> Response<Body> {
    let mut response = Response::new(whole(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The upstream's answer without what is about its connection.
pub(super) fn of_upstream(response: Response<Incoming>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    of_answer(&mut parts.headers);
    Response::from_parts(parts, body.map_err(Into::into).boxed_unsync())
}

pub(super) fn unavailable(error: Unreachable) -> Failure {
    Error::new(Code::ServiceUnavailable, error.to_string()).into()
}

/// Host, path and query of a request.
fn url(arrival: &Arrival<'_>) -> String {
    let host = arrival.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("{host}{}", arrival.parts.uri.path_and_query().map_or("/", |target| target.as_str()))
}

/// The body as the upstream gets it.
fn outgoing_body(
    arrival: &Arrival<'_>,
    inbound: &mut impl Inbound,
    authenticated: Authenticated,
    may_keep: bool,
) -> Result<Sent, Failure> {
    let payload = authenticated.payload;
    let announced = inbound.length();
    if !inbound.bytes().is_empty() || (announced == Some(0) && !payload.is_chunked()) {
        let bytes = inbound.take();
        check_whole(&bytes, payload).map_err(|fault| refusal::of_body(&fault))?;
        return Ok(Sent::whole(bytes));
    }
    let text = |name: &str| arrival.parts.headers.get(name).and_then(|value| value.to_str().ok());
    let length = match payload.is_chunked() {
        true => text("x-amz-decoded-content-length").and_then(|text| text.parse().ok()),
        false => announced,
    };
    let length = length
        .ok_or_else(|| Fault::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header."))?;
    let unsigned = "UNSIGNED-PAYLOAD".to_owned();
    let (check, payload, keeps_chunks) = match payload {
        Payload::Unsigned => (Check::Nothing, unsigned, false),
        Payload::Hash(expected) => (Check::Hash { expected }, data_encoding::HEXLOWER.encode(&expected), false),
        Payload::SignedChunks { .. } | Payload::UnsignedChunks => {
            let trailer = text("x-amz-trailer").map(trailer_of).transpose()?;
            let has_trailer = payload != Payload::SignedChunks { trailer: false };
            let chunks = Chunks::new(authenticated.chunk_signer, has_trailer, length);
            let keep = may_keep && trailer.is_some();
            let text = if keep { "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned() } else { unsigned };
            (Check::Chunks { chunks: Box::new(chunks), trailer, keep }, text, keep)
        }
    };
    let (upload, fault) = Upload::new(inbound.stream(), check, length);
    Ok(Sent { body: upload.boxed_unsync(), payload, keeps_chunks, fault })
}

/// The header behind the last chunk that `x-amz-trailer` announces.
fn trailer_of(name: &str) -> Result<(String, Checksum), Fault> {
    let name = name.trim().to_ascii_lowercase();
    let checksum = Checksum::of_header(&name).ok_or_else(|| {
        Fault::new(400, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
    })?;
    Ok((name, checksum))
}
