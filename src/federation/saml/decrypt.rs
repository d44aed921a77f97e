//! Encrypted assertions (XML Encryption).

use bergshamra_enc::EncContext;
use bergshamra_enc::decrypt::decrypt as decrypt_document;
use bergshamra_keys::{KeysManager, loader};

use crate::account::DecryptionKey;

/// The response with its assertion decrypted by one of the keys, still in its envelope.
pub fn decrypt(response: &str, keys: &[DecryptionKey]) -> Option<String> {
    keys.iter().find_map(|key| {
        let mut manager = KeysManager::new();
        manager.add_key(loader::load_pem_auto(key.pem.reveal().trim().as_bytes(), None).ok()?);
        // What is encrypted stands in the response; nothing is fetched, and no password is stretched.
        let context = EncContext { max_pbkdf2_iterations: 0, ..EncContext::new(manager) };
        decrypt_document(&context.with_disable_cipher_reference(true), response).ok()
    })
}
