//! The request that another proxy asks about, as its client sent it.

use std::net::IpAddr;

use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

use super::PREFIX;
use crate::gateway::GivenBody;

/// The request that a proxy asks about.
#[derive(Debug)]
pub struct Original {
    /// Its line and headers, without those that the proxy added.
    pub parts: Parts,
    /// Who sent it to the proxy.
    pub client: IpAddr,
    /// Whether it came to the proxy by TLS.
    pub secure: bool,
    /// What is known of its body.
    pub body: GivenBody,
}

/// Why it is not clear what a proxy asks about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// There is nothing about the request.
    #[error(
        "the request is not given: by x-original-method and x-original-uri, by x-forwarded-method, x-forwarded-uri and \
         x-forwarded-host, or by its path behind /_iamd/authorize"
    )]
    Nothing,
    /// It is given in several ways, of which a client may have made one up.
    #[error("the request is given in more than one way")]
    Several,
    /// A header is missing, there several times, or has several values.
    #[error("the proxy must give {0}, once")]
    Once(&'static str),
    /// A header has no such value.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    /// Proxies and servers disagree on what the path means.
    #[error("the path has elements that servers take away: dots, empty ones, or a backslash")]
    Path,
}

/// How a proxy gives the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Convention {
    /// By its own line, behind a prefix of the path: Envoy.
    Path,
    /// By headers that nginx is configured to send.
    Original,
    /// By headers of Traefik and Caddy.
    Forwarded,
}

const ORIGINAL_METHOD: &str = "x-original-method";
const ORIGINAL_URI: &str = "x-original-uri";
/// The length of a body that is left out, which some clients sign.
const ORIGINAL_LENGTH: &str = "x-original-content-length";
const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_URI: &str = "x-forwarded-uri";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Whether Envoy gives only the beginning of a body.
const PARTIAL_BODY: &str = "x-envoy-auth-partial-body";

/// The headers that proxies add, which are not the client's.
const OF_PROXIES: [&str; 12] = [
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_METHOD,
    "x-forwarded-port",
    FORWARDED_PROTO,
    "x-forwarded-server",
    FORWARDED_URI,
    ORIGINAL_LENGTH,
    ORIGINAL_METHOD,
    ORIGINAL_URI,
    PARTIAL_BODY,
    "x-real-ip",
];

impl Original {
    /// Reads the request that a proxy asks about.
    ///
    /// # Errors
    /// When it is not given clearly.
    pub fn of(mut asked: Parts) -> Result<Self, Unclear> {
        let convention = Convention::of(&asked)?;
        let headers = &asked.headers;
        let (method, target) = match convention {
            Convention::Path => (asked.method.clone(), behind_prefix(&asked.uri)?.to_owned()),
            Convention::Original => line(headers, ORIGINAL_METHOD, ORIGINAL_URI)?,
            Convention::Forwarded => line(headers, FORWARDED_METHOD, FORWARDED_URI)?,
        };
        let uri = uri(&target)?;
        let host = match convention {
            Convention::Forwarded => Some(once(headers, FORWARDED_HOST)?.clone()),
            Convention::Path | Convention::Original => None,
        };
        let length = headers.get(ORIGINAL_LENGTH).filter(|length| convention != Convention::Path && !length.is_empty());
        let length = length.cloned();
        let client = client(headers)?;
        let secure = match headers.contains_key(FORWARDED_PROTO) {
            true => text(once(headers, FORWARDED_PROTO)?, FORWARDED_PROTO)? == "https",
            false => false,
        };
        let body = body(convention, headers)?;
        for name in OF_PROXIES {
            asked.headers.remove(name);
        }
        if let Some(host) = host {
            asked.headers.insert(HOST, host);
        }
        if let Some(length) = length {
            asked.headers.insert(CONTENT_LENGTH, length);
        }
        (asked.method, asked.uri) = (method, uri);
        Ok(Self { parts: asked, client, secure, body })
    }
}

impl Convention {
    fn of(asked: &Parts) -> Result<Self, Unclear> {
        let has = |names: [&str; 2]| names.iter().any(|name| asked.headers.contains_key(*name));
        let is_behind_path = asked.uri.path() != PREFIX;
        let given = [
            (Self::Path, is_behind_path),
            (Self::Original, has([ORIGINAL_METHOD, ORIGINAL_URI])),
            (Self::Forwarded, has([FORWARDED_METHOD, FORWARDED_URI])),
        ];
        let mut found = given.into_iter().filter(|(_, is_given)| *is_given).map(|(convention, _)| convention);
        match (found.next(), found.next()) {
            (Some(convention), None) => Ok(convention),
            (Some(_), Some(_)) => Err(Unclear::Several),
            (None, _) => Err(Unclear::Nothing),
        }
    }
}

/// The only value of a header.
fn once<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h HeaderValue, Unclear> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if !value.as_bytes().contains(&b',') || name.ends_with("-uri") => Ok(value),
        _ => Err(Unclear::Once(name)),
    }
}

fn text<'v>(value: &'v HeaderValue, name: &'static str) -> Result<&'v str, Unclear> {
    value.to_str().map_err(|_| Unclear::Unreadable(name))
}

/// Method and target in two headers.
fn line(headers: &HeaderMap, of_method: &'static str, of_uri: &'static str) -> Result<(Method, String), Unclear> {
    let method = once(headers, of_method)?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Unclear::Unreadable(of_method))?;
    Ok((method, text(once(headers, of_uri)?, of_uri)?.to_owned()))
}

/// The target behind the prefix.
fn behind_prefix(uri: &Uri) -> Result<&str, Unclear> {
    let target = uri.path_and_query().map(PathAndQuery::as_str).unwrap_or_default();
    target.strip_prefix(PREFIX).ok_or(Unclear::Nothing)
}

/// A target whose path means the same to all proxies and servers.
fn uri(target: &str) -> Result<Uri, Unclear> {
    let is_plain = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let unreadable = Unclear::Unreadable("the path");
    if !is_plain {
        return Err(unreadable);
    }
    let target: PathAndQuery = target.parse().map_err(|_| unreadable)?;
    let path = target.path();
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let mut elements = decoded.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(element) = elements.next() {
        let is_last = elements.peek().is_none();
        if matches!(element, b"." | b"..") || (element.is_empty() && !is_last) {
            return Err(Unclear::Path);
        }
    }
    if path.contains('\\') { Err(Unclear::Path) } else { Ok(target.into()) }
}

/// Who sent the request to the proxy: the last of those that the header names, since the proxy added it. What comes
/// before it, the client may have made up.
fn client(headers: &HeaderMap) -> Result<IpAddr, Unclear> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back().ok_or(Unclear::Once(FORWARDED_FOR))?;
    let last = text(last, FORWARDED_FOR)?.rsplit(',').next().unwrap_or_default().trim();
    let without_port = last.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(last, |(name, _)| name);
    let address = without_port
        .parse()
        .or_else(|_| without_port.parse().map(|socket: std::net::SocketAddrV4| (*socket.ip()).into()));
    address.map(|address: IpAddr| address.to_canonical()).map_err(|_| Unclear::Unreadable(FORWARDED_FOR))
}

/// What Envoy says of the body. The others say nothing, and their clients may have made up what is there.
fn body(convention: Convention, headers: &HeaderMap) -> Result<GivenBody, Unclear> {
    if convention != Convention::Path || !headers.contains_key(PARTIAL_BODY) {
        return Ok(GivenBody::Unknown);
    }
    match text(once(headers, PARTIAL_BODY)?, PARTIAL_BODY)? {
        "false" => Ok(GivenBody::Whole),
        "true" => Ok(GivenBody::Beginning),
        _ => Err(Unclear::Unreadable(PARTIAL_BODY)),
    }
}

#[cfg(test)]
mod tests;
