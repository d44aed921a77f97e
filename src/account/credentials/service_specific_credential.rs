//! Credentials of a user for one service only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::shapes::{AccountId, Ids, Secret, Status, Timestamp};

/// The services that have credentials of their own, and the prefix of the API keys of those that use API keys.
const SERVICES: &[(&str, Option<&str>)] = &[
    ("bedrock.amazonaws.com", Some("ABSK")),
    ("cassandra.amazonaws.com", None),
    ("codecommit.amazonaws.com", None),
    ("logs.amazonaws.com", Some("ACWL")),
];

/// A user name and password, or an API key, for one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceSpecificCredential {
    /// `ACCA…`.
    pub id: String,
    /// The service, such as `codecommit.amazonaws.com`.
    pub service: String,
    /// The name to sign in with; for an API key, its public part.
    pub name: String,
    /// The SHA-256 of the password or API key, which is shown only once. Both are random and long enough for that.
    secret: Secret,
    /// Whether its owner wants it to be usable.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// Whether a service has credentials of its own.
pub fn has_own_credentials(service: &str) -> bool {
    SERVICES.iter().any(|(name, _)| *name == service)
}

/// What an API key of a service begins with; `None` for services that use passwords.
fn api_key_prefix(service: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(name, _)| *name == service).and_then(|(_, prefix)| *prefix)
}

/// Whether a service's credentials are API keys, which can expire.
pub fn uses_api_keys(service: &str) -> bool {
    api_key_prefix(service).is_some()
}

impl ServiceSpecificCredential {
    /// A new credential, and its secret.
    pub fn new(ids: &Ids<'_>, id: String, service: String, name: String, created: Timestamp) -> (Self, Secret) {
        let mut credential = Self { id, service, name, secret: Secret::new(""), active: true, created, expires: None };
        let secret = credential.reset(ids);
        (credential, secret)
    }

    /// Gives the credential a new secret.
    pub fn reset(&mut self, ids: &Ids<'_>) -> Secret {
        let random = ids.service_password();
        let secret = match api_key_prefix(&self.service) {
            None => random,
            Some(prefix) => {
                let key = STANDARD.encode(format!("{}:{}", self.name, random.reveal()));
                Secret::new(format!("{prefix}{key}"))
            }
        };
        self.secret = digest(&secret);
        secret
    }

    /// Whether `secret` is the credential's.
    pub fn is_of(&self, secret: &Secret) -> bool {
        self.secret == digest(secret)
    }

    /// Whether it can be used.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.expires {
            Some(expires) if expires <= now => Status::Expired,
            _ => Status::of(self.active),
        }
    }
}

fn digest(secret: &Secret) -> Secret {
    Secret::new(HEXLOWER.encode(&Sha256::digest(secret.reveal())))
}

/// The name of a user's credential for a service: `Bob-at-123456789012`, then `Bob+1-at-123456789012`, and so on.
pub fn service_user_name(user: &str, account: AccountId, taken: &[&str]) -> String {
    let mut name = format!("{user}-at-{account}");
    let mut number = 0_u32;
    while taken.contains(&name.as_str()) {
        number += 1;
        name = format!("{user}+{number}-at-{account}");
    }
    name
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn credential(service: &str, ids: &Ids<'_>) -> (ServiceSpecificCredential, Secret) {
        let created = Timestamp::from_seconds(0);
        ServiceSpecificCredential::new(ids, "ACCA".into(), service.into(), "Bob-at-0".into(), created)
    }

    #[test]
    fn only_the_latest_secret_fits() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let ids = Ids::new(&mut random);
        let (mut credential, first) = credential("codecommit.amazonaws.com", &ids);
        assert_eq!(first.reveal().len(), 44);
        assert!(credential.is_of(&first));
        let second = credential.reset(&ids);
        assert!(credential.is_of(&second) && !credential.is_of(&first));
        assert!(!format!("{credential:?}").contains(second.reveal()));
    }

    #[test]
    fn api_keys_carry_their_name() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let (_, secret) = credential("bedrock.amazonaws.com", &Ids::new(&mut random));
        let key = STANDARD.decode(secret.reveal().strip_prefix("ABSK").unwrap()).unwrap();
        assert!(key.starts_with(b"Bob-at-0:"));
    }

    #[test]
    fn names_are_numbered() {
        let account = AccountId::parse("123456789012").unwrap();
        assert_eq!(service_user_name("Bob", account, &[]), "Bob-at-123456789012");
        assert_eq!(service_user_name("Bob", account, &["Bob-at-123456789012"]), "Bob+1-at-123456789012");
    }
}
