//! The settings of the gateway: `--upstream`, and the table `[gateway]` of the configuration file.

mod upstream;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ConfigError, SettingValue, Settings};
use crate::shapes::AccountId;
use crate::wire::Service;

pub use self::upstream::{AccountRule, Chunked, KEPT_HERE, Policies, UpstreamConfig, UpstreamKind, UpstreamSettings};
use self::upstream::{PartialUpstream, authority_of};

/// The name of the upstream of all services that have none of their own.
pub const DEFAULT_UPSTREAM: &str = "default";

/// How long what an upstream said of a resource is believed.
const DEFAULT_POLICY_TTL: Duration = Duration::from_secs(5);
/// The networks of this machine alone.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
/// A day, in seconds.
const MAX_POLICY_TTL: u64 = 86_400;

/// An upstream as a flag has it: `URL`, or `SERVICE=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamFlag {
    /// The service; `default` for all others.
    pub service: String,
    /// The URL.
    pub url: String,
}

impl FromStr for UpstreamFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, url) = match text.split_once('=') {
            Some((service, url)) if !service.contains([':', '/']) => (service, url),
            _ => (DEFAULT_UPSTREAM, text),
        };
        authority_of(url)?;
        Ok(Self { service: service.to_owned(), url: url.to_owned() })
    }
}

/// The upstreams in the configuration file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a URL, or a list of URLs such as \"s3=http://127.0.0.1:9000\"")]
enum WrittenUpstreams {
    List(Vec<String>),
    Text(String),
}

/// Reads `upstream` of the configuration file.
pub(super) fn upstreams<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Vec<UpstreamFlag>>, D::Error> {
    let written = match WrittenUpstreams::deserialize(input)? {
        WrittenUpstreams::List(texts) => texts,
        WrittenUpstreams::Text(text) => vec![text],
    };
    let read = written.iter().map(|text| text.parse()).collect::<Result<Vec<_>, String>>();
    read.map(Some).map_err(serde::de::Error::custom)
}

impl SettingValue for Vec<UpstreamFlag> {
    fn shown(&self) -> Option<toml::Value> {
        let text = |flag: &UpstreamFlag| match flag.service.as_str() {
            DEFAULT_UPSTREAM => flag.url.clone(),
            service => format!("{service}={}", flag.url),
        };
        Some(self.iter().map(text).collect::<Vec<_>>().into())
    }

    fn schema() -> Value {
        json!({"type": ["array", "string"], "items": {"type": "string", "minLength": 1}})
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// The table `[gateway]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct GatewaySettings {
    /// The account that owns buckets which were not made through the gateway; 000000000000 if left out.
    pub default_owner: Option<String>,
    /// What happens to calls whose resource is not known.
    pub unmapped: Unmapped,
    /// What `aws:SecureTransport` is.
    pub secure_transport: SecureTransport,
    /// For how many seconds policies and tags from an upstream are cached; 5 if left out.
    pub policy_ttl: Option<u64>,
    /// The domains whose subdomains are buckets.
    pub bucket_domains: Vec<String>,
    /// The networks of other proxies that may ask what the gateway would decide; loopback if left out.
    pub trusted: Option<Vec<String>>,
    /// The upstreams, by service.
    pub upstreams: BTreeMap<String, UpstreamSettings>,
}

/// What happens to calls whose resource is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmapped {
    /// They need permission for the operation's name on `*`.
    #[default]
    Assume,
    /// They are refused.
    Refuse,
}

/// What `aws:SecureTransport` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecureTransport {
    /// True: what is plain HTTP here is TLS at AWS.
    #[default]
    Assumed,
    /// Whether the request came by TLS.
    AsSent,
}

/// The gateway in force.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The account that owns buckets which were not made through the gateway.
    pub default_owner: AccountId,
    /// What happens to calls whose resource is not known.
    pub unmapped: Unmapped,
    /// What `aws:SecureTransport` is.
    pub secure_transport: SecureTransport,
    /// How long what an upstream said of a resource is believed.
    pub policy_ttl: Duration,
    /// The domains whose subdomains are buckets, in small letters.
    pub bucket_domains: Vec<String>,
    /// The networks of other proxies that may ask.
    pub trusted: Vec<IpNet>,
    /// The upstreams by the service's signing name; [`DEFAULT_UPSTREAM`] is that of the others.
    pub upstreams: BTreeMap<String, UpstreamConfig>,
}

impl Settings {
    /// The gateway, if there is an upstream.
    ///
    /// # Errors
    /// For settings that mean nothing.
    pub fn gateway(&self) -> Result<Option<GatewayConfig>, ConfigError> {
        let table = &self.gateway;
        let mut upstreams = BTreeMap::new();
        for (service, settings) in &table.upstreams {
            let place = format!("gateway.upstreams.{service}");
            upstreams.insert(service.clone(), settings.in_force(&place)?);
        }
        for flag in self.upstream.iter().flatten() {
            let authority = authority_of(&flag.url).map_err(ConfigError::Value)?;
            match upstreams.get_mut(&flag.service) {
                Some(known) => known.authority = Some(authority),
                None => {
                    upstreams.insert(flag.service.clone(), PartialUpstream::at(authority)?);
                }
            }
        }
        let upstreams = upstreams.into_iter().map(|(service, config)| Ok((service.clone(), config.whole(&service)?)));
        let upstreams: BTreeMap<String, UpstreamConfig> = upstreams.collect::<Result<_, ConfigError>>()?;
        check_services(upstreams.keys())?;
        let config = GatewayConfig {
            default_owner: table.default_owner()?,
            unmapped: table.unmapped,
            secure_transport: table.secure_transport,
            policy_ttl: table.policy_ttl()?,
            bucket_domains: table.bucket_domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
            trusted: table.trusted()?,
            upstreams,
        };
        Ok((!config.upstreams.is_empty()).then_some(config))
    }
}

impl GatewaySettings {
    fn default_owner(&self) -> Result<AccountId, ConfigError> {
        let text = self.default_owner.as_deref().unwrap_or("000000000000");
        let wrong = || ConfigError::Value(format!("gateway.default-owner: {text} is not an account of twelve digits"));
        AccountId::parse(text).ok_or_else(wrong)
    }

    fn trusted(&self) -> Result<Vec<IpNet>, ConfigError> {
        let written: Vec<&str> = match &self.trusted {
            Some(texts) => texts.iter().map(String::as_str).collect(),
            None => LOOPBACK.to_vec(),
        };
        let read = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let wrong =
            |text: &str| ConfigError::Value(format!("gateway.trusted: {text} is no network such as 10.1.0.0/16"));
        written.into_iter().map(|text| read(text).map_err(|_| wrong(text))).collect()
    }

    fn policy_ttl(&self) -> Result<Duration, ConfigError> {
        match self.policy_ttl {
            Some(seconds) if seconds > MAX_POLICY_TTL => Err(ConfigError::Value(format!(
                "gateway.policy-ttl must be at most {MAX_POLICY_TTL} seconds, and not {seconds}"
            ))),
            given => Ok(given.map_or(DEFAULT_POLICY_TTL, Duration::from_secs)),
        }
    }
}

/// Refuses names that are no service's signing name, or one that the server answers itself.
fn check_services<'s>(names: impl Iterator<Item = &'s String>) -> Result<(), ConfigError> {
    for name in names.filter(|name| *name != DEFAULT_UPSTREAM) {
        if Service::ALL.iter().any(|own| own.signing_name() == name) {
            return Err(ConfigError::Value(format!("the upstream of {name}: iamd answers {name} itself")));
        }
        let mut known: Vec<_> =
            aws_reference::operations::services().iter().map(|service| service.signing_name).collect();
        known.dedup();
        if !known.contains(&name.as_str()) {
            let (place, name) = (String::new(), name.clone());
            return Err(ConfigError::Unknown { place, what: "service of an upstream", name, known });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
