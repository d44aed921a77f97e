//! `/_iamd/authorize`: other proxies ask whether a request that they have received may go on. Envoy puts the path of the
//! request behind this one; nginx, Traefik and Caddy put it into headers. Such headers say what is decided, so they are
//! believed of trusted networks alone.

mod original;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use chrono::Utc;
use http::{HeaderValue, StatusCode};

use self::original::Original;
use super::aws::{admit, facts, incoming};
use super::refusal::refused;
use super::{State, gateway};
use crate::log::ENDPOINT;

/// Where the path of a request follows that Envoy asks about.
const PREFIX: &str = "/_iamd/authorize";

/// Decides a request that another proxy has received.
pub async fn decide(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let Some(gateway) = &state.gateway else {
        return denied(peer, "no-upstream", "there is no upstream whose calls could be decided; --upstream names one");
    };
    if !gateway.trusts(peer.ip()) {
        let why = "this address may not ask; the setting gateway.trusted names the networks of proxies";
        return denied(peer, "untrusted-proxy", why);
    }
    let (parts, body) = request.into_parts();
    let Original { parts, client, secure, body: given } = match Original::of(parts) {
        Ok(original) => original,
        Err(unclear) => return denied(peer, "unclear-request", &unclear.to_string()),
    };
    if !gateway::is_for_others(&parts) {
        return denied(peer, "own-service", "IAM and STS are answered by iamd itself, and have to be sent to it");
    }
    if let Err(error) = admit(&parts, &state, true) {
        return denied(peer, "foreign-page", error.message().unwrap_or_default());
    }
    let real = Utc::now();
    let now = state.app.environment.clock.at(real);
    let facts = facts(&incoming(&parts, &[]), uuid::Uuid::new_v4().to_string(), SocketAddr::new(client, 0), now.into());
    let body = state.bodies.receive(body);
    gateway::authorize(&state, gateway, (&parts, facts, real), (body, given), secure).await
}

/// A denial that is not about permissions. Its status is one that every proxy takes for a denial.
fn denied(proxy: SocketAddr, error: &'static str, why: &str) -> Response {
    let status = StatusCode::FORBIDDEN;
    let source = proxy.ip().to_canonical().to_string();
    tracing::warn!(target: ENDPOINT, path = PREFIX, status = status.as_u16(), source, reason = why);
    let mut response = refused(status, why);
    response.headers_mut().insert("x-iamd-error", HeaderValue::from_static(error));
    response
}
