//! TLS on the port of plain HTTP: the first byte of a connection shows which of them the client speaks.

mod authority;
mod client;
mod files;
mod session;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub use client::{ReadWrite, connect};
pub use session::Session;

use self::authority::Authority;
use super::guard::HostNames;
use super::machine;
use crate::config::{ConfigError, Settings, TlsSource};

/// The first byte of a TLS handshake (RFC 8446, section 5.1: the record type `handshake`).
pub const HANDSHAKE: u8 = 0x16;

/// How often the files are read again: their owner renews them while the server runs.
const RELOAD: Duration = Duration::from_secs(60);

/// The most places that there are certificates for at a time.
const MAX_PLACES: usize = 64;

/// Why there is no TLS: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// No certificate in a file.
    #[error("{0} holds no certificate, or a damaged one; it must be PEM")]
    NoCertificate(PathBuf),
    /// No key in a file.
    #[error("{0} holds no private key that can be used; it must be PEM and not encrypted")]
    NoKey(PathBuf),
    /// The files do not belong together.
    #[error("the private key in {key} is not that of the certificate in {certificate}")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is too old.
    #[error("the certificate in {0} expired at {1}")]
    Expired(PathBuf, String),
    /// The files in the data folder are none of this server's.
    #[error("{0} is damaged: remove it and {1}, and the server makes a new certificate authority")]
    Damaged(PathBuf, PathBuf),
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Issue(#[from] rcgen::Error),
    /// The library refuses.
    #[error("TLS cannot be used: {0}")]
    Library(#[from] rustls::Error),
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] ConfigError),
}

/// A certificate chain and its key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// When there should be another.
    renew: SystemTime,
}

impl Identity {
    fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut config = builder.with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Where identities come from.
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Authority(Authority),
}

/// The address of this machine that a client connected to, and the name that it asks for, where they make a difference.
type Place = (IpAddr, Option<String>);

/// What is shown at one place.
struct Shown {
    config: Arc<ServerConfig>,
    chain: Vec<CertificateDer<'static>>,
    renew: SystemTime,
}

/// The server's side of TLS.
pub struct Tls {
    source: Source,
    /// Whether plain HTTP is refused.
    pub only: bool,
    shown: Mutex<HashMap<Place, Shown>>,
}

impl Tls {
    /// TLS as the settings want it at an address; `None` if they do not want it.
    ///
    /// # Errors
    /// Whatever is wrong with certificates, keys and the folder of the local authority.
    pub fn new(settings: &Settings, listen: SocketAddr) -> Result<Option<Self>, TlsError> {
        let Some(source) = settings.tls_source()? else { return Ok(None) };
        let source = match source {
            TlsSource::Files { certificate, key } => Source::Files { certificate, key },
            TlsSource::Authority { folder } => {
                let hosts = HostNames::new(settings.host_names());
                Source::Authority(Authority::open(&folder, &hosts, listen.ip(), machine::name())?)
            }
        };
        let tls = Self { source, only: settings.tls_only == Some(true), shown: Mutex::default() };
        tls.config(listen.ip(), None, SystemTime::now())?;
        Ok(Some(tls))
    }

    /// Refuses what a start would refuse, without making an authority.
    ///
    /// # Errors
    /// For settings that contradict each other, and for certificates and keys of one's own that cannot be used.
    pub fn check(settings: &Settings) -> Result<(), TlsError> {
        match settings.tls_source()? {
            Some(TlsSource::Files { certificate, key }) => files::read(&certificate, &key, SystemTime::now()).map(drop),
            Some(TlsSource::Authority { .. }) | None => Ok(()),
        }
    }

    /// The certificate of the local authority, if there is one: what clients have to trust.
    pub fn authority(&self) -> Option<&Path> {
        match &self.source {
            Source::Files { .. } => None,
            Source::Authority(authority) => Some(&authority.path),
        }
    }

    /// How to speak TLS with a client that connected to this address of the machine and asks for this name.
    ///
    /// # Errors
    /// When there is no certificate to show. One that cannot be renewed is shown until it can.
    pub fn config(&self, address: IpAddr, asked: Option<&str>, now: SystemTime) -> Result<Arc<ServerConfig>, TlsError> {
        let place = self.place(address, asked);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let old = shown.get_mut(&place);
        if let Some(old) = old.as_ref().filter(|old| now < old.renew) {
            return Ok(old.config.clone());
        }
        match (self.identity(&place, now), old) {
            (Ok(new), Some(old)) if new.chain == old.chain => {
                old.renew = new.renew;
                Ok(old.config.clone())
            }
            (Ok(new), _) => {
                let config = new.config()?;
                if shown.len() >= MAX_PLACES {
                    shown.clear();
                }
                shown.insert(place, Shown { config: config.clone(), chain: new.chain, renew: new.renew });
                Ok(config)
            }
            (Err(error), Some(old)) => {
                tracing::warn!(error = error.to_string(), "the certificate could not be renewed");
                old.renew = now + RELOAD;
                Ok(old.config.clone())
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Files hold one certificate for all places, and every certificate of the authority names loopback addresses.
    fn place(&self, address: IpAddr, asked: Option<&str>) -> Place {
        let address = address.to_canonical();
        match &self.source {
            Source::Authority(authority) => {
                let address = if address.is_loopback() { Ipv4Addr::LOCALHOST.into() } else { address };
                (address, asked.filter(|name| !authority.ignores(name)).map(str::to_owned))
            }
            Source::Files { .. } => (Ipv4Addr::LOCALHOST.into(), None),
        }
    }

    fn identity(&self, (address, asked): &Place, now: SystemTime) -> Result<Identity, TlsError> {
        match &self.source {
            Source::Files { certificate, key } => files::read(certificate, key, now),
            Source::Authority(authority) => authority.issue(*address, asked.as_deref(), now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path) -> Settings {
        Settings {
            tls: Some(crate::config::TlsMode::Auto),
            data_dir: Some(folder.to_owned()),
            database: Some("memory".to_owned()),
            ..Settings::default()
        }
    }

    #[test]
    fn certificates_are_renewed_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593));
        let tls = Tls::new(&settings(folder.path()), listen).unwrap().unwrap();
        let now = SystemTime::now();
        let at = |days: u64| {
            let config =
                tls.config(Ipv4Addr::LOCALHOST.into(), None, now + Duration::from_secs(days * 86_400)).unwrap();
            Arc::as_ptr(&config) as usize
        };
        let first = at(0);
        assert_eq!(at(59), first);
        let renewed = at(61);
        assert_ne!(renewed, first);
        assert_eq!(at(100), renewed);
    }

    #[test]
    fn certificates_are_bounded_in_number() {
        let folder = tempfile::tempdir().unwrap();
        let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593));
        let tls = Tls::new(&settings(folder.path()), listen).unwrap().unwrap();
        for last in 0..=255 {
            tls.config(IpAddr::from([10, 0, 0, last]), None, SystemTime::now()).unwrap();
            let name = format!("a{last}.localhost");
            tls.config(IpAddr::from([127, 0, 0, last]), Some(&name), SystemTime::now()).unwrap();
            assert!(tls.shown.lock().unwrap().len() <= MAX_PLACES);
        }
    }
}
