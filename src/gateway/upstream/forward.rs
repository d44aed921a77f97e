//! The request as the upstream gets it: without the caller's credentials, and signed again.

use std::borrow::Cow;

use aws_calls::Call;
use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use super::region::is_of_other_region;
use super::{Body, Upstream};
use crate::config::{AccountRule, UpstreamKind};
use crate::gateway::credentials::without_signature;
use crate::shapes::AccountId;
use crate::sigv4::{Outgoing, PathForm, Scheme, sign};

/// The headers that are about a connection (RFC 9110, section 7.6.1), and that about how its body is sent.
const OF_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers of the caller's credentials. The upstream gets others.
const OF_CREDENTIALS: [&str; 4] = ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];

/// Headers by which some servers take a request for another one than its line says.
const THAT_REWRITE: [&str; 9] = [
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// How the headers begin that control emulators.
const OF_EMULATORS: [&str; 4] = ["x-iamd-", "x-localstack-", "x-ministack-", "x-moto-"];

/// What the upstream gets besides the request.
pub struct Forwarding<'f> {
    /// The request as it came.
    pub parts: &'f Parts,
    /// Its path, where it is not the one that came.
    pub path: Option<String>,
    /// The host, where it is not the one that came.
    pub host: Option<String>,
    /// The call, if it is of a service other than S3.
    pub call: Option<&'f Call>,
    /// Whether the server is to see that the body is a form.
    pub has_form: bool,
    /// The service's signing name.
    pub service: &'f str,
    /// The region of the caller's signature.
    pub region: &'f str,
    /// The account whose resources the call is about.
    pub owner: AccountId,
    /// What takes the place of the body's hash.
    pub payload: String,
    /// Whether the body's chunks are kept.
    pub keeps_chunks: bool,
    /// Whether the body is not the one that came, so that its checksums no longer fit.
    pub is_changed: bool,
}

/// A request that cannot be made for an upstream.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be written for the upstream")]
pub struct Unwritable;

impl Forwarding<'_> {
    /// The request for an upstream of this kind.
    ///
    /// # Errors
    /// When a part of it cannot be written, such as a path with characters that no URI has.
    pub fn request(
        &self,
        upstream: &Upstream,
        kind: UpstreamKind,
        body: Body,
        now: DateTime<Utc>,
    ) -> Result<Request<Body>, Unwritable> {
        let mut headers = self.headers()?;
        let accounts = upstream.accounts(kind);
        let account = self.owner.to_string();
        let access_key_id = match &accounts {
            AccountRule::KeyId => account.as_str(),
            AccountRule::Fixed => upstream.config.access_key.as_str(),
            AccountRule::Header(name) => {
                let value = HeaderValue::from_str(&account).map_err(|_| Unwritable)?;
                headers.insert(name.clone(), value);
                upstream.config.access_key.as_str()
            }
        };
        let path = self.path.as_deref().unwrap_or_else(|| self.parts.uri.path());
        let query = without_signature(self.parts.uri.query().unwrap_or_default());
        let query = self.call.map_or(Cow::Borrowed(&*query), |call| call.query_to_pass_on(&query));
        let outgoing = Outgoing {
            method: self.parts.method.as_str(),
            path,
            query: &query,
            access_key_id,
            secret: upstream.config.secret_key.reveal(),
            region: self.region,
            service: self.service,
            payload: &self.payload,
        };
        let form = if is_s3(self.service) { PathForm::AsSent } else { PathForm::Normalized };
        let scheme = Scheme { path: form, ..Scheme::default() };
        if !sign(&outgoing, &scheme, &mut headers, now) {
            return Err(Unwritable);
        }
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let mut request = Request::new(body);
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = target.parse().map_err(|_| Unwritable)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// The caller's headers that are for the upstream.
    fn headers(&self) -> Result<HeaderMap, Unwritable> {
        let given = &self.parts.headers;
        let named = connection_options(given);
        let mut headers = HeaderMap::with_capacity(given.len());
        for (name, value) in given {
            let is_misleading = misleads_server(name, value, self.has_form, self.region);
            if is_for_upstream(name) && !named.contains(name) && !is_misleading {
                headers.append(name.clone(), value.clone());
            }
        }
        if let Some(host) = &self.host {
            headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_| Unwritable)?);
        }
        if self.is_changed {
            let is_checksum =
                |name: &&HeaderName| **name == "content-md5" || name.as_str().starts_with("x-amz-checksum-");
            let names: Vec<HeaderName> = headers.keys().filter(is_checksum).cloned().collect();
            for name in names {
                headers.remove(name);
            }
        }
        if !self.keeps_chunks {
            headers.remove("x-amz-decoded-content-length");
            headers.remove("x-amz-trailer");
            without_chunks(&mut headers)?;
        }
        Ok(headers)
    }
}

/// Whether S3's rules of signing hold for a service, given by its signing name.
pub fn is_s3(signing_name: &str) -> bool {
    matches!(signing_name, "s3" | "s3express" | "s3-object-lambda" | "s3-outposts")
}

fn is_for_upstream(name: &HeaderName) -> bool {
    ![&OF_CONNECTION[..], &OF_CREDENTIALS].iter().any(|list| list.contains(&name.as_str()))
}

/// Whether a header may have a server take a request for another one than its line and its other headers say.
pub fn misleads_server(name: &HeaderName, value: &HeaderValue, has_form: bool, region: &str) -> bool {
    match *name {
        header::CONTENT_TYPE => !has_form && is_form(value),
        header::USER_AGENT => is_of_other_region(value, region),
        ref name => {
            let name = name.as_str();
            // Servers behind the Common Gateway Interface take an underscore for a hyphen.
            name.contains('_')
                || THAT_REWRITE.contains(&name)
                || OF_EMULATORS.iter().any(|start| name.starts_with(start))
        }
    }
}

/// Whether a content type is that of a form. Some servers look for operations and members in the body of one, whatever the
/// method and the service.
fn is_form(content_type: &HeaderValue) -> bool {
    let text = content_type.as_bytes().to_ascii_lowercase();
    [&b"urlencoded"[..], b"url-encoded", b"multipart/"].iter().any(|kind| memchr::memmem::find(&text, kind).is_some())
}

/// The headers that `Connection` says are for the gateway alone. It cannot take away what the rules look at.
fn connection_options(headers: &HeaderMap) -> Vec<HeaderName> {
    let options = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let names = options.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse::<HeaderName>().ok());
    names.filter(|name| *name != header::HOST && !name.as_str().starts_with("x-amz")).collect()
}

/// Takes `aws-chunked` out of the content's encodings.
fn without_chunks(headers: &mut HeaderMap) -> Result<(), Unwritable> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let others: Vec<_> =
        encoding.split(',').map(str::trim).filter(|name| !name.eq_ignore_ascii_case("aws-chunked")).collect();
    let others = others.join(",");
    match others.as_str() {
        "" => drop(headers.remove(header::CONTENT_ENCODING)),
        others => {
            let value = HeaderValue::from_str(others).map_err(|_| Unwritable)?;
            headers.insert(header::CONTENT_ENCODING, value);
        }
    }
    Ok(())
}

/// Takes what is about the upstream's connection out of the headers of its answer.
pub fn of_answer(headers: &mut HeaderMap) {
    for name in OF_CONNECTION.iter().filter(|name| **name != "content-length") {
        headers.remove(*name);
    }
}
