//! What an identity provider says of someone, whatever protocol it says it in.

use crate::error::{Code, Error, Result};
use crate::identity::ProviderValue;
use crate::shapes::{Constraint, SourceIdentity, Tag, TagKey, TagSet, TagValue, constraint_of, is_reserved};

/// The most tags of a session.
const MOST_TAGS: usize = 50;

/// Someone whom a provider vouches for.
#[derive(Debug, Default)]
pub struct Vouched {
    /// The provider as trust policies name it: its ARN, or one of the built-in names.
    pub provider: String,
    /// The condition keys that tell about them.
    pub keys: Vec<(String, ProviderValue)>,
    /// The session tags that the provider gives them.
    pub tags: TagSet,
    /// The keys of those that the next roles inherit.
    pub transitive_tag_keys: Vec<String>,
    /// Who stands behind the session.
    pub source_identity: Option<String>,
}

impl Vouched {
    /// Adds a condition key.
    pub fn key(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.keys.push((name.into(), ProviderValue::One(value.into())));
    }

    /// Adds a session tag.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for what is no tag, and for a key that is there already.
    pub fn tag(&mut self, key: &str, value: &str) -> Result<()> {
        let is_tag = accepts("TagKey", key) && accepts("TagValue", value) && !is_reserved(key);
        if !is_tag || self.tags.get(key).is_some() || self.tags.len() >= MOST_TAGS {
            return Err(invalid(format!("The session tag {key} is not valid")));
        }
        self.tags.set(Tag { key: TagKey::new(key), value: TagValue::new(value) });
        Ok(())
    }

    /// Sets the source identity.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for what can be none.
    pub fn set_source_identity(&mut self, identity: &str) -> Result<()> {
        if !accepts("SourceIdentity", identity) || is_reserved(identity) {
            let message = "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,256} and not begin with \"aws:\"";
            return Err(invalid(message));
        }
        self.source_identity = Some(SourceIdentity::new(identity).into());
        Ok(())
    }
}

/// Whether a text is what a parameter of this shape could be.
pub fn accepts(shape: &str, text: &str) -> bool {
    matches!(constraint_of(shape), Some(Constraint::Text(demand)) if demand.broken_by(text).is_empty())
}

/// `InvalidIdentityToken`.
pub fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidIdentityToken, message)
}

/// `ExpiredTokenException`.
pub fn expired(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::ExpiredTokenException, message)
}
