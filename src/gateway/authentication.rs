//! Who sent a request: the signature verified by the rules of the service.

use chrono::TimeDelta;

use super::Arrival;
use super::credentials::Presented;
use super::meant::Meant;
use super::steps::{self, Failure};
use super::upstream::is_s3;
use crate::app::App;
use crate::error::{Code, Error, Part};
use crate::identity::{Caller, Moment};
use crate::sigv4::{ChunkSigner, Expected, Incoming, PathForm, Payload, Regions, Scheme, Signature};
use aws_calls::fault::Fault;

/// A caller, and how its body is signed.
pub(super) struct Authenticated {
    /// The caller.
    pub caller: Caller,
    /// How the body is signed.
    pub payload: Payload,
    /// What signs the body's chunks.
    pub chunk_signer: Option<ChunkSigner>,
    /// Whether the signature covers the body itself, and not a text in the place of its hash.
    pub covers_body: bool,
}

impl Authenticated {
    /// An anonymous caller, with an unsigned body.
    pub fn anonymous() -> Self {
        Self { caller: Caller::anonymous(), payload: Payload::Unsigned, chunk_signer: None, covers_body: false }
    }
}

/// Verifies the signature of a request. The body is needed only where a service does not say its hash in a header.
pub(super) async fn authenticate(
    app: &App,
    arrival: &Arrival<'_>,
    presented: &Presented<'_>,
    meant: &Meant<'_>,
    incoming: &Incoming<'_>,
) -> Result<Authenticated, Failure> {
    let moment = Moment { real: arrival.real, now: arrival.facts.now };
    let authenticator = &app.authenticator;
    let without_chunks = |caller, payload| Authenticated { caller, payload, ..Authenticated::anonymous() };
    match presented {
        Presented::Version4(signature) => {
            let service = meant.service().signing_name;
            let text = payload_text(incoming, signature, service)?;
            let payload = match text {
                Some(text) => Payload::read(text).ok_or_else(|| Failure::from(unknown_payload()))?,
                None => Payload::Unsigned,
            };
            let scheme = Scheme {
                path: if is_s3(service) { PathForm::AsSent } else { PathForm::Normalized },
                payload: text,
                window: window(service),
                expires: true,
            };
            let region = meant.region_of_host(&steps::request(arrival.parts, None));
            let regions = region.as_deref().map_or(Regions::Any, Regions::Only);
            let expected = Expected { service: expected_scope(signature, service), regions };
            let scope = (&expected, &scheme);
            let verified = authenticator.verify(&app.accounts, incoming, signature, scope, moment).await?;
            if is_s3(service) {
                all_are_signed(incoming, signature)?;
            }
            let is_signed = matches!(payload, Payload::SignedChunks { .. });
            let chunk_signer = is_signed.then(|| signature.chunk_signer(verified.secret.reveal()));
            Ok(Authenticated { caller: verified.caller, payload, chunk_signer, covers_body: text.is_none() })
        }
        Presented::Version2(signature) => {
            let bucket = meant.virtual_host().map(|(bucket, _)| bucket);
            let verified = authenticator.verify_version2(&app.accounts, incoming, (signature, bucket), moment);
            Ok(without_chunks(verified.await?, Payload::Unsigned))
        }
        Presented::Nothing if meant.is_unsigned() => {
            let payload = header(incoming, "x-amz-content-sha256").and_then(Payload::read);
            match payload {
                Some(Payload::SignedChunks { .. }) => Err(Failure::from(unknown_payload())),
                payload => Ok(without_chunks(Caller::anonymous(), payload.unwrap_or(Payload::Unsigned))),
            }
        }
        Presented::Nothing => {
            let error = Error::new(Code::MissingAuthenticationToken, "Request is missing Authentication Token");
            let why = "the request is not signed, and only few operations take that";
            Err(error.rejecting(Part::Authorization, why).into())
        }
    }
}

/// The text that takes the place of the body's hash; `None` where the hash is computed.
fn payload_text<'r>(
    incoming: &Incoming<'r>,
    signature: &Signature<'_>,
    service: &str,
) -> Result<Option<&'r str>, Failure> {
    if !is_s3(service) {
        return Ok(None);
    }
    match (header(incoming, "x-amz-content-sha256"), signature.location()) {
        (Some(text), _) => Ok(Some(text)),
        (None, crate::sigv4::Location::Query) => Ok(Some("UNSIGNED-PAYLOAD")),
        (None, crate::sigv4::Location::Header) => {
            let message = "Missing required header for this request: x-amz-content-sha256";
            Err(Fault::new(400, "InvalidRequest", message).into())
        }
    }
}

/// The only value of a header.
fn header<'r>(incoming: &Incoming<'r>, name: &str) -> Option<&'r str> {
    let mut values = incoming.headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn unknown_payload() -> Fault {
    let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                   STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 \
                   value.";
    Fault::new(400, "InvalidArgument", message)
}

/// The scope that a signature must have. S3's has several, of which recognition has taken one.
fn expected_scope<'s>(signature: &'s Signature<'_>, service: &'s str) -> &'s str {
    let claimed = &*signature.credential().service;
    if is_s3(service) && is_s3(claimed) { claimed } else { service }
}

/// How far clocks may differ (measured: five minutes at some services, fifteen at the others).
fn window(service: &str) -> TimeDelta {
    match service {
        "apigateway" | "kms" | "lambda" | "monitoring" | "route53" => TimeDelta::minutes(5),
        _ => TimeDelta::minutes(15),
    }
}

/// S3 takes no header that begins with `x-amz-` unless it is signed. The text of the body's hash is, wherever it comes
/// from.
fn all_are_signed(incoming: &Incoming<'_>, signature: &Signature<'_>) -> Result<(), Failure> {
    let is_signed = |name: &str| signature.signed_headers().any(|signed| signed == name);
    let mut names = incoming.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    if names.all(|name| name == "x-amz-content-sha256" || is_signed(name)) {
        return Ok(());
    }
    let message = "There were headers present in the request which were not signed";
    Err(Fault::new(403, "AccessDenied", message).into())
}
