//! The network: AWS's endpoint, those that hand out credentials, and the server's own, on one port.

mod accounts;
mod admin;
mod ask;
mod aws;
mod clock;
mod credentials;
mod delegation;
mod evaluate;
mod guard;
mod health;
mod listener;
mod other_services;
mod requests;
mod token_issuer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub use ask::{Answer, ask, send};
pub use credentials::CredentialEndpoints;
pub use health::ask_health;
pub use listener::{Limits, serve};
pub use requests::log as log_requests;

use crate::app::App;
use crate::shapes::Secret;

/// What every handler sees.
pub struct State {
    /// The server without its network.
    pub app: App,
    /// The token of the server's own endpoints.
    pub admin_token: Option<Secret>,
    /// Who gets credentials from the endpoints of EC2, ECS and EKS.
    pub credentials: CredentialEndpoints,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The kind of database, for the health report.
    pub database: &'static str,
    /// Largest request body in bytes.
    pub max_body_size: usize,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
}

/// The routes: the server's own under `/_iamd/`, what verifies the tokens that accounts issue under `/web-identity/`, and
/// those where applications look for their role; everything else is AWS's.
pub fn router(state: Arc<State>) -> Router {
    let own = Router::new()
        .route("/accounts", get(accounts::list))
        .route("/clock", get(clock::read).post(clock::turn))
        .route("/delegation-notices", get(delegation::notices))
        .route("/evaluate", post(evaluate::decide))
        .route("/health", get(admin::health))
        .route("/reset", post(admin::reset))
        .fallback(admin::unknown)
        .layer(DefaultBodyLimit::max(state.max_body_size))
        .layer(axum::middleware::from_fn_with_state(state.clone(), admin::guard));
    let token_issuer = Router::new()
        .route("/openid-configuration", get(token_issuer::discovery))
        .route("/jwks.json", get(token_issuer::keys));
    Router::new()
        .nest("/_iamd", own)
        .nest("/web-identity/{account}/.well-known", token_issuer)
        .merge(credentials::routes())
        .layer(axum::middleware::from_fn(log_requests))
        .fallback(aws::endpoint)
        .with_state(state)
}
