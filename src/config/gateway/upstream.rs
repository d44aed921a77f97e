//! The settings of one upstream.

use http::HeaderName;
use http::uri::Authority;
use serde::Deserialize;

use super::DEFAULT_UPSTREAM;
use crate::config::ConfigError;
use crate::shapes::Secret;

/// The services whose resources' policies the server can keep itself, by their signing names.
pub const KEPT_HERE: [&str; 3] = ["dynamodb", "kinesis", "s3"];

/// An upstream in the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstreamSettings {
    /// Where it is.
    pub url: Option<String>,
    /// What it is; found out if left out.
    pub kind: Option<UpstreamKind>,
    /// The access key id that the gateway signs with; `test` if left out.
    pub access_key: Option<String>,
    /// Its secret; `test` if left out.
    pub secret_key: Option<Secret>,
    /// How it learns whose resources a call is about: `fixed`, `key-id`, or `header:NAME`.
    pub accounts: Option<String>,
    /// Whether it takes chunked bodies.
    pub chunked: Option<Chunked>,
    /// Where the policies of its resources are kept.
    #[serde(default)]
    pub policies: Policies,
}

/// The servers that the gateway knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamKind {
    /// moto's server.
    Moto,
    /// ministack.
    Ministack,
    /// LocalStack.
    Localstack,
    /// Any other.
    Plain,
}

/// What becomes of chunked bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chunked {
    /// They stay chunked, without signatures and with their checksum.
    Keep,
    /// Their data alone is sent.
    Decode,
}

/// Where the policies of an upstream's resources are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policies {
    /// The upstream keeps them.
    #[default]
    Upstream,
    /// The server keeps them itself, since the upstream does not.
    Here,
}

/// How an upstream learns whose resources a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountRule {
    /// It has one account.
    Fixed,
    /// By the twelve digits that the request is signed with as the access key id.
    KeyId,
    /// By this header.
    Header(HeaderName),
}

/// An upstream in force.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// Host and port.
    pub authority: Authority,
    /// What it is; `None` to find it out.
    pub kind: Option<UpstreamKind>,
    /// The access key id that the gateway signs with.
    pub access_key: String,
    /// Its secret.
    pub secret_key: Secret,
    /// How it learns whose resources a call is about; `None`: as its kind does.
    pub accounts: Option<AccountRule>,
    /// What becomes of chunked bodies; `None`: as its kind needs it.
    pub chunked: Option<Chunked>,
    /// Where the policies of its resources are kept.
    pub policies: Policies,
}

/// An upstream whose address may still come from a flag.
pub(super) struct PartialUpstream {
    pub(super) authority: Option<Authority>,
    kind: Option<UpstreamKind>,
    access_key: String,
    secret_key: Secret,
    accounts: Option<AccountRule>,
    chunked: Option<Chunked>,
    policies: Policies,
}

impl UpstreamSettings {
    fn none() -> Self {
        let policies = Policies::Upstream;
        Self { url: None, kind: None, access_key: None, secret_key: None, accounts: None, chunked: None, policies }
    }

    pub(super) fn in_force(&self, place: &str) -> Result<PartialUpstream, ConfigError> {
        let wrong = |why: String| ConfigError::Value(format!("{place}: {why}"));
        let accounts = match self.accounts.as_deref() {
            None => None,
            Some("fixed") => Some(AccountRule::Fixed),
            Some("key-id") => Some(AccountRule::KeyId),
            Some(other) => {
                let name = other.strip_prefix("header:").and_then(|name| name.parse().ok());
                let name = name
                    .ok_or_else(|| wrong(format!("accounts must be fixed, key-id or header:NAME, and not {other}")))?;
                Some(AccountRule::Header(name))
            }
        };
        if self.access_key.is_some() != self.secret_key.is_some() {
            return Err(wrong("give both access-key and secret-key".to_owned()));
        }
        Ok(PartialUpstream {
            authority: self.url.as_deref().map(authority_of).transpose().map_err(wrong)?,
            kind: self.kind,
            access_key: self.access_key.clone().unwrap_or_else(|| "test".to_owned()),
            secret_key: self.secret_key.clone().unwrap_or_else(|| Secret::new("test")),
            accounts,
            chunked: self.chunked,
            policies: self.policies,
        })
    }
}

impl PartialUpstream {
    /// One without settings at this address.
    pub(super) fn at(authority: Authority) -> Result<Self, ConfigError> {
        Ok(Self { authority: Some(authority), ..UpstreamSettings::none().in_force("")? })
    }

    pub(super) fn whole(self, service: &str) -> Result<UpstreamConfig, ConfigError> {
        let lacks = || ConfigError::Value(format!("gateway.upstreams.{service} has no url"));
        let Self { authority, kind, access_key, secret_key, accounts, chunked, policies } = self;
        let authority = authority.ok_or_else(lacks)?;
        if policies == Policies::Here && service != DEFAULT_UPSTREAM && !KEPT_HERE.contains(&service) {
            let kept = KEPT_HERE.join(", ");
            let message = format!("gateway.upstreams.{service}: policies can be \"here\" only for {kept}");
            return Err(ConfigError::Value(message));
        }
        Ok(UpstreamConfig { authority, kind, access_key, secret_key, accounts, chunked, policies })
    }
}

/// Host and port of `http://HOST[:PORT]`.
pub(super) fn authority_of(url: &str) -> Result<Authority, String> {
    let wrong = || format!("{url} is not a URL such as http://127.0.0.1:5000, without a path");
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() || rest.contains(['/', '?', '#', '@']) {
        return Err(wrong());
    }
    rest.parse().map_err(|_| wrong())
}
