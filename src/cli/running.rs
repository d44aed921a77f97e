//! How commands find the server that is running.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigError, ListenAddress, Settings};
use crate::http::{InvalidEndpoint, Target};
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

/// The variables that send AWS's clients to the server, the first one that is set before the others (AWS SDKs and Tools
/// Reference Guide, "Service-specific endpoints").
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL"];

/// The variable with the certificates that AWS's clients trust.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Where the server is.
#[derive(Args, Clone, Debug)]
pub struct RunningServer {
    /// URL of the server [default: the address that its settings have, else AWS_ENDPOINT_URL_IAM or AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    endpoint: Option<String>,
    /// Address and port of the server
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
    /// Configuration file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Speak TLS, and trust the certificates in this file (PEM) [default: as the server's settings say, else AWS_CA_BUNDLE
    /// for an endpoint of https]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Why the server cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum NoServer {
    /// The settings mean nothing.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The endpoint means nothing.
    #[error("{origin}: {error}")]
    Endpoint {
        /// Which flag or variable has it.
        origin: &'static str,
        /// What is wrong.
        error: InvalidEndpoint,
    },
    /// Nobody says which certificates to trust.
    #[error("{0} speaks TLS: give the file with its certificate or authority as --ca, or in AWS_CA_BUNDLE")]
    NoCertificates(Target),
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
    /// See [`NoServer`].
    pub fn target(&self, settings: &Settings) -> Result<Target, NoServer> {
        self.target_in(settings, |name| std::env::var_os(name))
    }

    fn target_in(&self, settings: &Settings, variable: impl Fn(&str) -> Option<OsString>) -> Result<Target, NoServer> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let certificates = match &self.ca {
            Some(file) => Some(file.clone()),
            None => settings.trusted_certificates()?,
        };
        let of_variable = || {
            let named = ENDPOINTS.into_iter().find_map(|name| Some((name, given(name)?)));
            named.map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        };
        let endpoint = match (&self.endpoint, settings.listen) {
            (Some(endpoint), _) => Some(("--endpoint", endpoint.clone())),
            (None, Some(_)) => None,
            (None, None) => of_variable(),
        };
        let Some((origin, endpoint)) = endpoint else { return Ok(Target::listening(settings.listen(), certificates)) };
        let (mut target, speaks_tls) = Target::at(&endpoint).map_err(|error| NoServer::Endpoint { origin, error })?;
        if !speaks_tls {
            return Ok(target);
        }
        target.certificates = certificates.or_else(|| given(CA_BUNDLE).map(PathBuf::from));
        if target.certificates.is_none() {
            return Err(NoServer::NoCertificates(target));
        }
        Ok(target)
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
    /// See [`NoServer`].
    pub fn target(&self, settings: &Settings) -> Result<Target, NoServer> {
        self.server.target(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_the_server_go_before_the_endpoint_of_clients() {
        let server = |endpoint: Option<&str>, ca: Option<&str>| RunningServer {
            endpoint: endpoint.map(str::to_owned),
            listen: None,
            config: None,
            ca: ca.map(PathBuf::from),
        };
        let listening = Settings { listen: "127.0.0.1:1".parse().ok(), ..Settings::default() };
        let tls = Settings { tls_cert: Some("own.pem".into()), tls_key: Some("own.key".into()), ..Settings::default() };
        let none = Settings::default();
        let url = ("AWS_ENDPOINT_URL", "http://a:2");
        let of_iam = ("AWS_ENDPOINT_URL_IAM", "https://b:3");
        let bundle = ("AWS_CA_BUNDLE", "bundle.pem");
        let empty = ("AWS_ENDPOINT_URL_IAM", "");
        let flag = Some("http://c:4");
        for (server, settings, variables, expected) in [
            (server(None, None), &none, vec![], "127.0.0.1:4593 None"),
            (server(None, None), &none, vec![url], "a:2 None"),
            (server(None, None), &none, vec![url, empty], "a:2 None"),
            (server(None, None), &none, vec![url, of_iam, bundle], "b:3 Some(\"bundle.pem\")"),
            (server(None, Some("x.pem")), &none, vec![url, of_iam, bundle], "b:3 Some(\"x.pem\")"),
            (server(None, None), &tls, vec![of_iam, bundle], "b:3 Some(\"own.pem\")"),
            (server(None, None), &listening, vec![url], "127.0.0.1:1 None"),
            (server(flag, None), &listening, vec![url], "c:4 None"),
            (server(flag, Some("x.pem")), &none, vec![], "c:4 None"),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
            let target = server.target_in(settings, variable).unwrap();
            assert_eq!(format!("{target} {:?}", target.certificates), expected, "{variables:?}");
        }
        let error = |server: RunningServer| server.target_in(&none, |_| None).unwrap_err().to_string();
        assert!(error(server(Some("https://b:3"), None)).starts_with("b:3 speaks TLS: "));
        assert!(error(server(Some("b:3"), None)).starts_with("--endpoint: \"b:3\" is not the URL of a server"));
    }
}
