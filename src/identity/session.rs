//! Sessions: temporary credentials. A session is not stored; its token is the session itself, sealed.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::{Principal, ServerKey};
use crate::shapes::{AccountId, TagSet, Timestamp};

/// The size, in bytes, that session policies and tags may have when packed.
const PACKED_SIZE_LIMIT: usize = 2048;

/// Temporary credentials and all that they carry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The `ASIA…` key id that goes with the token.
    pub access_key_id: String,
    /// The account of the principal.
    pub account: AccountId,
    /// Whose session it is.
    pub principal: SessionPrincipal,
    /// When it was issued: `aws:TokenIssueTime`.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When a valid MFA code was given, if one was.
    pub mfa: Option<Timestamp>,
    /// The policies that narrow it, if it was given any.
    pub policies: Option<Vec<SessionPolicy>>,
    /// The session's own tags; they win over the role's or user's.
    pub tags: TagSet,
    /// The keys of the tags that the next role in a chain inherits.
    pub transitive_tag_keys: Vec<String>,
    /// Who stands behind the session, set once along a chain.
    pub source_identity: Option<String>,
}

/// Whose session it is, and by which call it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPrincipal {
    /// `AssumeRole`: the role, by key and unique id, and the session's name.
    Role {
        /// The role's key.
        key: String,
        /// The role's unique id.
        id: String,
        /// The role's name in its own spelling, for the session's ARN.
        name: String,
        /// The session's name.
        session: String,
    },
    /// `GetSessionToken` of a user.
    User {
        /// The user's key.
        key: String,
        /// The user's unique id.
        id: String,
    },
    /// `GetSessionToken` of the root user.
    Root,
    /// `GetFederationToken`: the federated user's name, and the user that asked for it, or the root user.
    Federated {
        /// The federated user's name.
        name: String,
        /// Key and unique id of the user that asked.
        issuer: Option<(String, String)>,
    },
}

/// A policy that narrows a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPolicy {
    /// Given with the call.
    Inline(String),
    /// A managed policy, by ARN; what it says is looked up with each request.
    Managed(String),
}

impl Session {
    /// The session's token.
    pub fn token(&self, key: &ServerKey, nonce: [u8; 24]) -> Option<String> {
        key.seal(&postcard::to_stdvec(self).ok()?, nonce)
    }

    /// The session that a token stands for; `None` for a token that this server's key did not seal.
    pub fn open(token: &str, key: &ServerKey) -> Option<Self> {
        postcard::from_bytes(&key.open(token)?).ok()
    }

    /// The principal that acts through the session.
    pub fn acting(&self) -> Principal {
        match &self.principal {
            SessionPrincipal::Role { key, id, name, session } => Principal::RoleSession {
                key: key.clone(),
                id: id.clone(),
                name: name.clone(),
                session: session.clone(),
            },
            SessionPrincipal::User { key, id } => Principal::User { key: key.clone(), id: id.clone() },
            SessionPrincipal::Root => Principal::Root,
            SessionPrincipal::Federated { name, issuer } => {
                Principal::FederatedUser { name: name.clone(), issuer: issuer.clone() }
            }
        }
    }

    /// The percentage of the allowed size that session policies and tags take when packed; `None` without any.
    /// AWS does not publish its packing; ours is deflate.
    pub fn packed_policy_size(&self) -> Option<usize> {
        if self.policies.is_none() && self.tags.is_empty() {
            return None;
        }
        let plain = postcard::to_stdvec(&(&self.policies, &self.tags)).ok()?;
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&plain).ok()?;
        let packed = packer.finish().ok()?;
        Some((packed.len() * 100).div_ceil(PACKED_SIZE_LIMIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn session() -> Session {
        Session {
            access_key_id: "ASIAQAAAAAAAAAAAAAAA".into(),
            account: AccountId::parse("000000000000").unwrap(),
            principal: SessionPrincipal::Root,
            issued: Timestamp::from_seconds(0),
            expires: Timestamp::from_seconds(3600),
            mfa: None,
            policies: None,
            tags: TagSet::default(),
            transitive_tag_keys: vec![],
            source_identity: Some("alice".into()),
        }
    }

    #[test]
    fn a_token_is_the_session() {
        let key = ServerKey::new(&[1; 32]);
        let token = session().token(&key, [0; 24]).unwrap();
        let opened = Session::open(&token, &key).unwrap();
        assert_eq!(opened.source_identity.as_deref(), Some("alice"));
        assert_eq!(opened.expires.seconds(), 3600);
        assert!(Session::open(&token, &ServerKey::new(&[2; 32])).is_none());
    }

    #[test]
    fn only_policies_and_tags_take_packed_space() {
        assert_eq!(session().packed_policy_size(), None);
        let narrowed = Session { policies: Some(vec![SessionPolicy::Inline("x".repeat(100))]), ..session() };
        assert!(narrowed.packed_policy_size().unwrap() <= 2);
    }
}
