//! What a SAML identity provider publishes about itself.

use aws_lc_rs::digest::{SHA256, digest};
use bergshamra_keys::{Key, loader};
use data_encoding::HEXLOWER;

use super::xml::{self, Element, METADATA, SIGNATURE};
use crate::shapes::Timestamp;

/// The most certificates that IAM takes ("IAM and AWS STS quotas").
const MOST_CERTIFICATES: usize = 10;

/// The metadata of an identity provider, as far as it matters here.
pub struct Metadata {
    /// Who it is: the issuer of its assertions.
    pub entity_id: String,
    /// When the metadata loses its validity, if they say so.
    pub valid_until: Option<Timestamp>,
    /// The keys of the certificates that sign assertions: one at least.
    pub signing_keys: Vec<Key>,
}

impl Metadata {
    /// Reads metadata. `None` if they are no XML, describe no identity provider, or lack a signing certificate.
    pub fn read(text: &str) -> Option<Self> {
        let document = xml::read(text)?;
        let entity = Element::root(&document, METADATA, "EntityDescriptor")?;
        let provider = entity.child(METADATA, "IDPSSODescriptor")?;
        let certificates = certificates(provider);
        let signing_keys =
            certificates.iter().map(|der| loader::load_x509_cert_der(der).ok()).collect::<Option<_>>()?;
        let valid_until = match entity.moment("validUntil") {
            Some(moment) => Some(moment?),
            None => None,
        };
        let usable = !certificates.is_empty() && certificates.len() <= MOST_CERTIFICATES;
        let entity_id = entity.attribute("entityID").filter(|id| !id.is_empty())?.to_owned();
        usable.then_some(Self { entity_id, valid_until, signing_keys })
    }
}

impl Metadata {
    /// The hashes of the signing keys, in the order of the metadata. AWS does not publish what it hashes: here it is the
    /// public key in DER, by SHA-256.
    pub fn key_hashes(&self) -> Vec<String> {
        self.signing_keys.iter().filter_map(key_hash).collect()
    }
}

/// The hash of one key.
pub(super) fn key_hash(key: &Key) -> Option<String> {
    Some(HEXLOWER.encode(digest(&SHA256, &key.to_spki_der()?).as_ref()))
}

/// The certificates in DER that sign. A key that is for no particular use is for signing too (SAML metadata, 2.4.1.1).
fn certificates(provider: Element<'_, '_>) -> Vec<Vec<u8>> {
    let signs = |key: &Element<'_, '_>| key.attribute("use").is_none_or(|usage| usage == "signing");
    let keys = provider.children(METADATA, "KeyDescriptor").filter(signs);
    let data = keys.filter_map(|key| key.child(SIGNATURE, "KeyInfo")?.child(SIGNATURE, "X509Data"));
    // One that is not base64 becomes empty, and then is no certificate.
    data.flat_map(|data| data.children(SIGNATURE, "X509Certificate"))
        .map(|certificate| certificate.base64().unwrap_or_default())
        .collect()
}
