//! SAML 2.0: what identity providers publish, and the assertions that they make.

mod attributes;
mod decrypt;
mod metadata;
mod response;
mod signature;
mod used;
mod xml;

pub use metadata::{Metadata, Signer};
pub use response::{SamlIdentity, verify};
pub use used::UsedAssertions;

/// Whether a text is a private key that decrypts assertions: RSA, PKCS #8 in PEM, without a password.
pub fn is_decryption_key(pem: &str) -> bool {
    let key = bergshamra_keys::loader::load_pem_auto(pem.trim().as_bytes(), None);
    key.is_ok_and(|key| key.data.has_private_key() && key.algorithm_name() == "RSA")
}
