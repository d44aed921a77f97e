//! The network: AWS's endpoint, those that hand out credentials, and the server's own, on one port.

mod admin;
mod ask;
mod authorize;
mod aws;
mod credentials;
pub mod feed;
mod following;
mod gateway;
pub(crate) mod guard;
mod landing;
mod listener;
mod machine;
pub(crate) mod operator;
mod other_services;
mod refusal;
mod request_body;
pub(crate) mod requests;
mod tls;
mod token_issuer;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};
use tokio::sync::Semaphore;

pub use ask::{Answer, InvalidEndpoint, Lines, PATIENCE, Target, ask, ask_health, ask_lines, send};
pub use aws::LARGE_OPERATIONS;
pub(crate) use aws::endpoint;
pub use credentials::CredentialEndpoints;
pub use following::follow;
pub use guard::HostNames;
pub use listener::{Limits, Signals, serve};
pub(crate) use listener::{Stopping, Transport, tls_details};
pub use request_body::BodyLimits;
pub use requests::log as log_requests;
pub use tls::{Tls, TlsError};

use crate::app::App;
use crate::config::{ConfigError, Settings};
use crate::console::{self, Console};
use crate::gateway::Gateway;
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
    /// The names under which clients reach the server.
    pub hosts: HostNames,
    /// How much memory request bodies may take.
    pub bodies: BodyLimits,
    /// The console, unless it is off.
    pub console: Option<Console>,
    /// What is in front of other services, if there are any.
    pub gateway: Option<Arc<Gateway>>,
    /// How many more may follow the audit trail at a time.
    pub followers: Arc<Semaphore>,
    /// The same for pages of the console.
    pub viewers: Arc<Semaphore>,
}

impl State {
    /// What handlers see of an app with these settings.
    ///
    /// # Errors
    /// For settings of credential endpoints that mean nothing.
    pub fn new(app: App, settings: &Settings, database: &'static str) -> Result<Self, ConfigError> {
        Ok(Self {
            app,
            admin_token: settings.admin_token.clone(),
            credentials: CredentialEndpoints::new(settings)?,
            listen: settings.listen(),
            database,
            hosts: HostNames::new(settings.host_names().chain(machine::name())),
            bodies: BodyLimits::new(settings.max_body_size(), settings.max_buffered_bytes()),
            console: Console::new(settings),
            gateway: None,
            followers: Arc::new(Semaphore::new(admin::MAX_FOLLOWERS)),
            viewers: Arc::new(Semaphore::new(admin::MAX_FOLLOWERS)),
        })
    }
}

impl State {
    /// The same, with a gateway if the settings have an upstream.
    ///
    /// # Errors
    /// For settings of the gateway that mean nothing, and when the database fails.
    pub async fn with_gateway(self, settings: &Settings) -> Result<Self, Box<dyn std::error::Error>> {
        let Some(config) = settings.gateway()? else { return Ok(self) };
        let buckets = self.app.store.load_buckets().await?;
        Ok(Self { gateway: Some(Arc::new(Gateway::new(config, buckets, settings.host_names()))), ..self })
    }
}

/// The routes: the server's own under `/_iamd/`, what verifies the tokens that accounts issue under `/web-identity/`, and
/// those where applications look for their role; everything else is AWS's.
pub fn router(state: Arc<State>) -> Router {
    // The limits of bodies are those of `receive`, for all extractors.
    let receive = || axum::middleware::from_fn_with_state(state.clone(), request_body::receive);
    let own = admin::routes()
        .layer(DefaultBodyLimit::disable())
        .layer(receive())
        .layer(axum::middleware::from_fn_with_state(state.clone(), admin::guard));
    let token_issuer = Router::new()
        .route("/openid-configuration", get(token_issuer::discovery))
        .route("/jwks.json", get(token_issuer::keys));
    let credentials = credentials::routes()
        .layer(receive())
        .layer(axum::middleware::from_fn_with_state(state.clone(), credentials::guard));
    let console = if state.console.is_some() { console::routes() } else { Router::new() };
    let console = console.layer(receive()).layer(axum::middleware::from_fn_with_state(state.clone(), console::guard));
    Router::new()
        .route("/_iamd", get(landing::page))
        .route("/_iamd/", get(landing::page))
        .route("/_iamd/health", get(admin::health))
        .route("/_iamd/health/live", get(admin::live))
        .route("/_iamd/health/ready", get(admin::health))
        .nest("/_iamd", own)
        .nest("/web-identity/{account}/.well-known", token_issuer)
        .merge(credentials)
        .merge(console)
        .layer(axum::middleware::from_fn(log_requests))
        // Each question has the line of the call that it is about.
        .route("/_iamd/authorize", any(authorize::decide))
        .route("/_iamd/authorize/", any(authorize::decide))
        .route("/_iamd/authorize/{*path}", any(authorize::decide))
        .fallback(aws::endpoint)
        .with_state(state)
}
