//! OpenID Connect providers: issuers whose tokens the account's roles may trust.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity, IdentityPropagation, Resource, Taggable};
use crate::shapes::{Kind, TagSet, Timestamp};

/// An issuer of web identity tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The issuer's URL as it was given, with its scheme. Without the scheme it is the provider's name.
    pub url: String,
    /// When the provider was created.
    pub created: Timestamp,
    /// The applications that tokens may be for, in the order in which they were given.
    #[serde(default)]
    pub client_ids: Vec<String>,
    /// SHA-1 hashes of certificates, 40 lower-case hexadecimal digits each, that vouch for a host whose certificate no
    /// trusted authority signed.
    #[serde(default)]
    pub thumbprints: Vec<String>,
    /// What sessions carry on of the provider's tokens.
    #[serde(default)]
    pub propagation: IdentityPropagation,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

/// An issuer without its scheme: the part in the provider's ARN and before the colon of condition keys.
pub fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

impl Entity for OidcProvider {
    fn key(&self) -> String {
        Self::key_of(self.name())
    }
}

impl Resource for OidcProvider {
    const KIND: Kind = Kind::OidcProvider;

    fn name(&self) -> &str {
        without_scheme(&self.url)
    }

    fn path(&self) -> &str {
        "/"
    }

    /// Exact: issuers are compared to the letter (OpenID Connect Core, "ID Token Validation").
    fn key_of(name: &str) -> String {
        name.to_owned()
    }

    fn tags(&self) -> Option<&TagSet> {
        Some(&self.tags)
    }
}

impl Taggable for OidcProvider {
    fn tags_mut(&mut self) -> &mut TagSet {
        &mut self.tags
    }
}

impl Account {
    /// The provider of this issuer, as a token's `iss` names it.
    pub fn issuer(&self, iss: &str) -> Option<&OidcProvider> {
        let provider = self.oidc_providers.get(without_scheme(iss))?;
        // Google's older tokens leave the scheme out; for others it must be the provider's.
        (provider.url == iss || !iss.contains("://")).then_some(provider)
    }
}
