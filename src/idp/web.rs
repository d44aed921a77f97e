//! An OpenID Connect provider: its key, and the tokens that it signs.

use serde_json::{Value, json};

use super::Failure;
use crate::keys::SigningKey;

/// An issuer with a key of its own.
pub struct WebIssuer {
    url: String,
    key: SigningKey,
}

impl WebIssuer {
    /// An issuer of this URL with this key.
    pub fn new(url: &str, key: SigningKey) -> Self {
        Self { url: url.to_owned(), key }
    }

    /// The discovery document.
    pub fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks", self.url),
            "authorization_endpoint": format!("{}/authorize", self.url),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.key.public().alg],
        })
    }

    /// The key set.
    pub fn keys(&self) -> Value {
        json!({"keys": [self.key.public()]})
    }

    /// A token of this issuer that claims this.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn token(&self, claims: Value) -> Result<String, Failure> {
        let mut all = json!({"iss": self.url});
        if let (Some(all), Value::Object(claims)) = (all.as_object_mut(), claims) {
            all.extend(claims);
        }
        Ok(self.key.sign(&all)?)
    }
}
