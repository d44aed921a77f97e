//! A certificate authority for this server alone. It is made once and kept, so that clients go on trusting it; its own
//! certificate limits it to names that no public site has, and to those that were allowed.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use rustls::pki_types::PrivateKeyDer;
use x509_cert::der::{DecodePem, Encode};
use x509_cert::ext::pkix;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Identity, TlsError};
use crate::config::AUTHORITY;
use crate::http::guard::{HostNames, PRIVATE_DOMAINS};

const DAY: Duration = Duration::from_secs(86_400);
/// How long the authority is valid.
const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How long a server's certificate is valid.
const LIFE: Duration = Duration::from_secs(90 * 86_400);
/// How long before its end a certificate is replaced.
const RENEWAL: Duration = Duration::from_secs(30 * 86_400);

/// The names of a server wherever it runs. Names below `localhost` are vouched for when a client asks for them: the
/// libraries refuse `*.localhost`.
const OWN_NAMES: &[&str] = &["localhost", "iamd", "host.docker.internal", "127.0.0.1", "::1"];

/// The addresses that no public site has.
const PRIVATE_NETWORKS: &[(&str, u8)] = &[
    ("127.0.0.0", 8),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("::1", 128),
    ("fc00::", 7),
    ("fe80::", 10),
];

/// The authority and what it vouches for.
pub struct Authority {
    /// Where its certificate is kept, from the root of the file system.
    pub path: PathBuf,
    key: KeyPair,
    /// The names in every certificate.
    names: BTreeSet<String>,
    permitted: BTreeSet<Permitted>,
}

/// What the authority may vouch for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Permitted {
    /// A name and those below it.
    Domain(String),
    /// An address and its mask.
    Network(Vec<u8>),
}

/// What is kept of an authority.
struct Kept {
    key: KeyPair,
    permitted: BTreeSet<Permitted>,
    ends: SystemTime,
}

impl Authority {
    /// The authority in the folder. It is made if there is none, if it is about to expire, or if it may not vouch for
    /// the names that clients use. The machine's name is a container's as a rule, and another one each time: it counts
    /// when the authority is made.
    pub fn open(folder: &Path, hosts: &HostNames, listen: IpAddr, machine: Option<&str>) -> Result<Self, TlsError> {
        let path = folder.join(AUTHORITY);
        let key_path = folder.join("iamd-ca.key");
        let mut names: BTreeSet<String> =
            OWN_NAMES.iter().map(|name| (*name).to_owned()).chain(hosts.allowed()).collect();
        if !listen.is_unspecified() {
            names.insert(listen.to_canonical().to_string());
        }
        let suffices = |kept: &Kept| {
            names.iter().all(|name| covers(&kept.permitted, name)) && SystemTime::now() + RENEWAL < kept.ends
        };
        let (key, permitted) = match read(&path, &key_path)? {
            Some(kept) if suffices(&kept) => (kept.key, kept.permitted),
            kept => {
                let mut permitted = kept.as_ref().map(|kept| kept.permitted.clone()).unwrap_or_default();
                permit(&mut permitted, names.iter().map(String::as_str).chain(machine));
                if kept.is_some() {
                    let why = "the old one expires soon, or must not vouch for all names; clients must read it again";
                    tracing::warn!(path = %path.display(), "there is a new certificate authority: {why}");
                }
                (make(&path, &key_path, &permitted)?, permitted)
            }
        };
        names.extend(machine.filter(|machine| covers(&permitted, machine)).map(str::to_owned));
        let path = std::path::absolute(&path).unwrap_or(path);
        Ok(Self { path, key, names, permitted })
    }

    /// Whether every certificate has a name, or none may have it.
    pub fn ignores(&self, name: &str) -> bool {
        self.names.contains(name) || name.starts_with('*') || !covers(&self.permitted, name)
    }

    /// A certificate for the server's names, one address of the machine, and a name that a client asks for.
    pub fn issue(&self, address: IpAddr, asked: Option<&str>, now: SystemTime) -> Result<Identity, TlsError> {
        let mut names = self.names.clone();
        names.extend(asked.map(str::to_owned));
        if covers(&self.permitted, &address.to_string()) {
            names.insert(address.to_string());
        }
        let mut params = CertificateParams::new(names.into_iter().collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, "iamd");
        params.not_before = (now - DAY).into();
        params.not_after = (now + LIFE).into();
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let authority = authority_params(&self.permitted);
        let certificate = params.signed_by(&key, &Issuer::from_params(&authority, &self.key))?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        Ok(Identity { chain: vec![certificate.into()], key, renew: now + (LIFE - RENEWAL) })
    }
}

impl Permitted {
    fn network(address: IpAddr, prefix: u8) -> Self {
        Self::Network(match CidrSubnet::from_addr_prefix(address, prefix) {
            CidrSubnet::V4(address, mask) => [address, mask].concat(),
            CidrSubnet::V6(address, mask) => [address, mask].concat(),
        })
    }

    /// Whether it is a network with this address.
    fn contains(&self, address: IpAddr) -> bool {
        let Self::Network(bytes) = self else { return false };
        let (network, mask) = bytes.split_at(bytes.len() / 2);
        let address = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let fits = |((byte, network), mask): ((&u8, &u8), &u8)| byte & mask == network & mask;
        address.len() == network.len() && address.iter().zip(network).zip(mask).all(fits)
    }

    fn read(name: &GeneralName) -> Option<Self> {
        match name {
            GeneralName::DnsName(name) => Some(Self::Domain(name.as_str().to_owned())),
            GeneralName::IpAddress(bytes) => Some(Self::Network(bytes.as_bytes().to_vec())),
            _ => None,
        }
    }

    fn subtree(&self) -> Option<GeneralSubtree> {
        match self {
            Self::Domain(name) => Some(GeneralSubtree::DnsName(name.clone())),
            Self::Network(bytes) => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                let subnet = match (<[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
                    (Ok(address), _) => CidrSubnet::V4(address, mask.try_into().ok()?),
                    (_, Ok(address)) => CidrSubnet::V6(address, mask.try_into().ok()?),
                    _ => return None,
                };
                Some(GeneralSubtree::IpAddress(subnet))
            }
        }
    }
}

/// Whether an authority may vouch for a name or address.
fn covers(permitted: &BTreeSet<Permitted>, name: &str) -> bool {
    if let Ok(address) = name.parse() {
        return permitted.iter().any(|permitted| permitted.contains(address));
    }
    let name = name.trim_start_matches("*.");
    permitted.iter().any(|permitted| match permitted {
        Permitted::Domain(domain) => {
            name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        Permitted::Network(_) => false,
    })
}

/// Permits what every authority may vouch for, and these names.
fn permit<'n>(permitted: &mut BTreeSet<Permitted>, names: impl Iterator<Item = &'n str>) {
    let networks = PRIVATE_NETWORKS.iter().filter_map(|(address, prefix)| {
        let address: IpAddr = address.parse().ok()?;
        Some(Permitted::network(address, *prefix))
    });
    let domains = PRIVATE_DOMAINS.iter().map(|domain| Permitted::Domain(domain.trim_start_matches('.').to_owned()));
    permitted.extend(networks.chain(domains));
    for name in names {
        if !covers(permitted, name) {
            permitted.insert(match name.parse::<IpAddr>() {
                Ok(address) => Permitted::network(address, if address.is_ipv4() { 32 } else { 128 }),
                Err(_) => Permitted::Domain(name.trim_start_matches("*.").to_owned()),
            });
        }
    }
}

fn authority_params(permitted: &BTreeSet<Permitted>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "iamd local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted.iter().filter_map(Permitted::subtree).collect(),
        excluded_subtrees: Vec::new(),
    });
    params
}

/// Makes an authority and keeps it. The key is there before the certificate: who sees the certificate finds its key.
fn make(path: &Path, key_path: &Path, permitted: &BTreeSet<Permitted>) -> Result<KeyPair, TlsError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = authority_params(permitted);
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + AUTHORITY_LIFE).into();
    let certificate = params.self_signed(&key)?;
    write(key_path, &key.serialize_pem(), 0o600)?;
    write(path, &certificate.pem(), 0o644)?;
    Ok(key)
}

/// Writes a file as a whole or not at all, readable to others only once its mode says so.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&unfinished);
        TlsError::File(path.to_owned(), error)
    })
}

/// What the files hold; `None` if one of them is not there.
fn read(path: &Path, key_path: &Path) -> Result<Option<Kept>, TlsError> {
    let text = |path: &Path| match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TlsError::File(path.to_owned(), error)),
    };
    let (Some(certificate), Some(key)) = (text(path)?, text(key_path)?) else { return Ok(None) };
    let damaged = |one: &Path, other: &Path| TlsError::Damaged(one.to_owned(), other.to_owned());
    let key = KeyPair::from_pem(&key).map_err(|_| damaged(key_path, path))?;
    parse(&certificate, key).map(Some).ok_or_else(|| damaged(path, key_path))
}

fn parse(certificate: &str, key: KeyPair) -> Option<Kept> {
    let certificate = x509_cert::Certificate::from_pem(certificate).ok()?.tbs_certificate;
    let own_key = certificate.subject_public_key_info.to_der().ok()? == key.subject_public_key_info();
    let (_, constraints) = certificate.get::<pkix::NameConstraints>().ok()??;
    let subtrees = constraints.permitted_subtrees?;
    let permitted = subtrees.iter().map(|subtree| Permitted::read(&subtree.base)).collect::<Option<_>>()?;
    own_key.then(|| Kept { key, permitted, ends: certificate.validity.not_after.to_system_time() })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn open(folder: &Path, allowed: &[&str]) -> Authority {
        Authority::open(folder, &HostNames::new(allowed.iter().copied()), Ipv4Addr::UNSPECIFIED.into(), None).unwrap()
    }

    #[test]
    fn the_authority_is_kept_as_long_as_it_suffices() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = || fs::read_to_string(folder.path().join("iamd-ca.pem")).unwrap();
        open(folder.path(), &["iam.example.com"]);
        let first = certificate();
        open(folder.path(), &[]);
        open(folder.path(), &["build-3.local", "x.iam.example.com"]);
        assert_eq!(certificate(), first);
        open(folder.path(), &["*.other.example"]);
        let second = certificate();
        assert_ne!(second, first);
        open(folder.path(), &["iam.example.com"]);
        assert_eq!(certificate(), second, "the new one may vouch for the old names, too");
        Authority::open(folder.path(), &HostNames::default(), Ipv4Addr::UNSPECIFIED.into(), Some("3f2a")).unwrap();
        assert_eq!(certificate(), second, "a container has another name each time");
    }

    #[test]
    fn only_the_owner_reads_the_key() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), &[]);
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("iamd-ca.key"), mode("iamd-ca.pem")), (0o600, 0o644));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn damaged_files_are_refused_and_missing_ones_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key_path) = (folder.path().join("iamd-ca.pem"), folder.path().join("iamd-ca.key"));
        let refused = || {
            let opened = Authority::open(folder.path(), &HostNames::default(), Ipv4Addr::LOCALHOST.into(), None);
            opened.map(drop).unwrap_err().to_string()
        };
        open(folder.path(), &[]);
        let key = fs::read_to_string(&key_path).unwrap();
        fs::remove_file(&key_path).unwrap();
        open(folder.path(), &[]);
        fs::write(&key_path, key).unwrap();
        let sentence = "is damaged: remove it and";
        assert!(refused().starts_with(&format!("{} {sentence}", path.display())), "another key");
        fs::write(&key_path, "-----BEGIN PRIVATE KEY-----").unwrap();
        assert!(refused().starts_with(&format!("{} {sentence}", key_path.display())));
        fs::remove_file(&key_path).unwrap();
        open(folder.path(), &[]);
        fs::write(&path, "x").unwrap();
        assert!(refused().starts_with(&format!("{} {sentence}", path.display())));
    }

    #[test]
    fn no_public_name_is_vouched_for_unless_it_is_allowed() {
        let mut permitted = BTreeSet::new();
        permit(&mut permitted, ["192.0.2.7", "*.dev.example"].into_iter());
        for name in ["127.0.0.5", "10.1.2.3", "172.31.0.1", "192.168.1.1", "::1", "fd00::1", "192.0.2.7"] {
            assert!(covers(&permitted, name), "{name}");
        }
        for name in
            ["localhost", "*.localhost", "host.docker.internal", "dev.example", "*.dev.example", "a.b.dev.example"]
        {
            assert!(covers(&permitted, name), "{name}");
        }
        for name in
            ["192.0.2.8", "8.8.8.8", "172.32.0.1", "2001:db8::1", "example.com", "evildev.example", "notlocalhost"]
        {
            assert!(!covers(&permitted, name), "{name}");
        }
    }
}
