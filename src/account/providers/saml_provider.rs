//! SAML providers: identity providers whose assertions the account's roles may trust.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, IdentityPropagation, Resource, Taggable, name_key};
use crate::shapes::{AssertionEncryptionMode, Kind, Secret, TagSet, Timestamp};

/// A SAML 2.0 identity provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SamlProvider {
    /// In the spelling it was given.
    pub name: String,
    /// `SAMLSP…`: part of the provider's own sign-in URL; never used again.
    pub uuid: String,
    /// When the provider was created.
    pub created: Timestamp,
    /// The metadata that the identity provider publishes.
    pub metadata: String,
    /// Whom to believe by the metadata. `None` for providers that were stored without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<SamlSigner>,
    /// When the metadata loses its validity.
    pub valid_until: Timestamp,
    /// Whether assertions must be encrypted; `None` if it was never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<AssertionEncryptionMode>,
    /// The keys that decrypt assertions: two at most, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private_keys: Vec<DecryptionKey>,
    /// The issuer in the metadata; empty for providers of older builds.
    #[serde(default)]
    pub issuer: String,
    /// What sessions carry on of the provider's assertions.
    #[serde(default)]
    pub propagation: IdentityPropagation,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

/// What verifying an assertion needs of the metadata, read once when the metadata is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SamlSigner {
    /// The issuer of the assertions.
    pub entity_id: String,
    /// The certificates that sign them: DER in base64, at least one.
    pub certificates: Vec<String>,
}

/// A key that decrypts assertions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecryptionKey {
    /// 22 to 64 capitals and digits.
    pub id: String,
    /// When the key was added.
    pub added: Timestamp,
    /// The key in PEM.
    pub pem: Secret,
}

impl Entity for SamlProvider {
    fn key(&self) -> String {
        name_key(&self.name)
    }
}

impl Resource for SamlProvider {
    const KIND: Kind = Kind::SamlProvider;

    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> &str {
        "/"
    }

    fn tags(&self) -> Option<&TagSet> {
        Some(&self.tags)
    }
}

impl Taggable for SamlProvider {
    fn tags_mut(&mut self) -> &mut TagSet {
        &mut self.tags
    }
}
