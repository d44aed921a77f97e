//! Who may reach the console: browsers that come by a name of the server, not on behalf of pages of other origins.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};

use super::answer;
use crate::http::{State, Transport, endpoint, guard as hosts};

/// The middle of host names that lead to an account's sign-in page: `ALIAS.signin.localhost`.
const SIGN_IN_DOMAIN: &str = ".signin.localhost";

/// Keeps foreign pages out, and passwords off networks in plain text. What is signed is for AWS's endpoint: a bucket may
/// be named like the console.
pub async fn guard(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let is_signed = request.headers().contains_key(header::AUTHORIZATION)
        || request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature="));
    if is_signed {
        return endpoint(Shared(state), peer, request).await;
    }
    let (parts, body) = request.into_parts();
    match refusal(&state, &parts) {
        Some((status, why)) => answer::refused(status, why),
        None => answer::guarded(next.run(Request::from_parts(parts, body)).await),
    }
}

fn refusal(state: &State, parts: &Parts) -> Option<(StatusCode, &'static str)> {
    let console = state.console.as_ref()?;
    if !hosts::names_one_host(parts) {
        return Some((StatusCode::BAD_REQUEST, "The request must have one Host header."));
    }
    // The link of a denial may be in a build's log. Browsers send no cookie along (`SameSite=Strict`), and a page changes
    // nothing.
    let is_link = parts.uri.path().starts_with("/console/") && hosts::is_followed_link(parts);
    if hosts::is_from_foreign_page(&parts.headers) && !is_link {
        return Some((StatusCode::FORBIDDEN, "Requests from pages of other origins are refused."));
    }
    if !state.hosts.contain(hosts::host(&parts.headers)) {
        return Some((StatusCode::FORBIDDEN, "The Host header names a domain that is not allowed (--allowed-hosts)."));
    }
    if !console.plain && !state.listen.ip().is_loopback() && !is_tls(parts) {
        let why = "Beyond this machine the console needs TLS (--tls auto), or --console plain.";
        return Some((StatusCode::FORBIDDEN, why));
    }
    None
}

/// Whether a request came over TLS.
pub(super) fn is_tls(parts: &Parts) -> bool {
    Transport::of(parts).is_tls()
}

/// The account, by number or alias, whose sign-in page a host leads to.
pub fn sign_in_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let account = name.strip_suffix(SIGN_IN_DOMAIN)?;
    let is_plain = account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && !account.is_empty()).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_an_account() {
        assert_eq!(sign_in_host("acme.signin.localhost:4593"), Some("acme"));
        assert_eq!(sign_in_host("111122223333.signin.localhost"), Some("111122223333"));
        for host in
            ["localhost:4593", ".signin.localhost", "a.b.signin.localhost", "a&b.signin.localhost", "a.signin.x"]
        {
            assert_eq!(sign_in_host(host), None, "{host}");
        }
    }
}
