//! What a person sees who opens the server in a browser, or asks it without saying what for.

use std::sync::Arc;

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode, header};

use super::State;
use super::guard::{host, names_one_host};
use super::listener::Transport;
use super::refusal::refused;
use crate::console::{see_other, sign_in_host};

/// Whether a request is none of AWS's protocol: it asks for a path alone.
pub fn is_wanted(parts: &Parts) -> bool {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    reads && parts.uri.query().is_none() && !parts.headers.contains_key(header::AUTHORIZATION)
}

/// Answers a request that is none of AWS's protocol: with the landing page, or that there is nothing at its path.
pub fn answer(state: &State, parts: &Parts) -> Response {
    match parts.uri.path() {
        "/" => match sign_in_host(host(&parts.headers)).filter(|_| state.console.is_some()) {
            Some(account) => see_other(&format!("/console/signin?account={account}")),
            None => text(state, parts),
        },
        _ => refused(StatusCode::NOT_FOUND, "there is no such endpoint"),
    }
}

/// The landing page at a path of its own.
pub async fn page(Shared(state): Shared<Arc<State>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    text(&state, &parts)
}

fn text(state: &State, parts: &Parts) -> Response {
    let host = host(&parts.headers);
    let is_known = names_one_host(parts) && state.hosts.contain(host);
    let endpoint = if is_known { host.to_owned() } else { state.listen.to_string() };
    let scheme = Transport::of(parts).scheme();
    let credentials = if state.app.authenticator.root.has_development_root() {
        "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
    } else {
        ""
    };
    let console = match state.console {
        Some(_) => format!("Its console is at {scheme}://{endpoint}/console/. "),
        None => String::new(),
    };
    let text = format!(
        "iamd {} serves AWS IAM and STS.\n\n  export AWS_ENDPOINT_URL={scheme}://{endpoint}\n{credentials}  \
         export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n\n{console}Its health is at /_iamd/health.\n",
        env!("CARGO_PKG_VERSION"),
    );
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}
