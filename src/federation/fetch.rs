//! Fetches documents of issuers: one request, no redirects, to an address that was checked, within limits.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Url;

use super::address::Reach;
use super::tls::{self, Trust};

/// How long one document may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The greatest document. The largest key set, 200 keys of 8192 bits, is half as large.
const MAX_RESPONSE_BYTES: usize = 512 * 1024;

/// Why a document could not be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing answers, or only servers that must not be asked.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(Url, String),
    /// The answer is no good.
    #[error("{0} answers {1}")]
    Answer(Url, String),
}

impl FetchError {
    /// Why, without the URL, which may hold a secret.
    pub fn reason(&self) -> &str {
        match self {
            Self::Unreachable(_, reason) | Self::Answer(_, reason) => reason,
        }
    }
}

/// A document that was fetched.
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The address that it came from.
    pub source: IpAddr,
}

/// The document at a URL.
///
/// # Errors
/// See [`FetchError`].
pub async fn get(url: &Url, reach: Reach, trust: Trust) -> Result<Document, FetchError> {
    let fetching = async {
        let stream = connect(url, reach).await?;
        let source = stream.peer_addr().map_err(|error| unreachable(url, error))?.ip();
        let request = asking(url, Request::get(target(url)), Bytes::new())?;
        let (status, bytes) = match url.scheme() {
            "https" => exchange(url, secure(url, stream, trust).await?, request).await?,
            _ => exchange(url, stream, request).await?,
        };
        match status {
            StatusCode::OK => Ok(Document { bytes, source }),
            _ => Err(FetchError::Answer(url.clone(), status.to_string())),
        }
    };
    let late = || unreachable(url, "it takes too long");
    tokio::time::timeout(TIMEOUT, fetching).await.map_err(|_| late())?
}

/// Sends JSON to a URL, with further headers, to any address but those of metadata services.
///
/// # Errors
/// See [`FetchError`]; a status that is not one of success is one.
pub async fn post(url: &Url, headers: &[(&'static str, String)], json: Bytes) -> Result<(), FetchError> {
    let sending = async {
        let stream = connect(url, Reach::Any).await?;
        let request = Request::post(target(url)).header(header::CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let request = asking(url, request, json)?;
        let (status, _) = match url.scheme() {
            "https" => exchange(url, secure(url, stream, Trust::RootsOr(Vec::new())).await?, request).await?,
            _ => exchange(url, stream, request).await?,
        };
        if status.is_success() { Ok(()) } else { Err(FetchError::Answer(url.clone(), status.to_string())) }
    };
    let late = || unreachable(url, "it takes too long");
    tokio::time::timeout(TIMEOUT, sending).await.map_err(|_| late())?
}

/// The thumbprint of the highest certificate that a host presents; `None` for hosts without TLS.
///
/// # Errors
/// When the host cannot be reached.
pub async fn highest_thumbprint(url: &Url, reach: Reach) -> Result<Option<String>, FetchError> {
    if url.scheme() != "https" {
        return Ok(None);
    }
    let looking = async { secure(url, connect(url, reach).await?, Trust::Unverified).await };
    let late = || unreachable(url, "it takes too long");
    let stream = tokio::time::timeout(TIMEOUT, looking).await.map_err(|_| late())??;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Ok(certificates.last().map(tls::thumbprint))
}

fn unreachable(url: &Url, why: impl ToString) -> FetchError {
    FetchError::Unreachable(url.clone(), why.to_string())
}

/// Connects to the first address of the host that may be connected to and answers.
async fn connect(url: &Url, reach: Reach) -> Result<TcpStream, FetchError> {
    let host = url.host_str().ok_or_else(|| unreachable(url, "it has no host"))?;
    let port = url.port_or_known_default().ok_or_else(|| unreachable(url, "it has no port"))?;
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = tokio::net::lookup_host((name, port)).await.map_err(|error| unreachable(url, error))?;
    let allowed: Vec<SocketAddr> = addresses.filter(|address| reach.allows(address.ip())).collect();
    if allowed.is_empty() {
        return Err(unreachable(url, "its address may not be connected to"));
    }
    TcpStream::connect(&*allowed).await.map_err(|error| unreachable(url, error))
}

async fn secure(url: &Url, stream: TcpStream, trust: Trust) -> Result<TlsStream<TcpStream>, FetchError> {
    let name = match url.host() {
        Some(url::Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|e| unreachable(url, e))?,
        Some(url::Host::Ipv4(ip)) => ServerName::IpAddress(std::net::IpAddr::V4(ip).into()),
        Some(url::Host::Ipv6(ip)) => ServerName::IpAddress(std::net::IpAddr::V6(ip).into()),
        None => return Err(unreachable(url, "it has no host")),
    };
    let config = tls::client(trust).map_err(|error| unreachable(url, error))?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| unreachable(url, error))
}

/// The path and the query of a URL.
fn target(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

fn asking(url: &Url, request: http::request::Builder, body: Bytes) -> Result<Request<Full<Bytes>>, FetchError> {
    request
        .header(header::HOST, url.authority())
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("iamd/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|error| unreachable(url, error))
}

async fn exchange<S>(url: &Url, stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Vec<u8>), FetchError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(url, error))?;
    // The connection ends with its one request, when the sender is dropped.
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| unreachable(url, error))?;
    let answer = |what: String| FetchError::Answer(url.clone(), what);
    let status = response.status();
    if !status.is_success() {
        driver.abort();
        return Ok((status, Vec::new()));
    }
    let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await;
    let body = body.map_err(|_| answer("too much, or breaks off".to_owned()))?;
    driver.abort();
    Ok((status, body.to_bytes().into()))
}
