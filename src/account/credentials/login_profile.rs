//! The passwords of users and of the root user.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::shapes::Timestamp;

/// As many former passwords as a password policy can forbid to use again.
const REMEMBERED: usize = 24;

/// The password of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginProfile {
    /// The password in force; `None` only for a root user whose password is still to be chosen by recovering it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// When the profile was made.
    pub created: Timestamp,
    /// When the password was last changed.
    pub changed: Timestamp,
    /// Whether the user must choose another password at the next sign-in.
    pub reset_required: bool,
    /// The longest AWS Sign-In session in seconds, if it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_signin_session_duration: Option<i32>,
    /// When somebody last signed in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// Former passwords, the newest first, for the reuse rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<PasswordHash>,
}

impl LoginProfile {
    /// A new profile.
    pub fn new(password: Option<PasswordHash>, reset_required: bool, now: Timestamp) -> Self {
        Self {
            password,
            created: now,
            changed: now,
            reset_required,
            max_signin_session_duration: None,
            last_used: None,
            former: Vec::new(),
        }
    }

    /// Puts a password in the place of the present one, which is remembered.
    pub fn change(&mut self, password: PasswordHash, now: Timestamp) {
        if let Some(former) = self.password.replace(password) {
            self.former.insert(0, former);
            self.former.truncate(REMEMBERED);
        }
        self.changed = now;
    }

    /// Whether `password` is among the latest `count` passwords, of which the present one is the first.
    pub fn was_used(&self, password: &str, count: usize) -> bool {
        self.password.iter().chain(&self.former).take(count).any(|hash| hash.is_of(password))
    }
}

/// A password as argon2id keeps it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// OWASP's choice for little memory: 7 MiB, five passes.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(7 * 1024, 5, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl PasswordHash {
    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// Only if the library refuses its parameters, which is a fault of ours.
    pub fn of(password: &str, salt: &[u8; 16]) -> Result<Self> {
        let argon2 = argon2()?;
        let hash = argon2.hash_password_with_salt(password.as_bytes(), salt);
        hash.map(|hash| Self(hash.to_string())).map_err(|error| Error::internal(error.to_string()))
    }

    /// What differs from password to password, and from one setting of the same password to the next. It says nothing of
    /// the password.
    pub fn revision(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// Whether `password` is the one.
    pub fn is_of(&self, password: &str) -> bool {
        let Ok(hash) = phc::PasswordHash::new(&self.0) else { return false };
        argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_fits_its_hash() {
        let hash = PasswordHash::of("hunter2", &[7; 16]).unwrap();
        assert!(hash.is_of("hunter2"));
        assert!(!hash.is_of("hunter3"));
        assert!(!format!("{hash:?}").contains("argon2"));
    }

    #[test]
    fn the_latest_passwords_are_remembered() {
        let hash = |password: &str| PasswordHash::of(password, &[7; 16]).unwrap();
        let mut profile = LoginProfile::new(Some(hash("first")), true, Timestamp::from_seconds(0));
        profile.change(hash("second"), Timestamp::from_seconds(9));
        assert_eq!((profile.created.seconds(), profile.changed.seconds()), (0, 9));
        assert!(profile.was_used("second", 1));
        assert!(!profile.was_used("first", 1));
        assert!(profile.was_used("first", 2));
        assert!(!profile.was_used("third", 24));
    }
}
