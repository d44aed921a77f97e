//! The members of a call's input, wherever the protocol puts them.
//!
//! Members have the names of the service's model and come as the JSON that they mean, so that their readers need not
//! know the protocol. What two servers could read in two ways is an error: a member that is there twice, in another case,
//! or in two places.

mod cbor;
mod form;
mod json;
mod path;
mod rest;
mod xml;

pub(crate) use cbor::members as members_of_cbor;

use std::borrow::Cow;
use std::io::Read;

use aws_reference::operations::{Location, Member, Protocol, Shape};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::{Call, Request, alike};

/// The largest body that is read, in bytes, also after it is decompressed. DynamoDB and Kinesis take at most 16 MiB.
pub const MAX_BODY: usize = 16 << 20;

/// The largest body of the calls of Lambda that bring code: 50 MB of zip, in base64.
pub const MAX_LAMBDA_BODY: usize = 70 << 20;

/// Why a request has no input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The body is not what the protocol says.
    #[error("The body of the request is not {0}.")]
    Malformed(&'static str),
    /// The body is in an encoding that is not known here, or too large.
    #[error("The body of the request cannot be decoded.")]
    Encoded,
    /// A member can be read in two ways.
    #[error("The request can be read in more than one way: {0} is there twice, or in two spellings.")]
    Ambiguous(String),
    /// The member is in the body, and the body was not given.
    #[error("The body of the request was not read.")]
    BodyMissing,
}

impl Unreadable {
    fn ambiguous(name: impl Into<String>) -> Self {
        Self::Ambiguous(name.into())
    }
}

/// What has to be read of a body before the call's input can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyUse {
    /// Nothing: it can pass while it arrives.
    Stream,
    /// All of it, up to so many bytes.
    Buffer(usize),
}

/// What has to be read of a call's body. S3 is not asked here: its operations say it themselves.
pub fn body_use(call: &Call) -> BodyUse {
    let limit = if call.service.summary.name == "lambda" { MAX_LAMBDA_BODY } else { MAX_BODY };
    let Some(shape) = call.service.input(&call.operation) else { return BodyUse::Buffer(limit) };
    let in_body = |member: &Member| member.location == Location::Body;
    let is_blob = |member: &Member| member.streams || matches!(member.plain(), Some("blob" | "string"));
    match (call.protocol, &shape.payload) {
        (Protocol::RestJson | Protocol::RestXml, Some(payload)) if shape.members.get(payload).is_some_and(is_blob) => {
            BodyUse::Stream
        }
        (Protocol::RestJson | Protocol::RestXml, None) if !shape.members.values().any(in_body) => BodyUse::Stream,
        _ => BodyUse::Buffer(limit),
    }
}

/// The input of a call.
#[derive(Debug)]
pub struct Input<'r> {
    call: &'r Call,
    request: Request<'r>,
    body: Body<'r>,
}

/// A body, as far as it has been taken apart.
#[derive(Debug)]
enum Body<'r> {
    /// It was not given.
    Missing,
    /// It has no members: it is empty, or bytes of the client's own.
    Opaque,
    /// Members in JSON.
    Json(json::Object<'r>),
    /// Members in CBOR or XML, decoded and named as in the model.
    Decoded(serde_json::Map<String, Value>),
    /// Parameters of a form, with those of the query string.
    Form(form::Form<'r>),
}

impl<'r> Input<'r> {
    /// The input of the call that this request is. Members are decoded when they are asked for.
    ///
    /// # Errors
    /// A body that is not what the protocol says.
    pub fn read(call: &'r Call, request: Request<'r>) -> Result<Self, Unreadable> {
        let input = Self { call, request, body: Body::Missing };
        let body = match request.body {
            None if !matches!(call.protocol, Protocol::Query | Protocol::Ec2) => Body::Missing,
            body => input.parse(body.unwrap_or_default())?,
        };
        Ok(Self { body, ..input })
    }

    /// The method of the request.
    pub fn method(&self) -> &'r str {
        self.request.method
    }

    /// The path of the request, percent-encoded.
    pub fn path(&self) -> &'r str {
        self.request.path
    }

    /// The member of that name in the service's model; none if it is absent or null. Blobs come in base64, and times as
    /// the request has them.
    ///
    /// # Errors
    /// The member can be read in two ways, or is in a body that was not given.
    pub fn member(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        let member = self.shape().and_then(|shape| shape.members.get(name));
        let is_rest = matches!(self.call.protocol, Protocol::RestJson | Protocol::RestXml);
        let value = match member {
            Some(member) if is_rest && member.location != Location::Body => rest::member(self, name, member)?,
            _ => self.in_body(name, member)?,
        };
        Ok(value.filter(|value| !value.is_null()))
    }

    fn shape(&self) -> Option<&'r Shape> {
        self.call.service.input(&self.call.operation)
    }

    fn parse(&self, body: &'r [u8]) -> Result<Body<'r>, Unreadable> {
        if matches!(self.call.protocol, Protocol::Query | Protocol::Ec2) {
            return form::Form::parse(self.request.query, body).map(Body::Form);
        }
        if body.is_empty() || body_use(self.call) == BodyUse::Stream {
            return Ok(Body::Opaque);
        }
        let body = decoded(&self.request, body)?;
        match self.call.protocol {
            Protocol::Cbor => cbor::members(&body).map(Body::Decoded),
            Protocol::Json if is_cbor(&self.request) => cbor::members(&body).map(Body::Decoded),
            Protocol::RestXml => xml::members(&body, self.call, self.shape()).map(Body::Decoded),
            Protocol::RestJson => {
                let object = json::Object::parse(body)?;
                self.no_label_in(&object)?;
                Ok(Body::Json(object))
            }
            _ => json::Object::parse(body).map(Body::Json),
        }
    }

    /// Refuses a body that has a member like a label of the path: some servers look for labels in the body first.
    fn no_label_in(&self, body: &json::Object<'_>) -> Result<(), Unreadable> {
        let Some(shape) = self.shape() else { return Ok(()) };
        let sent = |(name, member): (&'r String, &'r Member)| member.name.as_deref().unwrap_or(name);
        let labels: Vec<&str> =
            shape.members.iter().filter(|(_, member)| member.location == Location::Uri).map(sent).collect();
        let own: Vec<&str> =
            shape.members.iter().filter(|(_, member)| member.location == Location::Body).map(sent).collect();
        let mut names = body.names().filter(|name| !own.contains(name));
        let other = names.find(|name| labels.iter().any(|label| alike(name, label)));
        other.map_or(Ok(()), |name| Err(Unreadable::ambiguous(name)))
    }

    fn in_body(&self, name: &str, member: Option<&Member>) -> Result<Option<Value>, Unreadable> {
        let payload = self.shape().and_then(|shape| shape.payload.as_deref());
        if let Body::Form(form) = &self.body {
            return form.member(self, name, member);
        }
        // Only REST has other names on the wire than the model: those of SQS are of its forms.
        let is_rest = matches!(self.call.protocol, Protocol::RestJson | Protocol::RestXml);
        let member = member.filter(|_| is_rest);
        match &self.body {
            Body::Missing => Err(Unreadable::BodyMissing),
            Body::Opaque | Body::Form(_) => Ok(None),
            Body::Decoded(members) => Ok(members.get(name).cloned()),
            Body::Json(object) => {
                let sent = member.and_then(|member| member.name.as_deref()).unwrap_or(name);
                let value = match payload {
                    Some(payload) if payload == name => Some(object.whole()?),
                    Some(_) => None,
                    None => object.member(sent)?,
                };
                Ok(value.map(|value| json::renamed(value, member, &self.call.service)))
            }
        }
    }
}

/// Whether a body of awsJson is in CBOR, as older clients of Kinesis write it.
fn is_cbor(request: &Request<'_>) -> bool {
    request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-amz-cbor"))
}

/// The body without its encoding. Clients of CloudWatch compress large ones.
fn decoded<'r>(request: &Request<'r>, body: &'r [u8]) -> Result<Cow<'r, [u8]>, Unreadable> {
    let Some(encoding) = request.headers.get("content-encoding") else { return Ok(Cow::Borrowed(body)) };
    match encoding.as_bytes().to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(Cow::Borrowed(body)),
        b"gzip" => {
            let mut whole = Vec::new();
            let limit = MAX_BODY as u64 + 1;
            MultiGzDecoder::new(body).take(limit).read_to_end(&mut whole).map_err(|_| Unreadable::Encoded)?;
            if whole.len() > MAX_BODY { Err(Unreadable::Encoded) } else { Ok(Cow::Owned(whole)) }
        }
        _ => Err(Unreadable::Encoded),
    }
}

#[cfg(test)]
mod tests;
