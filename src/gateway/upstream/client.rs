//! The servers behind the gateway, and the connections to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::OnceCell;

use crate::config::{AccountRule, Chunked, DEFAULT_UPSTREAM, GatewayConfig, UpstreamConfig, UpstreamKind};
use crate::gateway::BodyError;

/// A body for an upstream.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// How long a connection to an upstream may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection stays open. Servers close theirs after five seconds and more.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// How long an upstream may take for a question of the gateway's own.
const OWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer to such a question.
const MAX_OWN_ANSWER: usize = 4 << 20;

/// The header by which moto's server has several accounts.
const MOTO_ACCOUNT: &str = "x-moto-account-id";

/// The upstreams by service, and the connections to them.
pub struct Upstreams {
    client: Client<HttpConnector, Body>,
    by_service: BTreeMap<String, Arc<Upstream>>,
}

/// A server behind the gateway.
pub struct Upstream {
    /// Where it is and how it is spoken to.
    pub config: UpstreamConfig,
    /// The setting that names it, for messages.
    pub setting: String,
    /// Whether an answer of its own has led clients past the gateway.
    pub has_led_away: AtomicBool,
    kind: OnceCell<UpstreamKind>,
}

/// An upstream that does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the upstream {authority} ({setting}) does not answer: {cause}")]
pub struct Unreachable {
    authority: String,
    setting: String,
    cause: String,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Upstreams {
    /// The upstreams of a configuration.
    pub fn new(config: &GatewayConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .set_host(false)
            .build(connector);
        let by_service = config.upstreams.iter().map(|(service, config)| {
            let setting = match service.as_str() {
                DEFAULT_UPSTREAM => "--upstream".to_owned(),
                service => format!("--upstream {service}=URL"),
            };
            let kind = OnceCell::new_with(config.kind);
            (
                service.clone(),
                Arc::new(Upstream { config: config.clone(), setting, kind, has_led_away: AtomicBool::new(false) }),
            )
        });
        Self { client, by_service: by_service.collect() }
    }

    /// The upstream of a service, by its signing name.
    pub fn of(&self, signing_name: &str) -> Option<&Arc<Upstream>> {
        self.by_service.get(signing_name).or_else(|| self.by_service.get(DEFAULT_UPSTREAM))
    }

    /// All upstreams.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.by_service.values()
    }

    /// Sends a request to an upstream. Its target is path and query.
    ///
    /// # Errors
    /// When the upstream cannot be reached or breaks off, or when the request's body fails.
    pub async fn send(
        &self,
        upstream: &Upstream,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, Unreachable> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(upstream.config.authority.clone());
        parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from_parts(parts).map_err(|error| upstream.unreachable(&error))?;
        self.client.request(request).await.map_err(|error| upstream.unreachable(&error))
    }

    /// Sends a request of the gateway's own, and waits for the whole answer.
    ///
    /// # Errors
    /// When the upstream cannot be reached, does not answer in time, or answers too much.
    pub async fn ask(&self, upstream: &Upstream, request: Request<Bytes>) -> Result<Answer, Unreachable> {
        let request = request.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync());
        let answer = async {
            let (parts, body) = self.send(upstream, request).await?.into_parts();
            let body = Limited::new(body, MAX_OWN_ANSWER).collect().await;
            let body = body.map_err(|error| upstream.unreachable(&*error))?.to_bytes();
            Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        let late = |_| upstream.unreachable(&std::io::Error::other("it takes too long"));
        tokio::time::timeout(OWN_TIMEOUT, answer).await.map_err(late)?
    }

    /// What an upstream is. Who does not answer now is asked again the next time.
    ///
    /// # Errors
    /// When the upstream cannot be reached.
    pub async fn kind(&self, upstream: &Upstream) -> Result<UpstreamKind, Unreachable> {
        upstream.kind.get_or_try_init(|| self.find_kind(upstream)).await.copied()
    }

    async fn find_kind(&self, upstream: &Upstream) -> Result<UpstreamKind, Unreachable> {
        // ministack answers for LocalStack as well.
        for (method, path, kind) in [
            (Method::GET, "/_ministack/health", UpstreamKind::Ministack),
            (Method::GET, "/_localstack/health", UpstreamKind::Localstack),
            // All that moto holds is in the body.
            (Method::HEAD, "/moto-api/data.json", UpstreamKind::Moto),
        ] {
            let request = Request::builder().method(method).uri(path);
            let host = HeaderValue::from_str(upstream.config.authority.as_str());
            let request =
                host.map_err(http::Error::from).and_then(|host| request.header(header::HOST, host).body(Bytes::new()));
            let request = request.map_err(|error| upstream.unreachable(&error))?;
            let answer = self.ask(upstream, request).await?;
            let is_json = answer.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
                kind.to_str().is_ok_and(|kind| kind.contains("json") || kind.contains("javascript"))
            });
            if answer.status == 200 && is_json {
                tracing::info!(upstream = %upstream.config.authority, ?kind, "an upstream is known");
                return Ok(kind);
            }
        }
        Ok(UpstreamKind::Plain)
    }
}

impl Upstream {
    /// Where it is.
    pub fn authority(&self) -> &Authority {
        &self.config.authority
    }

    /// How it learns whose resources a call is about, if it is of this kind.
    pub fn accounts(&self, kind: UpstreamKind) -> AccountRule {
        self.config.accounts.clone().unwrap_or(match kind {
            UpstreamKind::Moto => AccountRule::Header(header::HeaderName::from_static(MOTO_ACCOUNT)),
            UpstreamKind::Ministack | UpstreamKind::Localstack => AccountRule::KeyId,
            UpstreamKind::Plain => AccountRule::Fixed,
        })
    }

    /// Whether it takes chunked bodies, if it is of this kind.
    pub fn keeps_chunks(&self, kind: UpstreamKind) -> bool {
        self.config.chunked.map_or(kind != UpstreamKind::Plain, |chunked| chunked == Chunked::Keep)
    }

    fn unreachable(&self, cause: &dyn std::error::Error) -> Unreachable {
        let mut text = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Unreachable { authority: self.config.authority.to_string(), setting: self.setting.clone(), cause: text }
    }
}
