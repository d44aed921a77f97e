//! The tags of a session: those passed, and those inherited along a chain of roles.

use crate::error::{Code, Error, Result};
use crate::identity::Session;
use crate::shapes::{Kind, TagKeys, TagSet, Tags};

/// The tags of a new session.
#[derive(Debug, Default)]
pub struct SessionTags {
    /// All of them.
    pub tags: TagSet,
    /// The keys of those that the next role in a chain inherits.
    pub transitive_keys: Vec<String>,
}

impl SessionTags {
    /// The tags that a request passes.
    ///
    /// # Errors
    /// `InvalidParameterValue` for keys given twice and reserved keys, and for a transitive key without a tag.
    pub fn passed(tags: Option<Tags>, transitive: Option<TagKeys>) -> Result<Self> {
        let tags = TagSet::from_request(Kind::Role, tags)
            .map_err(|error| invalid(error.message().unwrap_or_default().to_owned()))?;
        let transitive = transitive.unwrap_or_default();
        if transitive.iter().any(|key| tags.get(key).is_none()) {
            return Err(invalid("The specified transitive tag key must be included in the requested tags."));
        }
        Ok(Self { tags, transitive_keys: transitive.into_inner().into_iter().map(String::from).collect() })
    }

    /// Adds what the session of the caller hands down, which stays transitive (IAM User Guide, "Chaining roles with
    /// session tags").
    ///
    /// # Errors
    /// `InvalidParameterValue` when the request passes a tag that is inherited.
    pub fn inherit(mut self, from: Option<&Session>) -> Result<Self> {
        for tag in from.into_iter().flat_map(Session::transitive_tags) {
            if self.tags.get(&tag.key).is_some() {
                return Err(invalid(
                    "One of the specified transitive tag keys can't be set because it conflicts with a transitive \
                     tag key from the calling session.",
                ));
            }
            self.tags.set(tag.clone());
            self.transitive_keys.push(tag.key.to_string());
        }
        Ok(self)
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidParameterValue, message)
}
