//! What a user, or the root user, signs in and signs requests with.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use super::Reference;
use crate::error::{Error, Result};
use crate::shapes::{Secret, Timestamp};

/// The credentials of a user or of the root user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credentials {
    /// Access keys in the order of their creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_keys: Vec<AccessKey>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_profile: Option<LoginProfile>,
}

impl Credentials {
    /// Refuses the deletion of a user that still has credentials.
    ///
    /// # Errors
    /// `DeleteConflict`.
    pub fn must_be_gone(&self) -> Result<()> {
        if self.login_profile.is_some() {
            return Err(Error::delete_first("delete login profile"));
        }
        if !self.access_keys.is_empty() {
            return Err(Error::delete_first("delete access keys"));
        }
        Ok(())
    }

    /// What can be looked up by its id.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        self.access_keys.iter().map(|key| Reference::AccessKey(key.id.clone()))
    }
}

/// A long-term access key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// What requests are signed with.
    pub secret: Secret,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// The password of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginProfile {
    /// The password in force.
    pub password: PasswordHash,
    /// When the profile was made.
    pub created: Timestamp,
    /// When the password was last changed.
    pub changed: Timestamp,
    /// Whether the user must choose another password at the next sign-in.
    pub reset_required: bool,
    /// Former passwords, the newest first, for the reuse rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<PasswordHash>,
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
        let hash = argon2()?.hash_password_with_salt(password.as_bytes(), salt);
        hash.map(|hash| Self(hash.to_string())).map_err(|error| Error::internal(error.to_string()))
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
}
