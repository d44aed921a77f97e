//! Where a running server is.

use std::fmt::{self, Display};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::PATIENCE;

/// A running server. It is shown as its host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: Host,
    port: u16,
    /// The file with its certificate or that of its authority, if it speaks TLS.
    pub certificates: Option<PathBuf>,
    /// How long it may take.
    pub patience: Duration,
}

/// A text that is not the URL of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the URL of a server: write http://HOST:PORT or https://HOST:PORT")]
pub struct InvalidEndpoint(String);

impl Target {
    /// The server that listens at an address: on all of a machine's addresses, it is asked on loopback.
    pub fn listening(mut address: SocketAddr, certificates: Option<PathBuf>) -> Self {
        match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let host = match address.ip() {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        Self { host, port: address.port(), certificates, patience: PATIENCE }
    }

    /// The server at a URL, and whether it speaks TLS.
    ///
    /// # Errors
    /// For what is not such a URL, or has more than a host and a port.
    pub fn at(endpoint: &str) -> Result<(Self, bool), InvalidEndpoint> {
        let read = || {
            let url = Url::parse(endpoint).ok()?;
            let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
            let is_anonymous = url.username().is_empty() && url.password().is_none();
            let speaks_tls = match url.scheme() {
                "http" => false,
                "https" => true,
                _ => return None,
            };
            let (host, port) = (url.host()?.to_owned(), url.port_or_known_default()?);
            let target = Self { host, port, certificates: None, patience: PATIENCE };
            (is_bare && is_anonymous).then_some((target, speaks_tls))
        };
        // What else is in the text may be a secret: it is shown up to the host's user.
        read().ok_or_else(|| InvalidEndpoint(endpoint.split('@').next_back().unwrap_or_default().to_owned()))
    }

    /// Connects to the first of its addresses that answers within a time.
    pub(super) fn connect(&self, within: Duration) -> io::Result<TcpStream> {
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in self.addresses()? {
            match TcpStream::connect_timeout(&address, within) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        Ok(match &self.host {
            Host::Domain(name) => (name.as_str(), self.port).to_socket_addrs()?.collect(),
            Host::Ipv4(address) => vec![(*address, self.port).into()],
            Host::Ipv6(address) => vec![(*address, self.port).into()],
        })
    }

    /// What its certificate must name.
    pub(super) fn tls_name(&self) -> io::Result<ServerName<'static>> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(io::Error::other),
            Host::Ipv4(address) => Ok(IpAddr::V4(*address).into()),
            Host::Ipv6(address) => Ok(IpAddr::V6(*address).into()),
        }
    }
}

impl Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_by_its_url() {
        for (url, expected) in [
            ("http://localhost:4593", Some(("localhost:4593", false))),
            ("https://iamd.test/", Some(("iamd.test:443", true))),
            ("http://[::1]:4593", Some(("[::1]:4593", false))),
            ("http://127.0.0.1", Some(("127.0.0.1:80", false))),
            ("localhost:4593", None),
            ("127.0.0.1:4593", None),
            ("ftp://localhost", None),
            ("http://localhost:4593/console", None),
            ("http://localhost:4593/?a=b", None),
            ("http://user:secret@localhost:4593", None),
            ("", None),
        ] {
            let found = Target::at(url).map(|(target, speaks_tls)| (target.to_string(), speaks_tls));
            let shown = found.as_ref().ok().map(|(target, speaks_tls)| (target.as_str(), *speaks_tls));
            assert_eq!(shown, expected, "{url}");
            assert!(!found.is_err_and(|error| error.to_string().contains("secret")));
        }
    }

    #[test]
    fn who_listens_everywhere_is_asked_on_loopback() {
        for (listen, expected) in [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:2", "[::1]:2"), ("10.0.0.1:3", "10.0.0.1:3")] {
            assert_eq!(Target::listening(listen.parse().unwrap(), None).to_string(), expected);
        }
    }
}
