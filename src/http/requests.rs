//! The log of requests outside AWS's protocol: the server's own endpoints, those that hand out credentials, and those
//! of the identity provider for tests.

use std::net::SocketAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tracing::Level;

use crate::log::ENDPOINT;

/// The most characters of a path or a reason.
const MAX_TEXT: usize = 300;

/// Why a request is refused, where the answer does not say it.
#[derive(Clone, Debug)]
pub struct Why(pub String);

/// Writes one line about a request. Its query is left out: sign-in tokens and sessions are in there.
pub async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), shortened(request.uri().path()));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let source = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string());
    let (response, reason) = reason(next.run(request).await).await;
    let status = response.status();
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    macro_rules! line {
        ($level:ident) => {
            tracing::event!(
                target: ENDPOINT,
                Level::$level,
                method = method.as_str(),
                path,
                status = status.as_u16(),
                source,
                reason,
                micros,
            )
        };
    }
    match level(&method, &path, status) {
        Level::ERROR => line!(ERROR),
        Level::WARN => line!(WARN),
        Level::INFO => line!(INFO),
        _ => line!(DEBUG),
    }
    response
}

/// Monitoring asks for the server's health every few seconds.
fn level(method: &Method, path: &str, status: StatusCode) -> Level {
    match status.as_u16() {
        500.. => Level::ERROR,
        400.. => Level::WARN,
        _ if method == Method::GET && (path.ends_with("/health") || path.contains("/health/")) => Level::DEBUG,
        _ => Level::INFO,
    }
}

/// The answer, and why it refuses the request if it does: what a handler notes, or else what the body says.
async fn reason(response: Response) -> (Response, Option<String>) {
    if response.status().as_u16() < 400 {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    if let Some(Why(why)) = parts.extensions.get() {
        let why = shortened(why);
        return (Response::from_parts(parts, body), Some(why));
    }
    // A page is no reason.
    if parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return (Response::from_parts(parts, body), None);
    }
    // Refusals are texts of the server's own, and short.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let message = message_of(&String::from_utf8_lossy(&body));
    (Response::from_parts(parts, Body::from(body)), message)
}

/// The sentence in a refusal, which is JSON or plain text.
fn message_of(body: &str) -> Option<String> {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let member = json.as_ref().and_then(|json| json.get("error").or_else(|| json.get("message")));
    let text = member.and_then(Value::as_str).unwrap_or(body).trim();
    Some(shortened(text)).filter(|text| !text.is_empty())
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_reported_in_their_own_words() {
        for (body, expected) in [
            (r#"{"error": "no"}"#, Some("no")),
            (r#"{"code": "X", "message": "no", "HTTPErrorCode": 400}"#, Some("no")),
            ("no\n", Some("no")),
            ("", None),
        ] {
            assert_eq!(message_of(body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn only_health_that_is_well_is_a_matter_of_debugging() {
        for (method, path, status, expected) in [
            (Method::GET, "/_iamd/health", StatusCode::OK, Level::DEBUG),
            (Method::GET, "/_iamd/health", StatusCode::SERVICE_UNAVAILABLE, Level::ERROR),
            (Method::GET, "/_iamd/clock", StatusCode::OK, Level::INFO),
            (Method::POST, "/_iamd/reset", StatusCode::UNAUTHORIZED, Level::WARN),
        ] {
            assert_eq!(level(&method, path, status), expected, "{method} {path} {status}");
        }
    }
}
