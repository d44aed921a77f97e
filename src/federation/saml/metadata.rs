//! What a SAML identity provider publishes about itself.

use aws_lc_rs::digest::{SHA256, digest};
use bergshamra_keys::{Key, loader};
use data_encoding::{BASE64, HEXLOWER};

use super::xml::{self, Element, METADATA, SIGNATURE};
use crate::account::{SamlProvider, SamlSigner};
use crate::shapes::Timestamp;

/// The greatest number of certificates that IAM takes ("IAM and AWS STS quotas").
const MAX_CERTIFICATES: usize = 10;
/// The greatest number of tags and attributes in metadata. Those of real providers have some hundreds; a document of the
/// greatest size with nothing else would take hundreds of megabytes to read.
const MAX_MARKUP: usize = 20_000;

/// The metadata of an identity provider, as far as it matters here.
pub struct Metadata {
    /// Who signs its assertions, and under which name.
    pub signer: SamlSigner,
    /// When the metadata loses its validity, if they say so.
    pub valid_until: Option<Timestamp>,
}

impl Metadata {
    /// Reads metadata. `None` if they are no XML, describe no identity provider, lack a signing certificate, or take too
    /// long to read.
    pub fn read(text: &str) -> Option<Self> {
        if text.bytes().filter(|byte| matches!(byte, b'<' | b'=')).nth(MAX_MARKUP).is_some() {
            return None;
        }
        let document = xml::read(text)?;
        let entity = Element::root(&document, METADATA, "EntityDescriptor")?;
        let provider = entity.child(METADATA, "IDPSSODescriptor")?;
        let certificates = certificates(provider);
        certificates.iter().try_for_each(|der| loader::load_x509_cert_der(der).ok().map(drop))?;
        let valid_until = match entity.moment("validUntil") {
            Some(moment) => Some(moment?),
            None => None,
        };
        let usable = !certificates.is_empty() && certificates.len() <= MAX_CERTIFICATES;
        let entity_id = entity.attribute("entityID").filter(|id| !id.is_empty())?.to_owned();
        let certificates = certificates.iter().map(|der| BASE64.encode(der)).collect();
        usable.then_some(Self { signer: SamlSigner { entity_id, certificates }, valid_until })
    }
}

/// Whom to believe in a provider's name.
pub struct Signer {
    /// The issuer of its assertions.
    pub entity_id: String,
    /// The keys of the certificates that sign them.
    pub keys: Vec<Key>,
}

impl Signer {
    /// The signer of a provider. `None` if its metadata have become unreadable.
    pub fn of(provider: &SamlProvider) -> Option<Self> {
        let read = || Metadata::read(&provider.metadata).map(|metadata| metadata.signer);
        let SamlSigner { entity_id, certificates } = provider.signer.clone().or_else(read)?;
        let key = |certificate: &String| loader::load_x509_cert_der(&BASE64.decode(certificate.as_bytes()).ok()?).ok();
        Some(Self { keys: certificates.iter().map(key).collect::<Option<_>>()?, entity_id })
    }
}

impl Signer {
    /// The hashes of the signing keys, in the order of the metadata. AWS does not publish what it hashes: here it is the
    /// public key in DER, by SHA-256.
    pub fn key_hashes(&self) -> Vec<String> {
        self.keys.iter().filter_map(key_hash).collect()
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
