//! The settings of the listener: what connections may take, and by which names they come.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ConfigError, SettingValue, Settings};

const DEFAULT_MAX_BODY_SIZE: usize = 16 << 20;
const DEFAULT_MAX_BUFFERED_BYTES: usize = 256 << 20;
const DEFAULT_MAX_CONNECTIONS: usize = 20_000;
const DEFAULT_REQUEST_TIMEOUT: u64 = 30;
/// A day. What is longer is no limit.
const MAX_REQUEST_TIMEOUT: u64 = 86_400;
/// The most bytes of a limit: a terabyte.
const MAX_BYTES: usize = 1 << 40;

impl Settings {
    /// The most bytes of a request's body.
    pub fn max_body_size(&self) -> usize {
        self.max_body_size.unwrap_or(DEFAULT_MAX_BODY_SIZE)
    }

    /// The most bytes of all bodies that are held at a time. By default, one body of the greatest size always fits in.
    pub fn max_buffered_bytes(&self) -> usize {
        self.max_buffered_bytes
            .unwrap_or_else(|| DEFAULT_MAX_BUFFERED_BYTES.max(self.max_body_size().saturating_mul(2)))
    }

    /// The most connections at a time.
    pub fn max_connections(&self) -> usize {
        self.max_connections.unwrap_or(DEFAULT_MAX_CONNECTIONS)
    }

    /// How long a client may take for each step of a request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout.unwrap_or(DEFAULT_REQUEST_TIMEOUT))
    }

    /// The names under which clients reach the server: the allowed ones, and the host of the token issuer's URL.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        let issuer = self.token_issuer.as_deref().and_then(|url| url.split_once("://")?.1.split('/').next());
        self.allowed_hosts.iter().flat_map(|hosts| &hosts.0).map(String::as_str).chain(issuer)
    }

    /// Refuses values that would make the server useless.
    pub(super) fn check_listener(&self) -> Result<(), ConfigError> {
        check_number("max-connections", self.max_connections, 1..=1_000_000)?;
        check_number("max-body-size", self.max_body_size, 1..=MAX_BYTES)?;
        // A buffer that grows takes up to twice the size of the body.
        let least = self.max_body_size().saturating_mul(2);
        check_number("max-buffered-bytes", self.max_buffered_bytes, least..=MAX_BYTES.saturating_mul(2))?;
        check_number("audit-size", self.audit_size, 1 << 20..=1 << 40)?;
        // The one on which other servers are heard, and one for each kind of work.
        check_number("database-connections", self.database_connections, 3..=10_000)?;
        check_number("stale-reads", self.stale_reads, 0..=86_400)?;
        check_number("database-wait", self.database_wait, 0..=86_400)?;
        check_number("request-timeout", self.request_timeout, 1..=MAX_REQUEST_TIMEOUT)?;
        Ok(())
    }
}

/// Names of hosts, perhaps below `*.`: a text with commas, or a list in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenHosts")]
pub struct HostList(Vec<String>);

/// The names in the configuration file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "host names: a list of strings")]
enum WrittenHosts {
    List(Vec<String>),
    Text(String),
}

impl TryFrom<WrittenHosts> for HostList {
    type Error = String;

    fn try_from(written: WrittenHosts) -> Result<Self, String> {
        match written {
            WrittenHosts::List(names) => match names.iter().find(|name| !is_host_name(name)) {
                Some(name) => Err(format!("{name:?} is not a host name such as iam.example.com or *.example.com")),
                None => Ok(Self(names)),
            },
            WrittenHosts::Text(text) => text.parse(),
        }
    }
}

impl FromStr for HostList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        WrittenHosts::List(text.split(',').map(|name| name.trim().to_owned()).collect()).try_into()
    }
}

impl SettingValue for HostList {
    fn shown(&self) -> Option<toml::Value> {
        Some(self.0.clone().into())
    }

    fn schema() -> Value {
        json!({"type": ["array", "string"], "items": {"type": "string", "minLength": 1}})
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check_number<N: PartialOrd + std::fmt::Display>(
    name: &str,
    given: Option<N>,
    range: RangeInclusive<N>,
) -> Result<(), ConfigError> {
    match given {
        Some(number) if !range.contains(&number) => {
            let (least, most) = range.into_inner();
            Err(ConfigError::Value(format!("{name} must be from {least} to {most}, and not {number}")))
        }
        _ => Ok(()),
    }
}

/// Labels of letters, digits, hyphens and underscores with dots between, perhaps below `*.`.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.strip_prefix("*.").unwrap_or(name).split('.').all(is_label)
}

/// Whether Kubernetes made a variable for a service whose name begins with `iamd`, such as `IAMD_SERVICE_HOST` and
/// `IAMD_PORT_4593_TCP` (Kubernetes, "Service: environment variables"). They say nothing to this server.
pub(super) fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") {
        return true;
    }
    if name.ends_with("_PORT") && is_url {
        return true;
    }
    let Some((_, port)) = name.split_once("_PORT_") else { return false };
    match port.split('_').collect::<Vec<_>>().as_slice() {
        [number, protocol] => is_number(number) && is_protocol(protocol) && is_url,
        [number, protocol, "PROTO" | "PORT" | "ADDR"] => is_number(number) && is_protocol(protocol),
        _ => false,
    }
}

fn is_protocol(text: &str) -> bool {
    matches!(text, "TCP" | "UDP" | "SCTP")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: Settings) -> String {
        settings.complete(std::iter::empty(), |_| true).unwrap_err().to_string()
    }

    #[test]
    fn values_that_make_the_server_useless_are_refused() {
        let default = Settings::default;
        let cases = [
            (
                Settings { max_connections: Some(0), ..default() },
                "max-connections must be from 1 to 1000000, and not 0",
            ),
            (
                Settings { max_connections: Some(usize::MAX), ..default() },
                "max-connections must be from 1 to 1000000, and not 18446744073709551615",
            ),
            (
                Settings { max_body_size: Some(0), ..default() },
                "max-body-size must be from 1 to 1099511627776, and not 0",
            ),
            (
                Settings { max_buffered_bytes: Some(1 << 20), ..default() },
                "max-buffered-bytes must be from 33554432 to 2199023255552, and not 1048576",
            ),
            (Settings { request_timeout: Some(0), ..default() }, "request-timeout must be from 1 to 86400, and not 0"),
        ];
        for (settings, sentence) in cases {
            assert_eq!(refused(settings), sentence);
        }
    }

    #[test]
    fn hosts_are_names() {
        let hosts = "iam.example.com, *.dev.example,iamd".parse::<HostList>().unwrap();
        assert_eq!(hosts.0, ["iam.example.com", "*.dev.example", "iamd"]);
        for name in ["", "*", "*.", "a..b", "a:4593", "a.*.b", ".", "https://a.example", "a,,b"] {
            let error = name.parse::<HostList>().unwrap_err();
            assert!(error.ends_with("is not a host name such as iam.example.com or *.example.com"), "{error}");
        }
        let written: toml::Table = toml::from_str("a = ['x.example', 'y']\nb = 'x.example,y'").unwrap();
        let read = |key: &str| written[key].clone().try_into::<HostList>().unwrap().0;
        assert_eq!(
            (read("a"), read("b")),
            (vec!["x.example".into(), "y".into()], vec!["x.example".into(), "y".into()])
        );
    }

    #[test]
    fn the_host_of_the_token_issuer_is_a_name_of_the_server() {
        let settings = Settings {
            allowed_hosts: "iam.example.com,*.dev.example".parse().ok(),
            token_issuer: Some("https://tokens.example.com:4593/x".to_owned()),
            ..Settings::default()
        };
        let names: Vec<_> = settings.host_names().collect();
        assert_eq!(names, ["iam.example.com", "*.dev.example", "tokens.example.com:4593"]);
    }

    #[test]
    fn variables_of_kubernetes_are_known_by_name_and_value() {
        for (name, value) in [
            ("IAMD_PORT", "tcp://10.0.0.1:4593"),
            ("IAMD_SERVICE_HOST", "10.0.0.1"),
            ("IAMD_SERVICE_PORT", "4593"),
            ("IAMD_SERVICE_PORT_HTTP", "4593"),
            ("IAMD_PORT_4593_TCP", "tcp://10.0.0.1:4593"),
            ("IAMD_PORT_4593_TCP_ADDR", "10.0.0.1"),
            ("IAMD_PORT_4593_TCP_PORT", "4593"),
            ("IAMD_PORT_4593_TCP_PROTO", "tcp"),
            ("IAMD_IDP_PORT_4594_TCP_PORT", "4594"),
            ("IAMD_IDP_SERVICE_HOST", "10.0.0.2"),
        ] {
            assert!(is_of_kubernetes(name, value), "{name}");
        }
        for (name, value) in [
            ("IAMD_PORT", "4593"),
            ("IAMD_PORT_4593", "4593"),
            ("IAMD_PORT_", ""),
            ("IAMD_PORT_X_TCP", "tcp://10.0.0.1:4593"),
            ("IAMD_LISTN", "tcp://10.0.0.1:4593"),
        ] {
            assert!(!is_of_kubernetes(name, value), "{name}");
        }
    }
}
