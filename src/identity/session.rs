//! Sessions: temporary credentials. A session is not stored; its token is the session itself, sealed.

use serde::{Deserialize, Serialize};

use super::packing::{pack, unpack};
use super::{Principal, ServerKey};
use crate::shapes::{AccountId, Tag, TagSet, Timestamp};
use iam_policy::Values;

/// The maximum size of a session token in bytes (IAM User Guide, "IAM and AWS STS quotas").
pub const MAX_TOKEN_SIZE: usize = 4096;

/// The condition key of the sign-in that gave a session's credentials. Sessions of nobody else have it.
pub const SIGN_IN_SESSION_KEY: &str = "aws:SignInSessionArn";

/// The first byte of a sealed session. Older builds sealed sessions without one: those begin with the length of the
/// access key id, 20, or 0 for a session that waits in a delegation request.
const VERSION: u8 = 1;

/// Temporary credentials and all that they carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether the session of a role has assumed the role.
    pub chained: bool,
    /// When a valid MFA code was given, if one was.
    pub mfa: Option<Timestamp>,
    /// The person behind the session, set once along a chain.
    pub source_identity: Option<String>,
    /// The provider of the web identity that assumed the role: `aws:FederatedProvider`.
    pub federated_provider: Option<String>,
    /// What an identity provider, or the service that made the session, said and later requests still carry, by
    /// condition key.
    pub provider_keys: Vec<(String, ProviderValue)>,
    /// The keys of the tags that the next role in a chain inherits.
    pub transitive_tag_keys: Vec<String>,
    /// The policies that narrow it, if it was given any. They travel packed.
    #[serde(skip)]
    pub policies: Option<Vec<SessionPolicy>>,
    /// The session's own tags; they win over the role's or user's. They travel packed.
    #[serde(skip)]
    pub tags: TagSet,
    /// The delegation by which another account acts in the principal's name, packed.
    #[serde(skip)]
    pub delegation: Option<Delegation>,
    /// The policies of `GetScopedCredentials`, in the order of the calls. They travel packed.
    #[serde(skip)]
    pub scoped_policies: Vec<String>,
}

/// A delegation request that was accepted: what limits a session that was made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The account that acts; CloudTrail's `invokedByDelegate`.
    pub delegate: AccountId,
    /// What was delegated.
    pub policy: String,
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

/// The value of a condition key that an identity provider, or a service, gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderValue {
    /// Of a single-valued key.
    One(String),
    /// Of a multivalued key.
    Many(Vec<String>),
}

impl ProviderValue {
    /// The value as conditions see it.
    pub fn values(&self) -> Values<'_> {
        match self {
            Self::One(value) => value.as_str().into(),
            Self::Many(values) => values.iter().map(String::as_str).collect::<Vec<_>>().into(),
        }
    }
}

/// A policy that narrows a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPolicy {
    /// Given with the call.
    Inline(String),
    /// A managed policy, by ARN; what it says is looked up with each request.
    Managed(String),
}

impl SessionPolicy {
    /// The document or the ARN, as it was given.
    pub fn as_given(&self) -> &str {
        match self {
            Self::Inline(text) | Self::Managed(text) => text,
        }
    }
}

impl Session {
    /// Whether a party other than IAM vouches for who acts: an identity provider, or the user that asked for the
    /// session of a federated user.
    pub fn is_federated(&self) -> bool {
        matches!(self.principal, SessionPrincipal::Federated { .. })
            || self.federated_provider.is_some()
            || self.provider_keys.iter().any(|(key, _)| key.starts_with("saml:"))
    }

    /// Whether `aws login` gave the credentials: they are a person's own, who signed in.
    pub fn is_of_sign_in(&self) -> bool {
        self.provider_keys.iter().any(|(key, _)| key == SIGN_IN_SESSION_KEY)
    }

    /// A session with nothing but an end.
    pub fn new(access_key_id: String, account: AccountId, principal: SessionPrincipal, issued: Timestamp) -> Self {
        Self {
            access_key_id,
            account,
            principal,
            issued,
            expires: issued,
            chained: false,
            mfa: None,
            source_identity: None,
            federated_provider: None,
            provider_keys: Vec::new(),
            transitive_tag_keys: Vec::new(),
            policies: None,
            tags: TagSet::default(),
            delegation: None,
            scoped_policies: Vec::new(),
        }
    }

    /// The session's token, of at least `least_size` bytes.
    pub fn token(&self, key: &ServerKey, nonce: [u8; 24], least_size: usize) -> Option<String> {
        let packed = pack(&(self, &self.policies, &self.tags, &self.delegation, &self.scoped_policies))?;
        key.seal([&[VERSION], packed.as_slice()].concat(), nonce, least_size)
    }

    /// The session that a token stands for; `None` for a token that this server's key did not seal.
    pub fn open(token: &str, key: &ServerKey) -> Option<Self> {
        let plain = key.open(token)?;
        match plain.split_first()? {
            (&VERSION, packed) => {
                let (session, policies, tags, delegation, scoped_policies) = unpack(packed)?;
                Some(Self { policies, tags, delegation, scoped_policies, ..session })
            }
            (0 | 20, _) => Self::open_unversioned(&plain),
            _ => None,
        }
    }

    /// The session in a token of a build that had no scoped policies.
    fn open_unversioned(plain: &[u8]) -> Option<Self> {
        let (session, packed): (Self, Vec<u8>) = postcard::from_bytes(plain).ok()?;
        let (policies, tags, delegation) = unpack(&packed)?;
        Some(Self { policies, tags, delegation, ..session })
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

    /// The tags that the next role in a chain inherits.
    pub fn transitive_tags(&self) -> impl Iterator<Item = &Tag> {
        let is_transitive = |tag: &&Tag| self.transitive_tag_keys.iter().any(|key| key.eq_ignore_ascii_case(&tag.key));
        self.tags.iter().filter(is_transitive)
    }

    /// Whether session policies or tags were passed: only then do answers have `PackedPolicySize`.
    pub fn has_policies_or_tags(&self) -> bool {
        self.policies.is_some() || !self.tags.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let account = AccountId::parse("000000000000").unwrap();
        let issued = Timestamp::from_seconds(0);
        let tags = serde_json::json!([{"Key": "Team", "Value": "a"}, {"Key": "Cost", "Value": "b"}]);
        Session {
            expires: Timestamp::from_seconds(3600),
            source_identity: Some("alice".into()),
            policies: Some(vec![SessionPolicy::Inline("{}".into())]),
            tags: serde_json::from_value(tags).unwrap(),
            transitive_tag_keys: vec!["team".into()],
            delegation: Some(Delegation { delegate: account, policy: "{}".into() }),
            scoped_policies: vec!["{}".into(), r#"{"Statement":[]}"#.into()],
            ..Session::new("ASIAQAAAAAAAAAAAAAAA".into(), account, SessionPrincipal::Root, issued)
        }
    }

    #[test]
    fn a_token_is_the_session() {
        let key = ServerKey::new(&[1; 32]);
        for least_size in [0, MAX_TOKEN_SIZE] {
            let token = session().token(&key, [0; 24], least_size).unwrap();
            assert!(token.len() >= least_size);
            assert_eq!(Session::open(&token, &key).unwrap(), session());
            assert!(Session::open(&token, &ServerKey::new(&[2; 32])).is_none());
        }
    }

    #[test]
    fn only_transitive_tags_are_inherited() {
        let session = session();
        let inherited: Vec<_> = session.transitive_tags().map(|tag| tag.value.as_str()).collect();
        assert_eq!(inherited, ["a"]);
    }

    #[test]
    fn tokens_of_older_builds_still_open_and_those_of_newer_ones_do_not() {
        let key = ServerKey::new(&[1; 32]);
        let unversioned = Session { scoped_policies: Vec::new(), ..session() };
        for access_key_id in ["ASIAQAAAAAAAAAAAAAAA", ""] {
            let old = Session { access_key_id: access_key_id.into(), ..unversioned.clone() };
            let packed = pack(&(&old.policies, &old.tags, &old.delegation)).unwrap();
            let sealed = key.seal(postcard::to_stdvec(&(&old, packed)).unwrap(), [0; 24], 0).unwrap();
            assert_eq!(Session::open(&sealed, &key), Some(old));
        }
        let packed = pack(&(session(), (), ())).unwrap();
        let newer = key.seal([&[VERSION + 1], packed.as_slice()].concat(), [0; 24], 0).unwrap();
        assert_eq!(Session::open(&newer, &key), None);
    }
}
