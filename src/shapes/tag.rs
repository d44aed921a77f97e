//! Tags: up to fifty on an entity, keys compared without regard to case.

use serde::{Deserialize, Serialize};

use super::{Pattern, Text, lists, texts};
use crate::error::{Code, Error, Result};

static KEY: Pattern = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+");
static VALUE: Pattern = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");

texts! {
    /// The key of a tag (`tagKeyType`).
    TagKey = Text::length(1, 128).matching(&KEY);
    /// The value of a tag (`tagValueType`).
    TagValue = Text::length(0, 256).matching(&VALUE);
}

lists! {
    /// The tags of a request (`tagListType`).
    Tags = [Tag; 0..=50];
    /// The keys of the tags to take away (`tagKeyListType`).
    TagKeys = [TagKey; 0..=50];
}

/// The most tags that one entity can carry.
pub const TAGS_PER_ENTITY: usize = 50;

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Kept in the case it was given in, compared without.
    pub key: TagKey,
    /// May be empty.
    pub value: TagValue,
}

/// The tags of an entity or a session, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagSet(Vec<Tag>);

impl TagSet {
    /// The tags that a new entity is given.
    ///
    /// # Errors
    /// `InvalidInput` for keys given twice and for reserved keys.
    pub fn from_request(tags: Option<Tags>) -> Result<Self> {
        let mut set = Self::default();
        set.merge(tags.unwrap_or_default())?;
        Ok(set)
    }

    /// Adds tags; a key that is there already, in whatever case, takes the new spelling and value.
    ///
    /// # Errors
    /// `InvalidInput` for keys given twice and for reserved keys, `LimitExceeded` beyond fifty tags.
    pub fn merge(&mut self, tags: Tags) -> Result<()> {
        let tags = tags.into_inner();
        for (index, tag) in tags.iter().enumerate() {
            if tags.iter().take(index).any(|earlier| earlier.key.eq_ignore_ascii_case(&tag.key)) {
                return Err(Error::new(
                    Code::InvalidInput,
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            if is_reserved(&tag.key) {
                let message = "Tag keys starting with 'aws:' are reserved for system use";
                return Err(Error::new(Code::InvalidInput, message));
            }
        }
        for tag in tags {
            self.set(tag);
        }
        if self.0.len() > TAGS_PER_ENTITY {
            return Err(Error::new(Code::LimitExceeded, "The number of tags has reached the maximum limit."));
        }
        Ok(())
    }

    /// Sets one tag.
    pub fn set(&mut self, tag: Tag) {
        self.0.retain(|old| !old.key.eq_ignore_ascii_case(&tag.key));
        let place = self.0.partition_point(|old| *old.key < *tag.key);
        self.0.insert(place, tag);
    }

    /// Takes away the tags with these keys; keys that are not there are ignored.
    pub fn remove(&mut self, keys: &[TagKey]) {
        self.0.retain(|tag| !keys.iter().any(|key| key.eq_ignore_ascii_case(&tag.key)));
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|tag| tag.key.eq_ignore_ascii_case(key)).map(|tag| tag.value.as_str())
    }

    /// The tags as an answer shows them: nothing when there are none.
    pub fn shape(&self) -> Option<Vec<Tag>> {
        (!self.0.is_empty()).then(|| self.0.clone())
    }
}

impl std::ops::Deref for TagSet {
    type Target = [Tag];
    fn deref(&self) -> &[Tag] {
        &self.0
    }
}

/// Keys that begin with `aws:` are AWS's own.
pub fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let json: Vec<_> = pairs.iter().map(|(k, v)| serde_json::json!({"Key": k, "Value": v})).collect();
        serde_json::from_value(json.into()).unwrap()
    }

    #[test]
    fn a_key_in_another_case_replaces() {
        let mut set = TagSet::from_request(Some(tags(&[("Dept", "a"), ("cost", "1")]))).unwrap();
        set.merge(tags(&[("dept", "b")])).unwrap();
        assert_eq!(set.len(), 2);
        assert_eq!(set.get("DEPT"), Some("b"));
        assert_eq!(set[1].key.as_str(), "dept");
    }

    #[test]
    fn duplicates_and_reserved_keys_are_refused() {
        for pairs in [&[("a", "1"), ("A", "2")][..], &[("aws:x", "1")][..], &[("AWS:x", "1")][..]] {
            assert_eq!(TagSet::from_request(Some(tags(pairs))).unwrap_err().code(), Code::InvalidInput);
        }
    }
}
