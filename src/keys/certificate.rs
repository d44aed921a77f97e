//! X.509 certificates and the private keys that go with them.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::shapes::Timestamp;

/// A certificate that could be read.
pub struct Certificate {
    der: Vec<u8>,
    parsed: x509_cert::Certificate,
}

/// An unencrypted private key: RSA, elliptic curve or Ed25519; in PKCS #1, SEC 1 or PKCS #8.
pub struct PrivateKey(Arc<dyn SigningKey>);

impl Certificate {
    /// The certificates of a PEM text, which must all be readable and at least one.
    pub fn read_all(pem: &str) -> Option<Vec<Self>> {
        let sections = CertificateDer::pem_slice_iter(pem.as_bytes());
        let all: Option<Vec<Self>> = sections.map(|section| Self::read_der(&section.ok()?)).collect();
        all.filter(|all| !all.is_empty())
    }

    /// The one certificate of a PEM text.
    pub fn read(pem: &str) -> Option<Self> {
        let mut all = Self::read_all(pem)?;
        let only = all.pop();
        only.filter(|_| all.is_empty())
    }

    fn read_der(der: &[u8]) -> Option<Self> {
        Some(Self { der: der.to_owned(), parsed: x509_cert::Certificate::from_der(der).ok()? })
    }

    /// From when it is valid.
    pub fn not_before(&self) -> Timestamp {
        moment(&self.parsed.tbs_certificate.validity.not_before)
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> Timestamp {
        moment(&self.parsed.tbs_certificate.validity.not_after)
    }

    /// The id that IAM gives it as a signing certificate: its SHA-1, 32 capitals and digits.
    pub fn id(&self) -> String {
        BASE32_NOPAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref())
    }

    /// The SHA-256 of the certificate, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(&self.der))
    }

    /// Whether `issuer` is the certificate that this one was signed with: its subject is this one's issuer, and its
    /// key verifies this one's signature.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        self.parsed.tbs_certificate.issuer == issuer.parsed.tbs_certificate.subject
            && self.signature_verifies_by(issuer).unwrap_or(false)
    }

    fn signature_verifies_by(&self, issuer: &Self) -> Option<bool> {
        let key = &issuer.parsed.tbs_certificate.subject_public_key_info;
        let signed_with = parameters(&self.parsed.signature_algorithm)?;
        let key_algorithm = parameters(&key.algorithm)?;
        let message = self.parsed.tbs_certificate.to_der().ok()?;
        let signature = self.parsed.signature.raw_bytes();
        let known = default_provider().signature_verification_algorithms.all;
        Some(known.iter().any(|algorithm| {
            *algorithm.signature_alg_id() == *signed_with
                && *algorithm.public_key_alg_id() == *key_algorithm
                && algorithm.verify_signature(key.subject_public_key.raw_bytes(), &message, signature).is_ok()
        }))
    }

    /// Whether this is the certificate of a private key.
    pub fn is_of(&self, key: &PrivateKey) -> bool {
        let of_key = key.0.public_key();
        let own = self.parsed.tbs_certificate.subject_public_key_info.to_der().ok();
        of_key.zip(own).is_some_and(|(of_key, own)| *of_key == *own)
    }
}

impl PrivateKey {
    /// The first private key of a PEM text.
    pub fn read(pem: &str) -> Option<Self> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        any_supported_type(&der).ok().map(Self)
    }
}

/// The content of an algorithm identifier, without its tag and length.
fn parameters(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let der = algorithm.to_der().ok()?;
    Some(AnyRef::from_der(&der).ok()?.value().to_owned())
}

fn moment(time: &x509_cert::time::Time) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_signature_is_of_one_issuer() {
        let (authority, other) = (authority("one"), authority("one"));
        for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let leaf = CertificateParams::new(["a.example".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
            let leaf = Certificate::read(&leaf.pem()).unwrap();
            assert!(leaf.is_signed_by(&Certificate::read(&authority.pem()).unwrap()));
            assert!(!leaf.is_signed_by(&Certificate::read(&other.pem()).unwrap()), "the name alone does not do");
            assert!(leaf.is_of(&PrivateKey::read(&key.serialize_pem()).unwrap()));
            assert!(!leaf.is_of(&PrivateKey::read(&KeyPair::generate().unwrap().serialize_pem()).unwrap()));
        }
    }

    #[test]
    fn a_text_is_one_certificate_or_several() {
        let (one, two) = (authority("one").pem(), authority("two").pem());
        assert!(Certificate::read(&one).is_some());
        assert!(Certificate::read(&format!("{one}{two}")).is_none());
        assert_eq!(Certificate::read_all(&format!("{one}{two}")).map(|all| all.len()), Some(2));
        for wrong in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(Certificate::read_all(wrong).is_none(), "{wrong}");
            assert!(PrivateKey::read(wrong).is_none(), "{wrong}");
        }
    }
}
