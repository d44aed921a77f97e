//! How commands find the server that is running.

use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigError, ListenAddress, Settings};
use crate::http::{PATIENCE, Target};
use crate::shapes::Secret;

/// The settings of the server that say how to reach it.
const SHARED: &[&str] = &[
    "admin-token",
    "config",
    "container-token",
    "data-dir",
    "database",
    "listen",
    "tls",
    "tls-cert",
    "tls-key",
    "tls-only",
];

/// Where the server is.
#[derive(Args, Clone, Debug)]
pub struct RunningServer {
    /// Address and port of the server
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
    /// Configuration file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Speak TLS, and trust the certificates in this file (PEM) [default: as the server's settings say]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl RunningServer {
    /// The settings that the commands share with the server: of the environment and the configuration file, too.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn settings(&self, secrets: Secrets<'_>) -> Result<Settings, ConfigError> {
        let Self { listen, config, .. } = self.clone();
        let Secrets { admin_token, container_token } = secrets;
        let (admin_token, container_token) = (admin_token.cloned(), container_token.cloned());
        let given = Settings { listen, config, admin_token, container_token, ..Settings::default() };
        Ok(given.complete(std::env::vars_os(), |key| SHARED.contains(&key))?.settings)
    }

    /// Where the server is, and whom to trust there.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn target(&self, settings: &Settings) -> Result<Target, ConfigError> {
        let certificates = match &self.ca {
            Some(file) => Some(file.clone()),
            None => settings.trusted_certificates()?,
        };
        Ok(Target { listen: settings.listen(), certificates, patience: PATIENCE })
    }
}

/// What the server asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'s> {
    /// At its own endpoints.
    pub admin_token: Option<&'s Secret>,
    /// At the endpoints for containers.
    pub container_token: Option<&'s Secret>,
}

/// The running server and the token of its own endpoints.
#[derive(Args, Clone, Debug)]
pub struct AdminOptions {
    #[command(flatten)]
    server: RunningServer,
    /// Token that the server's own endpoints ask for
    #[arg(long, value_name = "TOKEN")]
    admin_token: Option<Secret>,
}

impl AdminOptions {
    /// The settings that the command shares with the server.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        self.server.settings(Secrets { admin_token: self.admin_token.as_ref(), container_token: None })
    }

    /// Where the server is, and whom to trust there.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn target(&self, settings: &Settings) -> Result<Target, ConfigError> {
        self.server.target(settings)
    }
}
