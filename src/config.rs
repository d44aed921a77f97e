//! The settings: flags, then `IAMD_*` variables, then the configuration file. Each is declared once, here; an unknown
//! one is refused, since a misspelled setting must never silently weaken the server.

mod credentials;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::builder::ValueRange;
use clap::{Args, ValueEnum};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

pub use credentials::{CredentialSettings, PodSettings, TaskSettings};

use crate::account::Quotas;
use crate::federation::{IssuerSettings, Reach};
use crate::operations::{Enforcement, PolicyTemplates, RoleTemplates};
use crate::organization::{Organization, OrganizationError, OrganizationSettings};
use crate::shapes::Secret;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The least level of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words say it")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// A setting that is on when it is named without a value.
fn is_switch(value: &str) -> bool {
    value == "true|false"
}

fn values(value: &str) -> ValueRange {
    if is_switch(value) { ValueRange::new(0..=1) } else { ValueRange::SINGLE }
}

/// Declares the settings: every one is a flag, a variable and a key of the configuration file.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty, $key:literal, $env:literal, $value:literal $(, $hide:ident)?;)+) => {
        /// The settings as they were given.
        #[derive(Args, Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct Settings {
            $(
                $(#[doc = $doc])+
                #[arg(long = $key, env = $env, value_name = $value, global = true $(, $hide = true)?)]
                #[arg(num_args = values($value), require_equals = is_switch($value), default_missing_value = "true")]
                pub $field: Option<$type>,
            )+

            /// Change a quota of accounts, such as UsersPerAccount=10 (repeatable; a table in the file)
            #[arg(long = "quota", env = "IAMD_QUOTAS", value_name = "NAME=LIMIT", global = true)]
            #[arg(value_parser = parse_quota, value_delimiter = ',')]
            #[serde(skip)]
            pub quota: Vec<(String, u32)>,

            /// The organization in the configuration file.
            #[arg(skip)]
            pub organization: Option<OrganizationSettings>,

            /// What runs in AWS's services, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub credentials: CredentialSettings,

            /// The keys of issuers, or where they are, by the issuer's URL, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub issuers: BTreeMap<String, IssuerSettings>,

            /// The policies that delegation requests can name, by ARN, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub policy_templates: PolicyTemplates,

            /// The templates of roles, by ARN, in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub role_templates: RoleTemplates,

            /// The quotas in the configuration file.
            #[arg(skip)]
            #[serde(default)]
            pub quotas: BTreeMap<String, u32>,
        }

        impl Settings {
            const KEYS: &[&str] = &[
                $($key),+,
                "credentials",
                "issuers",
                "organization",
                "policy-templates",
                "quotas",
                "role-templates",
            ];
            const VARIABLES: &[&str] = &[$($env),+, "IAMD_QUOTAS"];

            /// These settings, and where they say nothing, those of the file.
            fn over(self, file: Self) -> Self {
                Self {
                    $($field: self.$field.or(file.$field),)+
                    quota: self.quota,
                    credentials: file.credentials,
                    issuers: file.issuers,
                    quotas: file.quotas,
                    organization: file.organization,
                    policy_templates: file.policy_templates,
                    role_templates: file.role_templates,
                }
            }
        }
    };
}

settings! {
    /// Address and port to listen on [default: 127.0.0.1:4593]
    listen: SocketAddr, "listen", "IAMD_LISTEN", "ADDRESS";
    /// Where to keep everything: sqlite:PATH, or memory [default: sqlite:iamd.db]
    database: String, "database", "IAMD_DATABASE", "URL";
    /// Folder for a database path that is relative [default: the working directory]
    data_dir: PathBuf, "data-dir", "IAMD_DATA_DIR", "FOLDER";
    /// Configuration file (TOML) with the same names as these flags
    config: PathBuf, "config", "IAMD_CONFIG", "FILE";
    /// Whether calls that no policy allows are denied (on) or only logged (log) [default: on]
    enforcement: Enforcement, "enforcement", "IAMD_ENFORCEMENT", "MODE";
    /// Access key id of the root user of account 000000000000 [default: test]
    root_access_key: String, "root-access-key", "IAMD_ROOT_ACCESS_KEY", "ID";
    /// Its secret access key [default: test]
    root_secret_key: Secret, "root-secret-key", "IAMD_ROOT_SECRET_KEY", "SECRET", hide_env_values;
    /// Refuse the key `test` and twelve-digit keys, which are root users with the secret `test`
    no_dev_credentials: bool, "no-dev-credentials", "IAMD_NO_DEV_CREDENTIALS", "true|false";
    /// Token that the endpoints under /_iamd/ ask for [default: none; they answer on loopback only]
    admin_token: Secret, "admin-token", "IAMD_ADMIN_TOKEN", "TOKEN", hide_env_values;
    /// Key that seals session tokens, 64 hexadecimal digits; servers that share it accept each other's sessions
    session_key: Secret, "session-key", "IAMD_SESSION_KEY", "HEX", hide_env_values;
    /// Whether explicit denials name the policy, as AWS does since January 2026 [default: true]
    denials_name_policy: bool, "denials-name-policy", "IAMD_DENIALS_NAME_POLICY", "true|false";
    /// Where identity providers' keys may be fetched from: any (never link-local), public, or none [default: any]
    issuer_network: Reach, "issuer-network", "IAMD_ISSUER_NETWORK", "ADDRESSES";
    /// Accept OpenID Connect providers with http:// or a port in their URL, which AWS refuses
    local_issuers: bool, "local-issuers", "IAMD_LOCAL_ISSUERS", "true|false";
    /// URL under which others reach this server to verify its web identity tokens [default: the address to listen on]
    token_issuer: String, "token-issuer", "IAMD_TOKEN_ISSUER", "URL";
    /// Instance profile that the instance metadata service has a role of: a name in account 000000000000, or an ARN
    instance_profile: String, "instance-profile", "IAMD_INSTANCE_PROFILE", "NAME|ARN";
    /// Token that containers show for the role in the path /credentials/ACCOUNT/ROLE
    container_token: Secret, "container-token", "IAMD_CONTAINER_TOKEN", "TOKEN", hide_env_values;
    /// How log lines are written: text or json [default: text]
    log_format: LogFormat, "log-format", "IAMD_LOG_FORMAT", "FORMAT";
    /// Least level of log lines: error, warn, info, debug or trace [default: info]
    log_level: LogLevel, "log-level", "IAMD_LOG_LEVEL", "LEVEL";
    /// Largest request body in bytes [default: 16777216]
    max_body_size: usize, "max-body-size", "IAMD_MAX_BODY_SIZE", "BYTES";
    /// Most connections at a time [default: 20000]
    max_connections: usize, "max-connections", "IAMD_MAX_CONNECTIONS", "NUMBER";
    /// Seconds that a client may take to send a request [default: 30]
    request_timeout: u64, "request-timeout", "IAMD_REQUEST_TIMEOUT", "SECONDS";
}

/// What is wrong with the settings: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A name that is none, and the one that may be meant.
    #[error("{place}: there is no {what} {name}{}", nearest(.name, .known))]
    Unknown {
        /// Where it stands.
        place: String,
        /// Setting, variable or quota.
        what: &'static str,
        /// As given.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is no TOML, or a value has the wrong type.
    #[error("the configuration file {0} is not valid: {1}")]
    Invalid(PathBuf, String),
    /// The organization is none.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// A value that means nothing.
    #[error("{0}")]
    Value(String),
}

fn nearest(name: &str, known: &[&'static str]) -> String {
    let similarity = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    let best = known.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    best.map(|best| format!("; did you mean {best}?")).unwrap_or_default()
}

fn parse_quota(text: &str) -> Result<(String, u32), String> {
    let (name, limit) = text.split_once('=').ok_or("write NAME=LIMIT")?;
    Ok((name.to_owned(), limit.parse().map_err(|_| format!("{limit} is no number"))?))
}

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// Nowhere: it is gone when the server stops.
    Memory,
}

impl Settings {
    /// Adds what the configuration file says, and refuses names that mean nothing.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn complete(self, environment: impl Iterator<Item = String>) -> Result<Self, ConfigError> {
        for name in environment.filter(|name| name.starts_with("IAMD_")) {
            check_name("the environment", "variable", &name, Self::VARIABLES)?;
        }
        let Some(path) = self.config.clone() else { return Ok(self) };
        let file = Self::read(&path)?;
        Ok(self.over(file))
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        let invalid = |error: toml::de::Error| ConfigError::Invalid(path.to_owned(), error.to_string());
        let table: toml::Table = toml::from_str(&text).map_err(invalid)?;
        for name in table.keys() {
            check_name(&path.display().to_string(), "setting", name, Self::KEYS)?;
        }
        toml::from_str(&text).map_err(invalid)
    }

    /// The address to listen on.
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4593)))
    }

    /// The URL under which others find the keys of this server's web identity tokens.
    pub fn token_issuer(&self) -> String {
        let listen = self.listen();
        let host = if listen.ip().is_unspecified() { "localhost".to_owned() } else { listen.ip().to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let own = || format!("http://{host}:{}", listen.port());
        self.token_issuer.as_deref().map_or_else(own, |url| url.trim_end_matches('/').to_owned())
    }

    /// Where everything is kept.
    ///
    /// # Errors
    /// For a URL of neither form.
    pub fn database(&self) -> Result<Database, ConfigError> {
        let url = self.database.as_deref().unwrap_or("sqlite:iamd.db");
        if url == "memory" {
            return Ok(Database::Memory);
        }
        let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty());
        let path = path.ok_or_else(|| {
            ConfigError::Value(format!("the database {url} is not known: write sqlite:PATH, or memory"))
        })?;
        Ok(Database::Sqlite(self.data_dir.as_deref().unwrap_or(Path::new("")).join(path)))
    }

    /// The quotas in force.
    ///
    /// # Errors
    /// For a name that is no quota's.
    pub fn quotas(&self) -> Result<Quotas, ConfigError> {
        let mut quotas = Quotas::default();
        let file = self.quotas.iter().map(|(name, limit)| (name.clone(), *limit));
        for (name, limit) in file.chain(self.quota.iter().cloned()) {
            let known = || crate::account::Quota::ALL.iter().map(|quota| quota.name()).collect();
            quotas.set(&name, limit).map_err(|name| ConfigError::Unknown {
                place: "the quotas".to_owned(),
                what: "quota",
                name,
                known: known(),
            })?;
        }
        Ok(quotas)
    }

    /// The organization, if there is one, and its policies, whose files are beside the configuration file.
    ///
    /// # Errors
    /// See [`OrganizationError`].
    pub fn organization(&self) -> Result<Option<Organization>, ConfigError> {
        let Some(organization) = &self.organization else { return Ok(None) };
        let folder = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        Ok(Some(Organization::new(organization, folder)?))
    }

    /// The key that seals session tokens, if one is given.
    ///
    /// # Errors
    /// When it is not 64 hexadecimal digits.
    pub fn session_key(&self) -> Result<Option<[u8; 32]>, ConfigError> {
        let Some(hex) = &self.session_key else { return Ok(None) };
        let key = HEXLOWER_PERMISSIVE.decode(hex.reveal().as_bytes()).ok().and_then(|key| key.try_into().ok());
        key.map(Some).ok_or_else(|| ConfigError::Value("the session key must be 64 hexadecimal digits".to_owned()))
    }
}

fn check_name(place: &str, what: &'static str, name: &str, known: &'static [&'static str]) -> Result<(), ConfigError> {
    if known.contains(&name) {
        return Ok(());
    }
    Err(ConfigError::Unknown { place: place.to_owned(), what, name: name.to_owned(), known: known.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_names_are_refused_with_the_nearest() {
        let error = Settings::default().complete(["IAMD_ENFORCMENT".to_owned()].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment: there is no variable IAMD_ENFORCMENT; did you mean IAMD_ENFORCEMENT?"
        );
        let settings = Settings { quota: vec![("UserPerAccount".into(), 1)], ..Settings::default() };
        assert!(settings.quotas().unwrap_err().to_string().ends_with("did you mean UsersPerAccount?"));
    }

    #[test]
    fn flags_win_over_the_file() {
        let path = std::env::temp_dir().join(format!("iamd-config-{}.toml", std::process::id()));
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\ndatabase = \"memory\"\n[quotas]\nUsersPerAccount = 3\n")
            .unwrap();
        let given = Settings {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
            config: Some(path.clone()),
            ..Settings::default()
        };
        let settings = given.complete(std::iter::empty()).unwrap();
        assert_eq!(settings.listen().port(), 2);
        assert_eq!(settings.database().unwrap(), Database::Memory);
        assert_eq!(settings.quotas().unwrap().limit(crate::account::Quota::UsersPerAccount), 3);
        std::fs::write(&path, "lisen = \"127.0.0.1:1\"\n").unwrap();
        let given = Settings { config: Some(path.clone()), ..Settings::default() };
        let error = given.complete(std::iter::empty()).unwrap_err().to_string();
        assert!(error.ends_with("there is no setting lisen; did you mean listen?"), "{error}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn databases_have_two_forms() {
        let database = |url: &str| Settings { database: Some(url.into()), ..Settings::default() }.database();
        assert_eq!(database("sqlite:x.db").unwrap(), Database::Sqlite("x.db".into()));
        assert!(database("mysql:x").is_err());
        assert!(database("sqlite:").is_err());
    }
}
