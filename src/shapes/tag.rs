//! Tags: up to fifty on an entity.

use serde::{Deserialize, Serialize};

use super::{Kind, Pattern, Text, lists, texts};
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
    /// Kept in the case it was given in.
    pub key: TagKey,
    /// May be empty.
    pub value: TagValue,
}

/// The tags of an entity or a session, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagSet(Vec<Tag>);

impl Tags {
    /// The tags as the answer to a creation shows them: in the order of the request, nothing when there are none.
    pub fn shape(tags: Option<&Self>) -> Option<Vec<Tag>> {
        tags.filter(|tags| !tags.is_empty()).map(|tags| tags.to_vec())
    }
}

impl TagSet {
    /// The tags that a new entity of this kind is given.
    ///
    /// # Errors
    /// `InvalidInput` for keys given twice and for reserved keys.
    pub fn from_request(kind: Kind, tags: Option<Tags>) -> Result<Self> {
        let mut set = Self::default();
        set.merge(kind, tags.unwrap_or_default())?;
        Ok(set)
    }

    /// Adds tags to those of an entity of this kind; a key that is there already takes the new spelling and value.
    ///
    /// # Errors
    /// `InvalidInput` for keys given twice and for reserved keys, `LimitExceeded` beyond fifty tags.
    pub fn merge(&mut self, kind: Kind, tags: Tags) -> Result<()> {
        let tags = tags.into_inner();
        for (index, tag) in tags.iter().enumerate() {
            if tags.iter().take(index).any(|earlier| is_same(kind, &earlier.key, &tag.key)) {
                return Err(duplicate(kind));
            }
            if is_reserved(&tag.key) {
                let message = "Tag keys starting with 'aws:' are reserved for system use";
                return Err(Error::new(Code::InvalidInput, message));
            }
        }
        for tag in tags {
            self.0.retain(|old| !is_same(kind, &old.key, &tag.key));
            self.insert(tag);
        }
        if self.0.len() > TAGS_PER_ENTITY {
            return Err(Error::new(Code::LimitExceeded, "The number of tags has reached the maximum limit."));
        }
        Ok(())
    }

    /// Sets one tag of a principal.
    pub fn set(&mut self, tag: Tag) {
        self.0.retain(|old| !old.key.eq_ignore_ascii_case(&tag.key));
        self.insert(tag);
    }

    fn insert(&mut self, tag: Tag) {
        let place = self.0.partition_point(|old| *old.key < *tag.key);
        self.0.insert(place, tag);
    }

    /// Takes away tags of an entity of this kind; keys that are not there are ignored.
    pub fn remove(&mut self, kind: Kind, keys: &[TagKey]) {
        self.0.retain(|tag| !keys.iter().any(|key| is_same(kind, key, &tag.key)));
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|tag| tag.key.eq_ignore_ascii_case(key)).map(|tag| tag.value.as_str())
    }

    /// Keys and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
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

/// Tags as conditions see them. Condition keys ignore case while the tag keys of most resources do not, so of several
/// spellings of a key a condition sees one only. A request is decided once for each spelling: none may satisfy a
/// condition in another one's place.
pub struct SpelledTags<'t> {
    /// Key, value, and which spelling of its key it is.
    tags: Vec<(&'t str, &'t str, usize)>,
}

impl<'t> SpelledTags<'t> {
    /// Tags in the order in which conditions are to see their spellings.
    pub fn new(pairs: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let mut tags: Vec<(&str, &str, usize)> = Vec::new();
        for (key, value) in pairs {
            let spelling = tags.iter().filter(|(other, ..)| other.eq_ignore_ascii_case(key)).count();
            tags.push((key, value, spelling));
        }
        Self { tags }
    }

    /// How often a request with these tags is to be decided.
    pub fn rounds(&self) -> usize {
        self.tags.iter().map(|(.., spelling)| spelling + 1).max().unwrap_or(1)
    }

    /// Key and value of each tag that conditions see in a round: of a key with fewer spellings the last.
    pub fn round(&self, round: usize) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.tags
            .iter()
            .filter(move |(key, _, spelling)| {
                let is_next =
                    |(other, _, next): &&(&str, &str, usize)| *next == spelling + 1 && other.eq_ignore_ascii_case(key);
                *spelling == round || (*spelling < round && !self.tags.iter().any(|tag| is_next(&tag)))
            })
            .map(|(key, value, _)| (*key, *value))
    }
}

/// The keys of users and roles, whose tags become those of sessions, ignore case; the keys of other resources do not
/// (IAM User Guide, "Tags for AWS Identity and Access Management resources").
fn ignores_case(kind: Kind) -> bool {
    matches!(kind, Kind::User | Kind::Role)
}

fn is_same(kind: Kind, one: &str, other: &str) -> bool {
    one == other || (ignores_case(kind) && one.eq_ignore_ascii_case(other))
}

fn duplicate(kind: Kind) -> Error {
    let rule = if ignores_case(kind) { " Please note that Tag keys are case insensitive." } else { "" };
    Error::new(Code::InvalidInput, format!("Duplicate tag keys found.{rule}"))
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
    fn a_key_in_another_case_replaces_on_principals_only() {
        for (kind, count) in [(Kind::User, 2), (Kind::Role, 2), (Kind::Policy, 3), (Kind::InstanceProfile, 3)] {
            let mut set = TagSet::from_request(kind, Some(tags(&[("Dept", "a"), ("cost", "1")]))).unwrap();
            set.merge(kind, tags(&[("dept", "b")])).unwrap();
            assert_eq!(set.len(), count, "{kind:?}");
            assert_eq!(set.last().map(|tag| (&*tag.key, &*tag.value)), Some(("dept", "b")));
            set.remove(kind, &[TagKey::new("DEPT")]);
            assert_eq!(set.len(), if count == 2 { 1 } else { 3 }, "{kind:?}");
        }
    }

    #[test]
    fn each_spelling_of_a_key_has_its_round() {
        let pairs = [("Team", "a"), ("Cost", "1"), ("team", "b"), ("TEAM", "c"), ("cost", "2")];
        let tags = SpelledTags::new(pairs.into_iter());
        let rounds: Vec<Vec<_>> = (0..tags.rounds()).map(|round| tags.round(round).collect()).collect();
        assert_eq!(
            rounds,
            [
                vec![("Team", "a"), ("Cost", "1")],
                vec![("team", "b"), ("cost", "2")],
                vec![("TEAM", "c"), ("cost", "2")]
            ]
        );
        assert_eq!(SpelledTags::new(std::iter::empty()).rounds(), 1);
    }

    #[test]
    fn duplicates_and_reserved_keys_are_refused() {
        let refused = |kind, pairs: &[(&str, &str)]| {
            TagSet::from_request(kind, Some(tags(pairs))).map_err(|error| error.to_string())
        };
        let duplicate = "InvalidInput: Duplicate tag keys found.";
        let note = "Please note that Tag keys are case insensitive.";
        assert_eq!(refused(Kind::User, &[("a", "1"), ("A", "2")]), Err(format!("{duplicate} {note}")));
        assert_eq!(refused(Kind::Policy, &[("a", "1"), ("a", "2")]), Err(duplicate.to_owned()));
        assert!(refused(Kind::Policy, &[("a", "1"), ("A", "2")]).is_ok());
        for key in ["aws:x", "AWS:x"] {
            assert!(refused(Kind::Policy, &[(key, "1")]).unwrap_err().contains("reserved"));
        }
    }
}
