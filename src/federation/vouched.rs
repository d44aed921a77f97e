//! What an identity provider says of someone, whatever protocol it says it in.

use crate::error::{Code, Error, Result};
use crate::identity::ProviderValue;
use crate::shapes::{Constraint, SourceIdentity, Tag, TagKey, TagSet, TagValue, constraint_of, is_reserved};

/// The most tags of a session.
const MAX_TAGS: usize = 50;

/// Someone whom a provider vouches for.
#[derive(Debug, Default)]
pub struct Vouched {
    /// The provider as trust policies name it: its ARN, or one of the built-in names.
    pub provider: String,
    /// The condition keys about them.
    pub keys: ProviderKeys,
    /// The session tags that the provider gives them.
    pub tags: TagSet,
    /// The keys of those that the next roles inherit.
    pub transitive_tag_keys: Vec<String>,
    /// The source identity of the session.
    pub source_identity: Option<String>,
}

impl Vouched {
    /// Adds a single-valued condition key, if it is not there yet.
    pub fn key(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.keys.add(name.into(), ProviderValue::One(value.into()));
    }

    /// Adds a session tag.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for keys and values that tags cannot have, and for a key that is there already, in
    /// regardless of case.
    pub fn tag(&mut self, key: &str, value: &str) -> Result<()> {
        let is_tag = accepts("TagKey", key) && accepts("TagValue", value) && !is_reserved(key);
        if !is_tag || self.tags.get(key).is_some() || self.tags.len() >= MAX_TAGS {
            return Err(invalid(format!("The session tag {key} is not valid")));
        }
        self.tags.set(Tag { key: TagKey::new(key), value: TagValue::new(value) });
        Ok(())
    }

    /// Sets the keys of the tags that the next roles inherit, once all tags are there.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for a key without a tag.
    pub fn set_transitive_tag_keys(&mut self, keys: Vec<String>) -> Result<()> {
        if let Some(key) = keys.iter().find(|key| self.tags.get(key).is_none()) {
            return Err(invalid(format!("The transitive tag key {key} is not among the session tags")));
        }
        self.transitive_tag_keys = keys;
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

/// Condition keys with the values that a provider gives them. Conditions ignore the case of keys, so a key that is
/// there is never replaced: a value that was verified cannot be overridden by another spelling.
#[derive(Debug, Default)]
pub struct ProviderKeys(Vec<(String, ProviderValue)>);

impl ProviderKeys {
    /// Adds a key, and returns whether it was not there yet.
    pub fn add(&mut self, name: String, value: ProviderValue) -> bool {
        let is_new = self.get(&name).is_none();
        if is_new {
            self.0.push((name, value));
        }
        is_new
    }

    /// The value of a key, regardless of case.
    pub fn get(&self, name: &str) -> Option<&ProviderValue> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The keys in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ProviderValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl IntoIterator for ProviderKeys {
    type Item = (String, ProviderValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_replaced() {
        let mut vouched = Vouched::default();
        vouched.key("idp.example.com:sub", "good");
        vouched.key("IDP.example.com:SUB", "bad");
        assert!(!vouched.keys.add("idp.example.com:Sub".to_owned(), ProviderValue::Many(vec!["bad".to_owned()])));
        let good = ProviderValue::One("good".to_owned());
        assert_eq!(vouched.keys.into_iter().collect::<Vec<_>>(), [("idp.example.com:sub".to_owned(), good)]);
    }

    #[test]
    fn a_tag_is_given_once_and_transitive_keys_have_tags() {
        let mut vouched = Vouched::default();
        vouched.tag("Team", "a").unwrap();
        assert!(vouched.tag("team", "b").is_err());
        assert!(vouched.set_transitive_tag_keys(vec!["TEAM".to_owned(), "Cost".to_owned()]).is_err());
        vouched.set_transitive_tag_keys(vec!["TEAM".to_owned()]).unwrap();
    }
}
