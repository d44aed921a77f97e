//! Any text is a certificate, a private key, a public key of SSH or a key that decrypts, or none of them.

#![no_main]

use iamd::federation::saml::is_decryption_key;
use iamd::keys::{Certificate, PrivateKey, SshKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let certificate = Certificate::read(text);
    if let Some(certificate) = &certificate {
        assert_eq!(certificate.id().len(), 32);
        let _ = (certificate.not_before(), certificate.not_after());
    }
    assert!(certificate.is_none() || Certificate::read_all(text).is_some_and(|all| all.len() == 1));
    let _ = PrivateKey::read(text).is_some_and(|key| certificate.is_some_and(|certificate| certificate.is_of(&key)));
    if let Ok(key) = SshKey::read(text) {
        let _ = (key.openssh(), key.pem(), key.fingerprint());
    }
    let _ = is_decryption_key(text);
});
