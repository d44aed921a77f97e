//! The settings: flags, then `IAMD_*` variables, then the configuration file. Each is declared once, here; an unknown
//! one is refused, since a misspelled setting must never silently weaken the server.

mod audit;
mod console;
mod credentials;
mod database;
mod declaration;
mod error;
mod gateway;
mod listener;
mod log;
mod seed;
mod sources;
mod tls;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

pub use audit::{AuditMode, AuthorizationIds};
pub use console::ConsoleMode;
pub use credentials::{CredentialSettings, PodSettings, TaskSettings};
pub use database::{Database, ReadMode, database_key_in};
pub use error::ConfigError;
pub use gateway::{
    AccountRule, Chunked, DEFAULT_UPSTREAM, GatewayConfig, GatewaySettings, KEPT_HERE, Policies, SecureTransport,
    Unmapped, UpstreamConfig, UpstreamFlag, UpstreamKind, UpstreamSettings,
};
pub use listener::HostList;
pub use log::{LogFormat, LogLevel};
pub use seed::Seed;
pub use sources::{Origin, Sources};
pub use tls::{AUTHORITY, TlsMode, TlsSource};
pub use value::{ListenAddress, Setting, SettingValue};

use self::declaration::{default_text, is_switch, number_of_values, settings};
use crate::account::Quotas;
use crate::call::Enforcement;
use crate::federation::{IssuerSettings, Reach};
use crate::organization::{OrganizationSettings, PlannedOrganization};
use crate::shapes::{Partition, Secret, Timestamp};
use crate::templates::{PolicyTemplates, RoleTemplates};

settings! {
    "Server":
    /// Address and port to listen on; a port alone is on loopback
    listen: ListenAddress = "127.0.0.1:4593", "listen", "IAMD_LISTEN", "ADDRESS";
    /// Where to keep everything: sqlite:PATH, postgres://USER@HOST/DATABASE, or memory
    database: String = "sqlite:iamd.db", "database", "IAMD_DATABASE", "URL";
    /// Most connections to a PostgreSQL database at a time
    database_connections: u64 = "10", "database-connections", "IAMD_DATABASE_CONNECTIONS", "NUMBER";
    /// Seconds that a start waits for a PostgreSQL database that cannot be reached
    database_wait: u64 = "10", "database-wait", "IAMD_DATABASE_WAIT", "SECONDS";
    /// Whether reads follow what other servers on a PostgreSQL database write (followed), or ask for it each time (latest)
    reads: ReadMode = "followed", "reads", "IAMD_READS", "MODE";
    /// Seconds that accounts in memory are still read when the PostgreSQL database is gone
    stale_reads: u64 = "60", "stale-reads", "IAMD_STALE_READS", "SECONDS";
    /// Partition of all accounts, such as aws-cn (the one of the region that a request is signed for)
    partition: Partition, "partition", "IAMD_PARTITION", "NAME";
    /// Folder that a relative database path begins at (the working directory)
    data_dir: PathBuf, "data-dir", "IAMD_DATA_DIR", "FOLDER";
    /// File of 64 hexadecimal digits that seal what is stored, for its owner only (none; secrets are stored in plain text)
    database_key_file: PathBuf, "database-key-file", "IAMD_DATABASE_KEY_FILE", "FILE";
    /// The 64 hexadecimal digits themselves; they win over the file (none)
    database_key: Secret, "database-key", "IAMD_DATABASE_KEY", "HEX";
    /// Configuration file (TOML) with the same names as these flags
    config: PathBuf, "config", "IAMD_CONFIG", "FILE";

    "Accounts":
    /// File of accounts that is applied at the start, or a folder of such files; may be given several times, with commas in the variable (none)
    #[serde(default, deserialize_with = "seed::seeds")]
    seed: Vec<Seed>, "seed", "IAMD_SEED", "FILE|FOLDER";
    /// File that secrets made for seeds are written to, for its owner only (iamd-secrets.json beside the database)
    seed_secrets: PathBuf, "seed-secrets", "IAMD_SEED_SECRETS", "FILE";

    "Network":
    /// Names under which clients reach the server, or *.DOMAIN for all below one; several with commas
    allowed_hosts: HostList, "allowed-hosts", "IAMD_ALLOWED_HOSTS", "NAMES";
    /// Speak TLS on the same port with a certificate of a local authority (auto), or not (off)
    tls: TlsMode, "tls", "IAMD_TLS", "MODE";
    /// Speak TLS on the same port with this certificate (PEM, with those that lead to its authority)
    tls_cert: PathBuf, "tls-cert", "IAMD_TLS_CERT", "FILE";
    /// Private key of that certificate (PEM)
    tls_key: PathBuf, "tls-key", "IAMD_TLS_KEY", "FILE";
    /// Refuse plain HTTP
    tls_only: bool = "false", "tls-only", "IAMD_TLS_ONLY", "true|false";

    "Permissions":
    /// Whether calls that no policy allows are denied (on) or only logged (log)
    enforcement: Enforcement = "on", "enforcement", "IAMD_ENFORCEMENT", "MODE";
    /// Whether explicit denials name the policy, as AWS does since January 2026
    denials_name_policy: bool = "true", "denials-name-policy", "IAMD_DENIALS_NAME_POLICY", "true|false";

    "Gateway":
    /// Where other services than IAM and STS are, for all or for one such as s3=URL; several with commas (none)
    #[serde(default, deserialize_with = "gateway::upstreams")]
    upstream: Vec<UpstreamFlag>, "upstream", "IAMD_UPSTREAM", "[SERVICE=]URL";

    "Credentials":
    /// Access key id of the root user of account 000000000000 (test)
    root_access_key: String, "root-access-key", "IAMD_ROOT_ACCESS_KEY", "ID";
    /// Secret access key of that root user (test)
    root_secret_key: Secret, "root-secret-key", "IAMD_ROOT_SECRET_KEY", "SECRET";
    /// Password of that root user at the console (test with development credentials on loopback, else none)
    root_password: Secret, "root-password", "IAMD_ROOT_PASSWORD", "PASSWORD";
    /// Refuse the key `test` and twelve-digit keys, which are root users with the secret `test`
    no_dev_credentials: bool = "false", "no-dev-credentials", "IAMD_NO_DEV_CREDENTIALS", "true|false";
    /// Token that the endpoints under /_iamd/ ask for; without one they answer on loopback only
    admin_token: Secret, "admin-token", "IAMD_ADMIN_TOKEN", "TOKEN";
    /// Key that seals session tokens, 64 hexadecimal digits, for servers that share sessions (made and kept in the database)
    session_key: Secret, "session-key", "IAMD_SESSION_KEY", "HEX";

    "Console":
    /// Serve the console (on), also over plain HTTP beyond loopback (plain), or not (off)
    console: ConsoleMode = "on", "console", "IAMD_CONSOLE", "MODE";

    "Federation":
    /// Where identity providers' keys may be fetched from: any (never link-local), public, or none
    issuer_network: Reach = "any", "issuer-network", "IAMD_ISSUER_NETWORK", "ADDRESSES";
    /// Accept OpenID Connect providers with http:// or a port in their URL, which AWS refuses
    local_issuers: bool = "false", "local-issuers", "IAMD_LOCAL_ISSUERS", "true|false";
    /// URL under which others reach this server to verify its web identity tokens (the address)
    token_issuer: String, "token-issuer", "IAMD_TOKEN_ISSUER", "URL";

    "Roles of applications":
    /// Instance profile of the instance metadata service: a name in account 000000000000, or an ARN
    instance_profile: String, "instance-profile", "IAMD_INSTANCE_PROFILE", "NAME|ARN";
    /// Token that containers show for the role in the path /credentials/ACCOUNT/ROLE
    container_token: Secret, "container-token", "IAMD_CONTAINER_TOKEN", "TOKEN";

    "Audit trail":
    /// Whether every call is an event that can be looked up (on), or none is (off)
    audit: AuditMode = "on", "audit", "IAMD_AUDIT", "MODE";
    /// Most bytes of the audit trail; the oldest events make room
    audit_size: u64 = "268435456", "audit-size", "IAMD_AUDIT_SIZE", "BYTES";
    /// Folder that trails of CloudTrail deliver their files to, a folder for each bucket (none; no files)
    trail_folder: PathBuf, "trail-folder", "IAMD_TRAIL_FOLDER", "FOLDER";
    /// URL that learns of detections (none)
    detection_webhook: Secret, "detection-webhook", "IAMD_DETECTION_WEBHOOK", "URL";
    /// Secret that signs what is sent there
    detection_webhook_secret: Secret, "detection-webhook-secret", "IAMD_DETECTION_WEBHOOK_SECRET", "SECRET";
    /// Which denials have an id to look them up by: those of IAM's actions (iam), all, or none (off)
    authorization_ids: AuthorizationIds = "iam", "authorization-ids", "IAMD_AUTHORIZATION_IDS", "WHICH";

    "Log":
    /// How log lines are written: text or json
    log_format: LogFormat = "text", "log-format", "IAMD_LOG_FORMAT", "FORMAT";
    /// Least level of log lines: error, warn, info, debug or trace
    log_level: LogLevel = "info", "log-level", "IAMD_LOG_LEVEL", "LEVEL";

    "Limits":
    /// Largest request body in bytes
    max_body_size: usize = "16777216", "max-body-size", "IAMD_MAX_BODY_SIZE", "BYTES";
    /// Most bytes of all request bodies at a time, beyond 16 KiB of each
    max_buffered_bytes: usize = "268435456", "max-buffered-bytes", "IAMD_MAX_BUFFERED_BYTES", "BYTES";
    /// Most connections at a time
    max_connections: usize = "20000", "max-connections", "IAMD_MAX_CONNECTIONS", "NUMBER";
    /// Seconds that a client may take to send a request's head, its body, and to take the answer
    request_timeout: u64 = "30", "request-timeout", "IAMD_REQUEST_TIMEOUT", "SECONDS";
}

fn parse_quota(text: &str) -> Result<(String, u32), String> {
    let (name, limit) = text.split_once('=').ok_or("write NAME=LIMIT")?;
    Ok((name.to_owned(), limit.parse().map_err(|_| format!("{limit} is not a number"))?))
}

impl Settings {
    /// The address to listen on.
    pub fn listen(&self) -> SocketAddr {
        self.listen.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4593)), |address| *address)
    }

    /// The URL under which others find the keys of this server's web identity tokens.
    pub fn token_issuer(&self) -> String {
        self.token_issuer.as_deref().map_or_else(|| self.own_url(), |url| url.trim_end_matches('/').to_owned())
    }

    /// The URL of the server for clients on this machine.
    pub fn own_url(&self) -> String {
        let listen = self.listen();
        let host = if listen.ip().is_unspecified() { "localhost".to_owned() } else { listen.ip().to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let scheme = if self.tls_only == Some(true) { "https" } else { "http" };
        format!("{scheme}://{host}:{}", listen.port())
    }

    /// The URL of this server's page about a denial, without its id: the console's in the form of AWS's, or the
    /// server's own where browsers cannot reach the console under that URL.
    pub fn denial_link(&self) -> String {
        let is_reached = match self.console.unwrap_or_default() {
            ConsoleMode::Off => false,
            ConsoleMode::On => self.listen().ip().is_loopback() || self.tls_only == Some(true),
            ConsoleMode::Plain => true,
        };
        let page = if is_reached { "console/#" } else { "_iamd" };
        format!("{}/{page}/authorization-details/", self.own_url())
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
                place: String::new(),
                what: "quota",
                name,
                known: known(),
            })?;
        }
        Ok(quotas)
    }

    /// The organization that a database without it gets, and its policies, whose files are beside the configuration
    /// file.
    ///
    /// # Errors
    /// See [`crate::organization::OrganizationError`].
    pub fn organization(&self, now: Timestamp) -> Result<Option<PlannedOrganization>, ConfigError> {
        let Some(organization) = &self.organization else { return Ok(None) };
        let folder = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        Ok(Some(PlannedOrganization::new(organization, folder, now)?))
    }

    /// Refuses values that have the right type and still mean nothing.
    fn check(&self) -> Result<(), ConfigError> {
        self.check_listener()?;
        self.tls_source()?;
        self.gateway()?;
        self.check_audit()?;
        let Some(url) = &self.token_issuer else { return Ok(()) };
        let parsed = url::Url::parse(url).ok();
        let plain = |url: &url::Url| url.has_host() && url.query().is_none() && url.fragment().is_none();
        let usable = parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && plain(&url));
        match usable {
            true => Ok(()),
            false => Err(ConfigError::Value(format!("token-issuer: {url} is not an http or https URL"))),
        }
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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn completed(given: Settings, variables: &[(&str, &str)]) -> Result<Sources, ConfigError> {
        given.complete(variables.iter().map(|(name, value)| (OsString::from(name), value.into())), |_| true)
    }

    fn refused(given: Settings, variables: &[(&str, &str)]) -> String {
        completed(given, variables).unwrap_err().to_string()
    }

    /// A configuration file that is gone with its folder.
    fn file(text: &str) -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("iamd.toml");
        std::fs::write(&path, text).unwrap();
        (folder, Settings { config: Some(path), ..Settings::default() })
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        let error = refused(Settings::default(), &[("IAMD_ENFORCMENT", "on")]);
        assert_eq!(error, "unknown variable IAMD_ENFORCMENT; did you mean IAMD_ENFORCEMENT?");
        let settings = Settings { quota: vec![("UserPerAccount".into(), 1)], ..Settings::default() };
        let error = settings.quotas().unwrap_err().to_string();
        assert_eq!(error, "unknown quota UserPerAccount; did you mean UsersPerAccount?");
        let (folder, given) = file("lisen = 1\n");
        let expected = format!("{}/iamd.toml: unknown setting lisen; did you mean listen?", folder.path().display());
        assert_eq!(refused(given, &[]), expected);
        let (_folder, given) = file("config = \"other.toml\"\n");
        assert!(refused(given, &[]).contains("unknown setting config"));
    }

    #[test]
    fn flags_win_over_variables_and_those_over_the_file() {
        let (folder, given) =
            file("listen = 1\nenforcement = \"log\"\nlog-level = \"warn\"\n[quotas]\nUsersPerAccount = 3\n");
        let given = Settings { listen: "127.0.0.1:2".parse().ok(), ..given };
        let sources =
            completed(given, &[("IAMD_LISTEN", "3"), ("IAMD_ENFORCEMENT", "on"), ("IAMD_LOG_LEVEL", "")]).unwrap();
        assert_eq!(sources.settings.listen().port(), 2);
        assert_eq!(sources.settings.enforcement, Some(Enforcement::On));
        assert_eq!(sources.settings.log_level, Some(LogLevel::Warn), "an empty variable is not set");
        assert_eq!(sources.settings.quotas().unwrap().limit(crate::account::Quota::UsersPerAccount), 3);
        let origin = |key| sources.origins.get(key).map(ToString::to_string).unwrap_or_default();
        assert_eq!([origin("listen"), origin("enforcement")], ["flag", "IAMD_ENFORCEMENT"]);
        assert_eq!(origin("log-level"), folder.path().join("iamd.toml").display().to_string());
        assert_eq!(origin("database"), "");
    }

    #[test]
    fn errors_name_the_variable_or_the_place_in_the_file() {
        assert_eq!(
            refused(Settings::default(), &[("IAMD_ENFORCEMENT", "off")]),
            "invalid value 'off' for IAMD_ENFORCEMENT [possible values: on, log]"
        );
        assert_eq!(
            refused(Settings::default(), &[("IAMD_LISTEN", "bad")]),
            "invalid value 'bad' for IAMD_LISTEN: write ADDRESS:PORT, such as 127.0.0.1:4593, or a port alone"
        );
        let (folder, given) = file("listen = 1\nmax-body-size = \"x\"\n");
        let place = format!("{}/iamd.toml:2:17: ", folder.path().display());
        assert_eq!(refused(given, &[]), place + "invalid type: string \"x\", expected usize");
    }

    #[test]
    fn variables_of_other_commands_do_not_matter() {
        let environment = [(OsString::from("IAMD_LISTEN"), OsString::from("bad"))];
        let sources = Settings::default().complete(environment.into_iter(), |key| key == "config").unwrap();
        assert!(sources.origins.is_empty());
    }

    #[test]
    fn nothing_is_empty() {
        let given = Settings { admin_token: Some(Secret::new("")), ..Settings::default() };
        assert_eq!(refused(given, &[]), "--admin-token must not be empty");
        let (_folder, given) = file("instance-profile = \"\"\n");
        assert!(refused(given, &[]).ends_with("iamd.toml: instance-profile must not be empty"));
    }

    #[test]
    fn a_token_issuer_is_a_url() {
        for url in ["foo", "ftp://a", "https://a/?q", "https://a/#f"] {
            assert_eq!(
                refused(Settings::default(), &[("IAMD_TOKEN_ISSUER", url)]),
                format!("token-issuer: {url} is not an http or https URL")
            );
        }
        assert!(completed(Settings::default(), &[("IAMD_TOKEN_ISSUER", "https://tokens.example.com/a")]).is_ok());
    }

    #[test]
    fn relative_paths_in_the_file_begin_at_its_folder() {
        let (folder, given) = file("database = \"sqlite:x.db\"\n[issuers.\"https://i\"]\njwks-file = \"i.json\"\n");
        let settings = completed(given, &[]).unwrap().settings;
        assert_eq!(settings.database().unwrap(), Database::Sqlite(folder.path().join("x.db")));
        assert_eq!(settings.issuers["https://i"].jwks_file, Some(folder.path().join("i.json")));
        let (folder, given) = file("database = \"sqlite:x.db\"\ndata-dir = \"data\"\n");
        let settings = completed(given, &[]).unwrap().settings;
        assert_eq!(settings.database().unwrap(), Database::Sqlite(folder.path().join("data/x.db")));
        let (_folder, given) = file("log-level = \"warn\"\n");
        let settings = completed(given, &[("IAMD_DATABASE", "sqlite:x.db")]).unwrap().settings;
        assert_eq!(settings.database().unwrap(), Database::Sqlite("x.db".into()), "others begin where the server does");
    }

    #[test]
    fn secrets_are_not_shown() {
        let given = Settings { admin_token: Some(Secret::new("s3cret")), ..Settings::default() };
        let sources = completed(given, &[]).unwrap();
        let shown: Vec<_> = sources.in_force().filter(|(setting, ..)| setting.key == "admin-token").collect();
        assert!(matches!(&shown[..], [(_, None, Some(Origin::Flag))]));
    }

    #[test]
    fn every_default_is_a_value() {
        let texts = Settings::ALL.iter().filter_map(|setting| Some((setting.variable, setting.default?)));
        completed(Settings::default(), &texts.collect::<Vec<_>>()).unwrap();
    }
}
