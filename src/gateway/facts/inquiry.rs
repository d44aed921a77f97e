//! Questions of the gateway's own to an upstream: what a resource's policy is, what its tags are.

use std::sync::Arc;

use aws_reference::operations::{self, Location, Operation, Protocol, Service};
use bytes::Bytes;
use chrono::Utc;
use http::{HeaderValue, Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::xml;
use crate::config::AccountRule;
use crate::gateway::upstream::{Answer, Unreachable, Upstreams, is_s3};
use crate::shapes::AccountId;
use crate::sigv4::{Outgoing, PathForm, Scheme, sign};

/// RFC 3986: all but the unreserved characters are encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call that the gateway makes in the name of a resource's owner.
#[derive(Clone, Debug)]
pub struct Inquiry<'q> {
    /// The service, as its model is called.
    pub service: &'q str,
    /// The operation. It only reads.
    pub operation: &'q str,
    /// Its members.
    pub members: Map<String, Value>,
    /// In whose name it is called.
    pub owner: AccountId,
    /// In which region.
    pub region: &'q str,
}

/// What an upstream said.
#[derive(Debug)]
pub enum Said {
    /// This.
    Answer(Value),
    /// That there is no such thing, or that it cannot say.
    Nothing,
}

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// The upstream does not answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It fails.
    #[error("the upstream {authority} failed to answer {operation} with status {status}")]
    Failed {
        /// Which upstream.
        authority: String,
        /// What it was asked.
        operation: String,
        /// Its answer.
        status: u16,
    },
    /// There is no such operation, or its request cannot be written.
    #[error("the upstream cannot be asked for {0}")]
    Unaskable(String),
    /// What is kept here cannot be read.
    #[error("what is kept here cannot be read: {0}")]
    NotKept(String),
}

impl Inquiry<'_> {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the upstream gives no answer.
    pub async fn ask(&self, upstreams: &Upstreams) -> Result<Said, Silence> {
        self.ask_in(upstreams, false).await
    }

    /// The same, with the body of the answer as it is.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_for_text(&self, upstreams: &Upstreams) -> Result<Said, Silence> {
        self.ask_in(upstreams, true).await
    }

    async fn ask_in(&self, upstreams: &Upstreams, as_text: bool) -> Result<Said, Silence> {
        let unaskable = || Silence::Unaskable(self.operation.to_owned());
        let service = operations::service(self.service).ok_or_else(unaskable)?;
        let operation = service.operation(self.operation).ok_or_else(unaskable)?.clone();
        let protocol = protocol_of(&service).ok_or_else(unaskable)?;
        let signing_name = service.summary.signing_name;
        let upstream = upstreams.of(signing_name).ok_or_else(unaskable)?;
        let accounts = upstream.accounts(upstreams.kind(upstream).await?);
        let written = self.written(&service, &operation, protocol).ok_or_else(unaskable)?;
        let mut request = written.request().ok_or_else(unaskable)?;
        let headers = request.headers_mut();
        let host = HeaderValue::from_str(upstream.authority().as_str()).map_err(|_| unaskable())?;
        headers.insert(header::HOST, host);
        let account = self.owner.to_string();
        if let AccountRule::Header(name) = &accounts {
            headers.insert(name.clone(), HeaderValue::from_str(&account).map_err(|_| unaskable())?);
        }
        let access_key_id = if accounts == AccountRule::KeyId { &account } else { &upstream.config.access_key };
        let outgoing = Outgoing {
            method: &operation.method,
            path: &written.path,
            query: &written.query,
            access_key_id,
            secret: upstream.config.secret_key.reveal(),
            region: self.region,
            service: signing_name,
            payload: &data_encoding::HEXLOWER.encode(&Sha256::digest(&written.body)),
        };
        let path = if is_s3(signing_name) { PathForm::AsSent } else { PathForm::Normalized };
        if !sign(&outgoing, &Scheme { path, ..Scheme::default() }, headers, Utc::now()) {
            return Err(unaskable());
        }
        let answer = upstreams.ask(upstream, request).await?;
        let failed = |status| Silence::Failed {
            authority: upstream.authority().to_string(),
            operation: self.operation.to_owned(),
            status,
        };
        read(&answer, (!as_text).then_some(protocol)).map_err(failed)
    }

    fn written(&self, service: &Arc<Service>, operation: &Operation, protocol: Protocol) -> Option<Written> {
        let mut written = Written { method: operation.method.clone(), path: "/".to_owned(), ..Written::default() };
        match protocol {
            Protocol::Json => {
                let version = service.summary.json_version;
                let version = if version.is_empty() { "1.1" } else { version };
                written.content_type = format!("application/x-amz-json-{version}");
                written.target = Some(format!("{}.{}", service.summary.target_prefix, operation.name));
                written.body = Value::Object(self.members.clone()).to_string();
            }
            Protocol::Query | Protocol::Ec2 => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.append_pair("Action", &operation.name).append_pair("Version", service.summary.api_version);
                for (name, value) in &self.members {
                    form.append_pair(name, value.as_str()?);
                }
                written.content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
                written.body = form.finish();
            }
            Protocol::RestJson | Protocol::RestXml => self.write_rest(service, operation, &mut written)?,
            Protocol::Cbor => return None,
        }
        Some(written)
    }

    /// Path and query of a call by REST, whose members are all there.
    fn write_rest(&self, service: &Service, operation: &Operation, written: &mut Written) -> Option<()> {
        let shape = service.input(operation)?;
        let (path, query) = operation.uri.as_str().split_once('?').unwrap_or((operation.uri.as_str(), ""));
        let mut path = path.to_owned();
        let mut parameters: Vec<String> = if query.is_empty() { Vec::new() } else { vec![query.to_owned()] };
        for (name, value) in &self.members {
            let member = shape.members.get(name)?;
            let on_wire = member.name.as_deref().unwrap_or(name);
            let text = value.as_str()?;
            match member.location {
                Location::Uri => {
                    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
                    // Slashes of a greedy label are part of the path.
                    let greedy = text.split('/').map(encoded).collect::<Vec<_>>().join("/");
                    path = path.replace(&format!("{{{on_wire}}}"), &encoded(text));
                    path = path.replace(&format!("{{{on_wire}+}}"), &greedy);
                }
                Location::QueryString => {
                    let value = utf8_percent_encode(text, RESERVED);
                    parameters.push(format!("{}={value}", utf8_percent_encode(on_wire, RESERVED)));
                }
                _ => return None,
            }
        }
        if path.contains('{') {
            return None;
        }
        written.path = path;
        written.query = parameters.join("&");
        Some(())
    }
}

/// A request, not signed yet.
#[derive(Default)]
struct Written {
    method: String,
    path: String,
    query: String,
    content_type: String,
    target: Option<String>,
    body: String,
}

impl Written {
    fn request(&self) -> Option<Request<Bytes>> {
        let target = if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        let mut request = Request::builder().method(method).uri(target);
        if !self.content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, &self.content_type);
        }
        if let Some(target) = &self.target {
            request = request.header("x-amz-target", target);
        }
        request.body(Bytes::from(self.body.clone())).ok()
    }
}

/// The protocol in which the gateway asks. Emulators know JSON best.
fn protocol_of(service: &Service) -> Option<Protocol> {
    let order = [Protocol::Json, Protocol::RestJson, Protocol::RestXml, Protocol::Query];
    order.into_iter().find(|protocol| service.summary.speaks(*protocol))
}

/// Reads an answer in a protocol, or as a text; the status of one that is a failure.
fn read(answer: &Answer, protocol: Option<Protocol>) -> Result<Said, u16> {
    match answer.status {
        200..300 => {}
        _ if super::absence::is_absence(answer) => return Ok(Said::Nothing),
        status => return Err(status),
    }
    let text = str::from_utf8(&answer.body).map_err(|_| answer.status)?;
    let value = match protocol {
        None => Value::from(text),
        Some(Protocol::Json | Protocol::RestJson) if text.is_empty() => Value::Null,
        Some(Protocol::Json | Protocol::RestJson) => serde_json::from_str(text).map_err(|_| answer.status)?,
        Some(_) => xml::read(text).ok_or(answer.status)?,
    };
    Ok(Said::Answer(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(service: &str, operation: &str, members: Value) -> Option<(String, String, String)> {
        let model = operations::service(service).unwrap();
        let Value::Object(members) = members else { return None };
        let inquiry =
            Inquiry { service, operation, members, owner: AccountId::from_number(0).unwrap(), region: "us-east-1" };
        let written = inquiry.written(&model, model.operation(operation)?, protocol_of(&model)?)?;
        Some((written.path, written.query, written.body))
    }

    #[test]
    fn each_protocol_is_written() {
        for (service, operation, members, path, query, body) in [
            ("kms", "GetKeyPolicy", json!({"KeyId": "k"}), "/", "", r#"{"KeyId":"k"}"#),
            (
                "sns",
                "GetTopicAttributes",
                json!({"TopicArn": "arn:aws:sns:us-east-1:1:t"}),
                "/",
                "",
                "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3At",
            ),
            (
                "lambda",
                "GetPolicy",
                json!({"FunctionName": "a/b", "Qualifier": "1"}),
                "/2015-03-31/functions/a%2Fb/policy",
                "Qualifier=1",
                "",
            ),
            ("s3", "GetBucketPolicy", json!({"Bucket": "b"}), "/b", "policy", ""),
            (
                "s3",
                "GetObjectTagging",
                json!({"Bucket": "b", "Key": "a//b c", "VersionId": "v"}),
                "/b/a//b%20c",
                "tagging&versionId=v",
                "",
            ),
        ] {
            let (path, query, body) = (path.to_owned(), query.to_owned(), body.to_owned());
            assert_eq!(written(service, operation, members), Some((path, query, body)), "{operation}");
        }
        assert_eq!(written("lambda", "GetPolicy", json!({})), None);
        assert_eq!(written("lambda", "GetPolicy", json!({"FunctionName": "f", "Other": "1"})), None);
    }

    #[test]
    fn only_an_answer_is_an_answer() {
        let answer = |status, body: &'static str| {
            let answer = Answer { status, headers: http::HeaderMap::new(), body: body.into() };
            match read(&answer, Some(Protocol::Json)) {
                Ok(Said::Answer(value)) => value.to_string(),
                Ok(Said::Nothing) => "nothing".to_owned(),
                Err(status) => status.to_string(),
            }
        };
        assert_eq!(answer(200, r#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(answer(200, ""), "null");
        assert_eq!(answer(200, "<a/>"), "200");
        assert_eq!((answer(404, ""), answer(501, "")), ("404".to_owned(), "nothing".to_owned()));
        assert_eq!((answer(403, "{}"), answer(429, "")), ("403".to_owned(), "429".to_owned()));
        assert_eq!((answer(500, "{}"), answer(302, "")), ("500".to_owned(), "302".to_owned()));
    }
}
