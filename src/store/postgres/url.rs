//! The address of a PostgreSQL database: a URL, with several hosts if there are replicas that may be promoted.

use std::path::PathBuf;
use std::{env, fmt, fs, io};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// The parameters that a URL may have. SQLx would ignore others, and a misspelled `sslmode` must not weaken anything.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "user",
    "password",
    "host",
    "port",
    "dbname",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Where a PostgreSQL database is, and how to sign in to it.
#[derive(Clone)]
pub struct PostgresUrl {
    /// One for each host, in the order in which they are tried.
    pub(super) hosts: Vec<PgConnectOptions>,
    /// The file with the certificates of trusted authorities, if there is one.
    authorities: Option<PathBuf>,
    /// The URL without its password and parameters.
    shown: String,
}

impl PostgresUrl {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?PARAMETERS`, as PostgreSQL's own clients have it.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let form = "write postgres://USER@HOST:PORT/DATABASE";
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or(form)?;
        let (before, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = before.split_once('/').unwrap_or((before, ""));
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
            if !PARAMETERS.contains(&name) {
                return Err(format!("its parameter {name} is not known; there are {}", PARAMETERS.join(", ")));
            }
        }
        let sign = if user.is_empty() { "" } else { "@" };
        let hosts = hosts.split(',').map(|host| {
            let url = format!("postgres://{user}{sign}{host}/{database}?{parameters}");
            // The reason may hold parts of the URL.
            url.parse::<PgConnectOptions>().map_err(|_| form.to_owned())
        });
        let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
        let authorities = authorities(parameters);
        let hosts = hosts.into_iter().map(|host| {
            let host = match host.get_application_name() {
                Some(_) => host,
                None => host.application_name("iamd"),
            };
            with_tls(host, authorities.as_ref())
        });
        Ok(Self { hosts: hosts.collect(), authorities, shown: without_password(url) })
    }

    /// Makes sure that the certificates of trusted authorities can be read, if any are wanted.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub(super) fn check_files(&self) -> Result<(), (PathBuf, io::Error)> {
        let verifies = |mode| matches!(mode, PgSslMode::VerifyCa | PgSslMode::VerifyFull);
        let is_wanted = self.hosts.iter().any(|host| verifies(host.get_ssl_mode()));
        match &self.authorities {
            Some(path) if is_wanted => fs::read(path).map(drop).map_err(|error| (path.clone(), error)),
            _ => Ok(()),
        }
    }
}

/// The file with the certificates of trusted authorities: that of the URL, of the environment, or in the home folder
/// (PostgreSQL documentation, "SSL Support").
fn authorities(parameters: &str) -> Option<PathBuf> {
    let given = form_urlencoded::parse(parameters.as_bytes()).find(|(name, _)| name == "sslrootcert");
    let given = given.map(|(_, path)| PathBuf::from(path.into_owned()));
    let of_environment = || env::var_os("PGSSLROOTCERT").map(PathBuf::from);
    let at_home = || Some(env::home_dir()?.join(".postgresql/root.crt")).filter(|path| path.exists());
    given.or_else(of_environment).or_else(at_home)
}

/// Takes `sslmode` as PostgreSQL's own clients do, where SQLx does not: `allow` goes on to TLS if the server insists, so TLS is
/// tried first; `require` verifies the certificate if authorities are given.
fn with_tls(host: PgConnectOptions, authorities: Option<&PathBuf>) -> PgConnectOptions {
    let host = match authorities {
        Some(path) => host.ssl_root_cert(path),
        None => host,
    };
    match host.get_ssl_mode() {
        PgSslMode::Allow => host.ssl_mode(PgSslMode::Prefer),
        PgSslMode::Require if authorities.is_some() => host.ssl_mode(PgSslMode::VerifyCa),
        _ => host,
    }
}

/// A URL without its password and parameters, among which a password may be.
pub fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, database) = rest.split_once('/').map_or((rest, None), |(before, after)| (before, Some(after)));
    let authority = match authority.rsplit_once('@') {
        Some((user, hosts)) => format!("{}@{hosts}", user.split_once(':').map_or(user, |(name, _)| name)),
        None => authority.to_owned(),
    };
    database.map_or_else(|| format!("{scheme}://{authority}"), |database| format!("{scheme}://{authority}/{database}"))
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Eq for PostgresUrl {}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    #[test]
    fn a_url_names_hosts_a_user_and_a_database() {
        let url = PostgresUrl::parse("postgres://bob:s3cret@a:5433,b/iamd?sslmode=require").unwrap();
        let hosts: Vec<_> = url.hosts.iter().map(|host| (host.get_host(), host.get_port())).collect();
        assert_eq!(hosts, [("a", 5433), ("b", 5432)]);
        for host in &url.hosts {
            assert_eq!((host.get_username(), host.get_database()), ("bob", Some("iamd")));
            assert!(matches!(host.get_ssl_mode(), PgSslMode::Require));
            assert_eq!(host.get_application_name(), Some("iamd"));
        }
        assert_eq!(format!("{url} {url:?}"), "postgres://bob@a:5433,b/iamd postgres://bob@a:5433,b/iamd");
        let named = PostgresUrl::parse("postgresql://h/d?application_name=x").unwrap();
        assert_eq!(named.hosts[0].get_application_name(), Some("x"));
    }

    #[test]
    fn authorities_are_asked_where_there_are_some() {
        let mode = |parameters: &str| {
            let url = PostgresUrl::parse(&format!("postgres://a/d?{parameters}")).unwrap();
            (format!("{:?}", url.hosts[0].get_ssl_mode()), url.authorities)
        };
        let file = Some(PathBuf::from("/no/ca file.pem"));
        assert_eq!(mode("sslmode=allow").0, "Prefer");
        assert_eq!(mode("sslmode=require&sslrootcert=%2Fno%2Fca+file.pem"), ("VerifyCa".to_owned(), file.clone()));
        assert_eq!(mode("sslmode=verify-full&sslrootcert=/no/ca%20file.pem"), ("VerifyFull".to_owned(), file));
        let missing = PostgresUrl::parse("postgres://a/d?sslmode=verify-ca&sslrootcert=/no/ca.pem").unwrap();
        assert_eq!(missing.check_files().unwrap_err().0, PathBuf::from("/no/ca.pem"));
        let unused = PostgresUrl::parse("postgres://a/d?sslmode=prefer&sslrootcert=/no/ca.pem").unwrap();
        assert!(unused.check_files().is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, what) in [
            ("postgres://bob:s3cret@a/d?sslmod=require", "its parameter sslmod is not known"),
            ("postgres://bob:s3cret@a:port/d", "write postgres://"),
            ("postgres://bob:s3cret@a/d?sslmode=maybe", "write postgres://"),
            ("mysql://a/d", "write postgres://"),
        ] {
            let error = PostgresUrl::parse(url).unwrap_err();
            assert!(error.starts_with(what) && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_shown_url_has_no_password() {
        for (url, shown) in [
            ("postgres://bob:s3cret@a:1/d?password=s3cret", "postgres://bob@a:1/d"),
            ("postgres://bob:s3@cret@a", "postgres://bob@a"),
            ("postgres://a/d", "postgres://a/d"),
            ("sqlite:x.db", "sqlite:x.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
