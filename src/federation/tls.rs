//! TLS towards issuers: trusted by the system's roots, or by a thumbprint that the provider was registered with.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs as provider};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Whose certificates count.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that lead to one of the system's roots, or to a certificate with one of these thumbprints. AWS asks its
    /// roots first, too ("Create an OpenID Connect (OIDC) identity provider in IAM").
    RootsOr(Vec<String>),
    /// Any: only to see which certificates the host has, not to believe what it says.
    Unverified,
}

/// The thumbprint of a certificate: its SHA-1 hash.
pub fn thumbprint(certificate: &CertificateDer<'_>) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref())
}

/// How to speak TLS with a host that is trusted so.
///
/// # Errors
/// Never with the protocol versions that the library has.
pub fn client(trust: Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(provider::default_provider());
    let verifier = Verifier { trust, algorithms: provider.signature_verification_algorithms };
    Ok(builder(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

/// The system's roots, read when they are needed first.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn leads_to(
        &self,
        roots: &RootCertStore,
        certificate: &ParsedCertificate<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(certificate, roots, others, now, self.algorithms.all)
    }

    /// Whether the certificate has a registered thumbprint, or leads to one among the others that has.
    fn is_pinned(
        &self,
        thumbprints: &[String],
        der: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> bool {
        let is_registered = |certificate: &CertificateDer<'_>| thumbprints.contains(&thumbprint(certificate));
        let Ok(certificate) = ParsedCertificate::try_from(der) else { return false };
        is_registered(der)
            || others.iter().filter(|other| is_registered(other)).any(|pinned| {
                let mut roots = RootCertStore::empty();
                roots.add(pinned.clone()).is_ok() && self.leads_to(&roots, &certificate, others, now).is_ok()
            })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        der: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Trust::RootsOr(thumbprints) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(der)?;
        match self.leads_to(system_roots(), &certificate, others, now) {
            Ok(()) => {}
            Err(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
                return Err(Error::InvalidCertificate(CertificateError::Expired));
            }
            Err(error) if !self.is_pinned(thumbprints, der, others, now) => return Err(error),
            Err(_) => {}
        }
        verify_server_name(&certificate, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tokio_rustls::rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tokio_rustls::rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
