//! Any text is a token that no key has signed, or none; any bytes are a key set or none.

#![no_main]

use std::sync::LazyLock;

use iamd::keys::{Algorithm, KeySet, SigningKey, Token};
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    KeySet::read(serde_json::json!({"keys": [key.public()]}).to_string().as_bytes()).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let keys = KeySet::read(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(token) = Token::read(text) {
        assert!(!token.is_signed_by(&KEYS));
        // Nor by a key set made of the token itself.
        assert!(keys.is_none_or(|keys| !token.is_signed_by(&keys)));
    }
    // The claims alone, so that the fuzzer need not find the base64 around them.
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let token = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(text));
    if let Some(token) = Token::read(&token) {
        assert!(serde_json::from_str::<serde_json::Value>(text).unwrap().as_object() == Some(&token.claims));
    }
});
