//! Any response is refused, for none is signed.

#![no_main]

use std::sync::LazyLock;

use data_encoding::BASE64;
use iamd::account::{IdentityPropagation, SamlProvider};
use iamd::federation::saml::{self, Metadata};
use iamd::idp::saml::SamlIssuer;
use iamd::keys::{Algorithm, SigningKey};
use iamd::shapes::{AccountId, TagSet, Timestamp};
use libfuzzer_sys::fuzz_target;

static PROVIDER: LazyLock<SamlProvider> = LazyLock::new(|| {
    let issuer = SamlIssuer::new("https://idp.example.com", &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap();
    let metadata = issuer.metadata();
    SamlProvider {
        name: "Corp".to_owned(),
        uuid: "SAMLSPAAAAAAAAAAAAAAAA".to_owned(),
        created: Timestamp::from_seconds(0),
        issuer: "https://idp.example.com".to_owned(),
        propagation: IdentityPropagation::default(),
        signer: Metadata::read(&metadata).map(|metadata| metadata.signer),
        metadata,
        valid_until: Timestamp::from_seconds(i64::from(i32::MAX)),
        encryption: None,
        private_keys: Vec::new(),
        tags: TagSet::default(),
    }
});

fuzz_target!(|text: &str| {
    let account = AccountId::parse("123456789012").unwrap();
    let now = Timestamp::from_seconds(1_700_000_000);
    assert!(saml::verify(&PROVIDER, account, &BASE64.encode(text.as_bytes()), now).is_err());
    assert!(saml::verify(&PROVIDER, account, text, now).is_err());
    if let Some(metadata) = Metadata::read(text) {
        assert!(!metadata.signer.entity_id.is_empty() && !metadata.signer.certificates.is_empty());
    }
});
