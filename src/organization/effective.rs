//! Management policies: what several of them mean together for one account (Organizations User Guide, "Understanding
//! management policy inheritance").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub(super) const ASSIGN: &str = "@@assign";
pub(super) const APPEND: &str = "@@append";
pub(super) const REMOVE: &str = "@@remove";
pub(super) const ALLOWED: &str = "@@operators_allowed_for_child_policies";

/// The documents of an account, level by level from the root, each level in the order of attachment, as one document of
/// plain values. `None` if there is nothing in it.
pub fn merge<'d>(levels: impl IntoIterator<Item = Vec<&'d Value>>) -> Option<Value> {
    let mut root = Setting::default();
    for (level, documents) in levels.into_iter().enumerate() {
        for document in documents.into_iter().filter_map(Value::as_object) {
            root.apply(document, level, &Operators::All);
        }
        root.settle();
    }
    root.into_value()
}

/// The operators that policies further down may use.
#[derive(Clone, Debug)]
enum Operators {
    All,
    These(BTreeSet<String>),
}

impl Operators {
    fn read(value: &Value) -> Self {
        let names = value.as_array().map_or_else(|| vec![value], |names| names.iter().collect());
        let names: BTreeSet<String> = names.into_iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if names.contains("@@all") { Self::All } else { Self::These(names) }
    }

    /// What of these is allowed above, too.
    fn within(self, above: &Self) -> Self {
        match (self, above) {
            (own, Self::All) => own,
            (Self::All, above) => above.clone(),
            (Self::These(own), Self::These(above)) => Self::These(own.intersection(above).cloned().collect()),
        }
    }

    fn allow(&self, operator: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(operator),
        }
    }
}

/// A key of the documents, with what the levels so far have made of it.
#[derive(Default)]
struct Setting {
    value: Option<Value>,
    /// The level of the latest assignment: the policy that was attached first decides among those of one level.
    assigned: Option<usize>,
    /// What the levels above allow.
    allowed: Option<Operators>,
    /// What this level allows those below.
    allowed_below: Option<Operators>,
    children: BTreeMap<String, Setting>,
}

impl Setting {
    fn apply(&mut self, document: &Map<String, Value>, level: usize, inherited: &Operators) {
        let allowed = self.allowed.clone().unwrap_or_else(|| inherited.clone());
        for (key, value) in document {
            match key.as_str() {
                ASSIGN if allowed.allow(ASSIGN) && self.assigned != Some(level) => {
                    self.value = Some(value.clone());
                    self.assigned = Some(level);
                }
                APPEND if allowed.allow(APPEND) => self.append(value),
                REMOVE if allowed.allow(REMOVE) => self.take_away(value),
                ALLOWED if self.allowed_below.is_none() => {
                    self.allowed_below = Some(Operators::read(value).within(&allowed));
                }
                ASSIGN | APPEND | REMOVE | ALLOWED => {}
                _ => {
                    if let Some(below) = value.as_object() {
                        self.child(key).apply(below, level, &allowed);
                    }
                }
            }
        }
    }

    fn child(&mut self, key: &str) -> &mut Self {
        self.children.entry(key.to_owned()).or_default()
    }

    fn append(&mut self, more: &Value) {
        let mut values = as_list(self.value.take());
        for value in as_list(Some(more.clone())) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        self.value = Some(Value::Array(values));
    }

    fn take_away(&mut self, gone: &Value) {
        let gone = as_list(Some(gone.clone()));
        let Some(value) = self.value.take() else { return };
        let mut values = as_list(Some(value));
        values.retain(|value| !gone.contains(value));
        self.value = Some(Value::Array(values));
    }

    /// Ends a level: what it allows counts for the next ones, as far as those above allow that.
    fn settle(&mut self) {
        if let Some(below) = self.allowed_below.take() {
            self.allowed = Some(below);
        }
        self.children.values_mut().for_each(Self::settle);
    }

    fn into_value(self) -> Option<Value> {
        let children = self.children.into_iter().filter_map(|(key, child)| Some((key, child.into_value()?)));
        let children: Map<String, Value> = children.collect();
        match self.value {
            Some(value) if children.is_empty() => Some(value),
            _ => (!children.is_empty()).then_some(Value::Object(children)),
        }
    }
}

fn as_list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(values)) => values,
        value => value.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(levels: &[&[Value]]) -> Value {
        merge(levels.iter().map(|level| level.iter().collect())).unwrap_or_default()
    }

    fn values(operator: &str, values: &[&str]) -> Value {
        json!({"tags": {"stage": {"tag_value": {operator: values}}}})
    }

    #[test]
    fn assigning_replaces_appending_adds_removing_takes_away() {
        let root = values(ASSIGN, &["dev", "prod"]);
        let result = |levels: &[&[Value]]| merged(levels)["tags"]["stage"]["tag_value"].clone();
        assert_eq!(result(&[std::slice::from_ref(&root), &[values(ASSIGN, &["test"])]]), json!(["test"]));
        assert_eq!(
            result(&[std::slice::from_ref(&root), &[values(APPEND, &["test", "dev"])]]),
            json!(["dev", "prod", "test"])
        );
        assert_eq!(result(&[&[root], &[values(REMOVE, &["dev"])]]), json!(["prod"]));
    }

    #[test]
    fn the_policy_attached_first_decides_within_a_level() {
        let level = [values(ASSIGN, &["first"]), values(ASSIGN, &["second"])];
        assert_eq!(merged(&[&level])["tags"]["stage"]["tag_value"], json!(["first"]));
    }

    #[test]
    fn what_is_locked_stays_for_all_that_is_below() {
        let lock = json!({"tags": {ALLOWED: ["@@none"], "stage": {"tag_key": {ASSIGN: "Stage"}}}});
        let below = json!({"tags": {"stage": {"tag_key": {ASSIGN: "STAGE"}}, "more": {"tag_key": {ASSIGN: "More"}}}});
        let unlock = json!({"tags": {ALLOWED: ["@@all"]}});
        let expected = json!({"tags": {"stage": {"tag_key": "Stage"}}});
        assert_eq!(merged(&[std::slice::from_ref(&lock), std::slice::from_ref(&below)]), expected);
        let unlock_within = json!({"tags": {"stage": {"tag_key": {ALLOWED: ["@@all"]}}}});
        for unlock in [&unlock, &unlock_within] {
            assert_eq!(
                merged(&[std::slice::from_ref(&lock), std::slice::from_ref(unlock), std::slice::from_ref(&below)]),
                expected
            );
        }
        // Within one level, a key may allow more than the one above it.
        let mut exception = lock;
        exception["tags"]["stage"]["tag_key"][ALLOWED] = json!(["@@assign"]);
        assert_eq!(merged(&[&[exception], &[below]])["tags"], json!({"stage": {"tag_key": "STAGE"}}));
    }

    #[test]
    fn only_the_operators_that_are_named_are_allowed() {
        let root = json!({"tags": {"stage": {"tag_value": {ALLOWED: ["@@append"], ASSIGN: ["dev"]}}}});
        let merged = merged(&[&[root], &[values(ASSIGN, &["x"])], &[values(APPEND, &["prod"])]]);
        assert_eq!(merged["tags"]["stage"]["tag_value"], json!(["dev", "prod"]));
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(merge([vec![&json!({"tags": {}})]]).is_none());
        assert!(merge(Vec::<Vec<&Value>>::new()).is_none());
    }
}
