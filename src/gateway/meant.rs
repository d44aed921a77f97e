//! What a request means, whichever service it is for.

use aws_calls::needs::Facts;
use aws_calls::questions::{Asked, Question, Scene};
use aws_calls::recognise::{self, recognise};
use aws_calls::s3::{self, Hosts, Operation, Place, Routed, Server, SignatureVersion, Signing, Style, Target};
use aws_calls::{Call, Input, Recognised, Request, Unrecognised};
use aws_reference::operations::{self, Protocol, Service, Summary};
use std::sync::Arc;

use super::credentials::Presented;
use crate::config::UpstreamKind;
use aws_calls::fault::Fault;

/// Operations for which moto takes the newest log group, whichever an identifier names.
const BY_IDENTIFIER: [&str; 3] = ["DescribeLogStreams", "GetLogEvents", "StartLiveTail"];

/// A request whose operation is known.
pub enum Meant<'r> {
    /// A call of a service that is not S3.
    Call(Call),
    /// A request to S3.
    S3(Box<Routed<'r>>, Arc<Service>),
}

/// A request that is refused before permissions are checked.
pub struct Unclear {
    /// The service that it seems to mean.
    pub service: Option<&'static Summary>,
    /// The protocol that it seems to be in.
    pub protocol: Protocol,
    /// What the service says to it.
    pub refusal: Fault,
}

/// How much of a body is read before the questions are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// None of it: it streams.
    Nothing,
    /// All of it, up to so many bytes.
    Whole(usize),
}

impl<'r> Meant<'r> {
    /// Finds out what a request means. Its body is looked at only now.
    ///
    /// # Errors
    /// For requests that are not an operation of AWS, or could be several.
    pub fn of(request: &Request<'r>, body: &[u8], scope: Option<&str>, hosts: &Hosts) -> Result<Self, Unclear> {
        match recognise(&Request { body: Some(body), ..*request }, scope)? {
            Recognised::Call(call) => Ok(Self::Call(call)),
            Recognised::S3 => {
                let routed = Routed::of(request, hosts).map_err(of_s3)?;
                let name = match routed.operation {
                    Operation::Control { .. } => "s3control",
                    _ => "s3",
                };
                let service = operations::service(name).ok_or_else(|| {
                    of_s3(s3::Refusal { status: 500, code: "InternalError", message: "S3 is not known".into() })
                })?;
                Ok(Self::S3(Box::new(routed), service))
            }
        }
    }

    /// The service.
    pub fn service(&self) -> &'static Summary {
        match self {
            Self::Call(call) => call.service.summary,
            Self::S3(_, service) => service.summary,
        }
    }

    /// The call, if it is of a service other than S3.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) => Some(call),
            Self::S3(..) => None,
        }
    }

    /// The protocol that answers are in.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Call(call) => call.protocol,
            Self::S3(..) => Protocol::RestXml,
        }
    }

    /// The name of the operation; that of the method for a browser's preflight.
    pub fn operation(&self) -> &str {
        match self {
            Self::Call(call) => call.name(),
            Self::S3(routed, _) => routed.operation.name().unwrap_or("OPTIONS"),
        }
    }

    /// Whether it needs no permission.
    pub fn is_free(&self) -> bool {
        match self {
            Self::Call(_) => false,
            Self::S3(routed, _) => routed.operation == Operation::Preflight,
        }
    }

    /// Whether callers need not sign.
    pub fn is_unsigned(&self) -> bool {
        match self {
            Self::Call(call) => call.operation.no_auth,
            // Who does not sign is anonymous, and has the permissions that resources' policies give everybody.
            Self::S3(..) => true,
        }
    }

    /// How much of the body is read first, of a server that reads so much at most.
    pub fn reads(&self, max: usize) -> Reads {
        match self {
            Self::Call(_) => Reads::Whole(max),
            Self::S3(routed, _) => match routed.body() {
                s3::Body::None => Reads::Nothing,
                s3::Body::Whole(limit) => Reads::Whole(limit.min(max)),
                s3::Body::Fields => Reads::Whole(max),
            },
        }
    }

    /// The bucket that the host names, with the host behind it.
    pub fn virtual_host(&self) -> Option<(&str, &str)> {
        let Self::S3(routed, _) = self else { return None };
        let (Target::Bucket { bucket } | Target::Object { bucket, .. }) = &routed.target else { return None };
        match &routed.style {
            Style::VirtualHost { server } => Some((bucket.name()?, server)),
            Style::Path => None,
        }
    }

    /// The region in the name of the endpoint that a call is sent to. Those of S3 are in the signature alone: what
    /// comes before the endpoint's name may be a bucket.
    pub fn region_of_host(&self, request: &Request<'_>) -> Option<String> {
        self.call().and_then(|_| recognise::region_of_host(request))
    }

    /// Whether the upstream is to see that the body is a form.
    pub fn has_form(&self) -> bool {
        match self {
            Self::Call(call) => call.is_form(),
            Self::S3(routed, _) => routed.keeps_content_type(),
        }
    }

    /// Refuses a request that the upstream would take for another one.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn check_for(&self, kind: UpstreamKind, method: &str) -> Result<(), Fault> {
        let Self::S3(routed, _) = self else { return Ok(()) };
        let server = match kind {
            UpstreamKind::Moto => Server::Moto,
            UpstreamKind::Ministack => Server::Ministack,
            UpstreamKind::Localstack => Server::Localstack,
            UpstreamKind::Plain => Server::Other,
        };
        routed.check_for(server, method).map_err(|refusal| of_s3(refusal).refusal)
    }

    /// Refuses a call whose body the upstream would take for one about something else.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn check_body_for(&self, kind: UpstreamKind, request: &Request<'_>) -> Result<(), Fault> {
        let Self::Call(call) = self else { return Ok(()) };
        if kind != UpstreamKind::Moto || call.prefix() != "logs" || !BY_IDENTIFIER.contains(&call.name()) {
            return Ok(());
        }
        let names = ["logGroupIdentifier", "logGroupIdentifiers"];
        let is_named = |input: Input<'_>| names.iter().any(|name| !matches!(input.member(name), Ok(None)));
        if Input::read(call, *request).is_ok_and(|input| !is_named(input)) {
            return Ok(());
        }
        let message = "The upstream would take another log group than the identifier names; give its name.";
        Err(Fault::new(501, "NotImplemented", message))
    }

    /// What the request asks permission for.
    ///
    /// # Errors
    /// For a request that does not say clearly what it is about.
    pub fn ask(&self, request: &Request<'_>, asking: &Asking<'_>) -> Result<Asked, Fault> {
        match self {
            Self::Call(call) => super::members::ask(call, request, asking.scene, asking.facts),
            Self::S3(routed, _) => {
                let signing = asking.signing();
                let given = s3::Given { scene: asking.scene, signing: &signing, facts: asking.facts };
                routed.ask(request.body, given).map_err(|refusal| of_s3(refusal).refusal)
            }
        }
    }
}

impl Meant<'_> {
    /// What decides whether a caller learns that what it asks for does not exist.
    ///
    /// # Errors
    /// For a copy source that cannot be read.
    pub fn ask_of_missing(&self, asking: &Asking<'_>) -> Result<Option<Question>, Fault> {
        let Self::S3(routed, _) = self else { return Ok(None) };
        let signing = asking.signing();
        let given = s3::Given { scene: asking.scene, signing: &signing, facts: asking.facts };
        routed.ask_of_missing(given).map_err(|refusal| of_s3(refusal).refusal)
    }
}

/// What questions depend on besides the request.
pub struct Asking<'a> {
    /// Who asks, and where.
    pub scene: &'a Scene,
    /// What the upstream has said.
    pub facts: &'a Facts,
    /// The signature.
    pub presented: &'a Presented<'a>,
    /// When the request came.
    pub now: chrono::DateTime<chrono::Utc>,
    /// Whether it came by TLS.
    pub secure: bool,
}

impl<'a> Asking<'a> {
    fn signing(&self) -> Signing<'a> {
        let place = match self.presented {
            Presented::Nothing => None,
            presented if presented.is_in_query() => Some(Place::QueryString),
            _ => Some(Place::Header),
        };
        let (version, signed) = match self.presented {
            Presented::Version4(signature) => (SignatureVersion::V4, Some(signature.time())),
            Presented::Version2(_) => (SignatureVersion::V2, None),
            Presented::Nothing => (SignatureVersion::V4, None),
        };
        let age = signed.and_then(|signed| u64::try_from((self.now - signed).num_milliseconds()).ok());
        Signing { place, version, age, tls_version: self.secure.then_some("1.3"), now: self.now }
    }
}

fn of_s3(refusal: s3::Refusal) -> Unclear {
    let s3::Refusal { status, code, message } = refusal;
    let service = operations::service("s3").map(|service| service.summary);
    Unclear { service, protocol: Protocol::RestXml, refusal: Fault::new(status, code, message) }
}

impl From<Unrecognised> for Unclear {
    fn from(unrecognised: Unrecognised) -> Self {
        let Unrecognised { service, protocol, reason } = unrecognised;
        Self { service, protocol, refusal: super::refusal::of_reason(&reason, service, protocol) }
    }
}
