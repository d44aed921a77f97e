//! Encrypted assertions (XML Encryption).

use bergshamra_enc::EncContext;
use bergshamra_enc::decrypt::decrypt as decrypt_document;
use bergshamra_keys::{KeysManager, loader};

use uppsala::Document;

use super::xml::{ASSERTION, ENCRYPTION, ENCRYPTION_1_1, Element};
use crate::account::DecryptionKey;

/// Key transports that reveal nothing of what a changed ciphertext decrypts to: not PKCS #1 1.5.
const KEY_TRANSPORTS: &[&str] =
    &["http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep"];
/// Ciphers that notice when a ciphertext is changed.
const AUTHENTICATED: &[&str] = &[
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#aes192-gcm",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
];
/// Ciphers that do not.
const CHAINED: &[&str] = &[
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
];
/// One for each of those whom the assertion may be for; each costs a decryption with each private key.
const MAX_ENCRYPTED_KEYS: usize = 4;

/// How the assertion of a response is encrypted.
pub struct Encryption {
    /// Whether the cipher notices changes.
    pub is_authenticated: bool,
}

impl Encryption {
    /// The encryption of a response that has one encrypted assertion and nothing else that is encrypted, by algorithms
    /// that are safe.
    pub fn of(document: &Document<'_>, response: Element<'_, '_>) -> Option<Self> {
        let envelope = response.only_child(ASSERTION, "EncryptedAssertion")?;
        let data = envelope.only_child(ENCRYPTION, "EncryptedData")?;
        let count = |namespace, name| document.get_elements_by_tag_name_ns(namespace, name).len();
        let keys = Element::everywhere(document, ENCRYPTION, "EncryptedKey");
        let is_plain = count(ENCRYPTION, "EncryptedData") == 1
            && count(ASSERTION, "Assertion") == 0
            && count(ENCRYPTION_1_1, "DerivedKey") == 0
            && (1..=MAX_ENCRYPTED_KEYS).contains(&keys.len());
        let is_safe = keys.iter().all(|key| method(*key).is_some_and(|used| KEY_TRANSPORTS.contains(&used)));
        let cipher = method(data).filter(|_| is_plain && is_safe)?;
        let is_authenticated = AUTHENTICATED.contains(&cipher);
        (is_authenticated || CHAINED.contains(&cipher)).then_some(Self { is_authenticated })
    }
}

fn method<'d>(encrypted: Element<'d, '_>) -> Option<&'d str> {
    encrypted.only_child(ENCRYPTION, "EncryptionMethod")?.attribute("Algorithm")
}

/// The response with its assertion decrypted by one of the keys, still in its envelope.
pub fn decrypt(response: &str, keys: &[DecryptionKey]) -> Option<String> {
    keys.iter().find_map(|key| {
        let mut manager = KeysManager::new();
        manager.add_key(loader::load_pem_auto(key.pem.reveal().trim().as_bytes(), None).ok()?);
        // The encrypted data is in the response; nothing is fetched, and no password is stretched.
        let context = EncContext { max_pbkdf2_iterations: 0, ..EncContext::new(manager) };
        decrypt_document(&context.with_disable_cipher_reference(true), response).ok()
    })
}
