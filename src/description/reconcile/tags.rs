//! Tags.

use serde_json::{Value, json};

use super::session::{Done, Session};
use crate::account::Taggable;
use crate::markup::{Named, Place};
use crate::shapes::{Tag, TagKey, TagValue, is_reserved};

/// How the operations on the tags of a kind are called.
pub(super) struct TagFamily {
    pub tag: &'static str,
    pub untag: &'static str,
    /// The parameter that names the entity.
    pub parameter: &'static str,
}

impl Session<'_> {
    /// Gives an entity exactly these tags. `designation` is its name or ARN, as the operations want it.
    pub(super) fn tags<T: Taggable>(
        &mut self,
        family: &TagFamily,
        place: Place,
        (name, designation): (&str, &str),
        wanted: Option<&Named<String>>,
        from_aws: bool,
    ) -> Done {
        let Some(Named(wanted)) = wanted else { return Ok(()) };
        let Some(entity) = self.account.get::<T>(name) else { return Ok(()) };
        let before: Vec<(String, String)> = entity
            .tags()
            .map(|tags| tags.pairs().map(|(key, value)| (key.into(), value.into())).collect())
            .unwrap_or_default();
        let has = |key: &str, value: &str| before.iter().any(|(k, v)| k == key && v == value);
        let new: Vec<_> = wanted.iter().filter(|(key, value)| !has(key, value)).collect();
        let gone: Vec<&str> = before
            .iter()
            .map(|(key, _)| key.as_str())
            .filter(|key| !wanted.iter().any(|(wanted, _)| wanted.value == *key))
            .collect();
        if !gone.is_empty() {
            self.call(place, family.untag, with(family.parameter, designation, "TagKeys", json!(gone)))?;
            self.changed(format!("without tags {}", gone.join(", ")));
        }
        // AWS's own tags are part of an account that is copied, and no client can set them.
        let (own, reserved): (Vec<_>, Vec<_>) = new.into_iter().partition(|(key, _)| !from_aws || !is_reserved(key));
        for (key, value) in reserved {
            let tag = Tag { key: TagKey::new(key.value.as_str()), value: TagValue::new(value.as_str()) };
            self.run(key.place, |cx| {
                cx.account.update::<T, _>(name, |entity| {
                    entity.tags_mut().set(tag);
                    Ok(())
                })
            })?;
        }
        for (key, value) in own {
            let tags = json!([{"Key": key.value, "Value": value}]);
            self.call(key.place, family.tag, with(family.parameter, designation, "Tags", tags))?;
            self.changed(format!("tag {}", key.value));
        }
        Ok(())
    }
}

/// Parameters of two members.
fn with(name: &str, designation: &str, other: &str, value: Value) -> Value {
    let mut parameters = json!({name: designation});
    if let Some(members) = parameters.as_object_mut() {
        members.insert(other.to_owned(), value);
    }
    parameters
}
