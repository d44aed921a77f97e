//! SSH public keys: OpenSSH's text and PEM, one turned into the other.

use md5::{Digest, Md5};
use pkcs1::RsaPublicKey;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use ssh_key::public::{Ed25519PublicKey, KeyData, RsaPublicKey as SshRsaPublicKey};
use ssh_key::{Mpint, PublicKey};
use x509_cert::der::asn1::{AnyRef, BitStringRef, UintRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, Encode, EncodePem};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::error::{Error, Result};

/// RFC 8410.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The least length of an RSA key that IAM takes, in bits.
const MIN_RSA_BITS: usize = 2048;

/// An RSA or Ed25519 public key.
pub struct SshKey(PublicKey);

/// Why a text is no SSH public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SshKeyError {
    /// Neither OpenSSH's form of an RSA or Ed25519 key nor PEM.
    #[error("the encoding is not recognized")]
    UnrecognizedEncoding,
    /// Damaged, of another algorithm, or too short.
    #[error("the key is invalid")]
    Invalid,
}

impl SshKey {
    /// Reads `ssh-rsa …`, `ssh-ed25519 …` or `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// Says whether the encoding or the key itself is wrong.
    pub fn read(text: &str) -> std::result::Result<Self, SshKeyError> {
        let text = text.trim();
        let key = match text.split_ascii_whitespace().next() {
            Some("ssh-rsa" | "ssh-ed25519") => PublicKey::from_openssh(text).ok(),
            Some("-----BEGIN") => {
                let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
                read_der(der.map_err(|_| SshKeyError::UnrecognizedEncoding)?.as_ref())
            }
            _ => return Err(SshKeyError::UnrecognizedEncoding),
        };
        let mut key = key.ok_or(SshKeyError::Invalid)?;
        key.set_comment("");
        let long_enough = match key.key_data() {
            KeyData::Rsa(rsa) => rsa_bits(rsa) >= MIN_RSA_BITS,
            KeyData::Ed25519(_) => true,
            _ => false,
        };
        if long_enough { Ok(Self(key)) } else { Err(SshKeyError::Invalid) }
    }

    /// The key as OpenSSH writes it, without a comment.
    ///
    /// # Errors
    /// Only if the library fails, which is a fault of ours.
    pub fn openssh(&self) -> Result<String> {
        self.0.to_openssh().map_err(|error| Error::internal(error.to_string()))
    }

    /// The key as `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// As with [`SshKey::openssh`].
    pub fn pem(&self) -> Result<String> {
        let written = match self.0.key_data() {
            KeyData::Rsa(rsa) => rsa_pem(rsa),
            KeyData::Ed25519(key) => pem(ED25519, None, &key.0),
            _ => return Err(Error::internal("no other key was read")),
        };
        written.map_err(|error| Error::internal(error.to_string()))
    }

    /// The MD5 of the key, as sixteen pairs of hexadecimal digits with colons between them.
    ///
    /// # Errors
    /// As with [`SshKey::openssh`].
    pub fn fingerprint(&self) -> Result<String> {
        let bytes = self.0.to_bytes().map_err(|error| Error::internal(error.to_string()))?;
        let pairs: Vec<String> = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(pairs.join(":"))
    }
}

fn rsa_bits(key: &SshRsaPublicKey) -> usize {
    let modulus = key.n.as_positive_bytes().unwrap_or_default();
    let leading_zeros = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    modulus.len() * 8 - leading_zeros
}

fn read_der(der: &[u8]) -> Option<PublicKey> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let bytes = info.subject_public_key.raw_bytes();
    let data = match info.algorithm.oid {
        ED25519 => KeyData::Ed25519(Ed25519PublicKey(bytes.try_into().ok()?)),
        pkcs1::ALGORITHM_OID => {
            let key = RsaPublicKey::from_der(bytes).ok()?;
            let number = |number: UintRef<'_>| Mpint::from_positive_bytes(number.as_bytes()).ok();
            KeyData::Rsa(SshRsaPublicKey { e: number(key.public_exponent)?, n: number(key.modulus)? })
        }
        _ => return None,
    };
    Some(data.into())
}

fn rsa_pem(key: &SshRsaPublicKey) -> x509_cert::der::Result<String> {
    let key = RsaPublicKey {
        modulus: UintRef::new(key.n.as_positive_bytes().unwrap_or_default())?,
        public_exponent: UintRef::new(key.e.as_positive_bytes().unwrap_or_default())?,
    };
    pem(pkcs1::ALGORITHM_OID, Some(AnyRef::NULL), &key.to_der()?)
}

fn pem(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> x509_cert::der::Result<String> {
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        subject_public_key: BitStringRef::from_bytes(key)?,
    };
    info.to_pem(LineEnding::LF)
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, RsaKeySize};

    use super::*;

    fn pem_of(key: &KeyPair) -> String {
        key.public_key_pem().replace("\r\n", "\n")
    }

    #[test]
    fn pem_becomes_openssh_and_comes_back() {
        let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        for (key, begin) in [(rsa, "ssh-rsa AAAAB3NzaC1yc2E"), (ed25519, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5")] {
            let pem = pem_of(&key);
            let read = SshKey::read(&pem).unwrap();
            let openssh = read.openssh().unwrap();
            assert!(openssh.starts_with(begin), "{openssh}");
            assert_eq!(SshKey::read(&openssh).unwrap().pem().unwrap(), pem);
        }
    }

    /// Key and fingerprint as `ssh-keygen -E md5 -lf` prints them.
    #[test]
    fn the_fingerprint_is_that_of_ssh_keygen() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti foo@bar.com\n";
        let key = SshKey::read(key).unwrap();
        assert_eq!(key.fingerprint().unwrap(), "ae:6f:ba:1b:70:2c:ae:c7:5c:ab:6e:4d:5e:d4:c7:23");
        assert!(key.openssh().unwrap().ends_with("/XFSqti"), "the comment goes");
    }

    #[test]
    fn other_texts_are_refused() {
        let ecdsa = pem_of(&KeyPair::generate().unwrap());
        let short = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwD//w==";
        let cases = [
            ("hello", SshKeyError::UnrecognizedEncoding),
            ("ssh-dss AAAA", SshKeyError::UnrecognizedEncoding),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", SshKeyError::UnrecognizedEncoding),
            ("ssh-rsa AAAA", SshKeyError::Invalid),
            (short, SshKeyError::Invalid),
            (ecdsa.as_str(), SshKeyError::Invalid),
        ];
        for (text, expected) in cases {
            assert_eq!(SshKey::read(text).err(), Some(expected), "{text}");
        }
    }
}
