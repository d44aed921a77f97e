//! Templates of texts and documents: `@{Name}` stands for a value that is given later.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::{Code, Error, Result};

/// The most strings that one string with lists in it can become.
const MAX_STRINGS: usize = 1000;

/// What stands for a placeholder: one value, or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// One value.
    One(String),
    /// A list, even if it has one member.
    Many(Vec<String>),
}

/// The values of all placeholders, by name.
#[derive(Clone, Debug, Default)]
pub struct Replacements(BTreeMap<String, Replacement>);

/// A JSON document with placeholders in its strings.
#[derive(Clone, Debug)]
pub struct DocumentTemplate(Value);

impl<'de> Deserialize<'de> for DocumentTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let document = serde_json::from_str(&text);
        document.map(Self).map_err(|error| serde::de::Error::custom(format!("a template is no JSON: {error}")))
    }
}

impl fmt::Display for DocumentTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl DocumentTemplate {
    /// The document with its placeholders filled. A string with a list in it becomes a string for each member.
    ///
    /// # Errors
    /// `InvalidInput` for a placeholder without a value.
    pub fn fill(&self, replacements: &Replacements) -> Result<String> {
        Ok(fill(&self.0, replacements)?.to_string())
    }

    /// The names of its placeholders.
    pub fn placeholders(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        gather(&self.0, &mut names);
        names
    }
}

impl Replacements {
    /// Gives a placeholder its value.
    ///
    /// # Errors
    /// `InvalidInput` when it has one already.
    pub fn add(&mut self, name: &str, replacement: Replacement) -> Result<()> {
        match self.0.insert(name.to_owned(), replacement) {
            None => Ok(()),
            Some(_) => Err(invalid(format!("The parameter {name} is given twice."))),
        }
    }

    /// The text with its placeholders filled.
    ///
    /// # Errors
    /// `InvalidInput` for a placeholder without a value, or with a list.
    pub fn fill(&self, text: &str) -> Result<String> {
        let (mut texts, is_list) = self.expand(text)?;
        match texts.pop() {
            Some(text) if !is_list => Ok(text),
            _ => Err(invalid(format!("The parameters of {text} must not be lists."))),
        }
    }

    /// All texts that a text stands for, and whether there is a list in it.
    fn expand(&self, text: &str) -> Result<(Vec<String>, bool)> {
        let (mut texts, mut is_list, mut rest) = (vec![String::new()], false, text);
        while let Some((before, name, after)) = next_placeholder(rest) {
            let values = match self.0.get(name) {
                Some(Replacement::One(value)) => std::slice::from_ref(value),
                Some(Replacement::Many(values)) => {
                    is_list = true;
                    values
                }
                None => return Err(invalid(format!("The parameter {name} is missing."))),
            };
            if texts.len() * values.len() > MAX_STRINGS {
                return Err(invalid(format!("The parameter {name} has too many values.")));
            }
            texts = texts.iter().flat_map(|text| values.iter().map(move |v| format!("{text}{before}{v}"))).collect();
            rest = after;
        }
        texts.iter_mut().for_each(|text| text.push_str(rest));
        Ok((texts, is_list))
    }
}

/// The names of a text's placeholders.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

/// The text before the first placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("@{")?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn fill(value: &Value, replacements: &Replacements) -> Result<Value> {
    Ok(match value {
        Value::String(text) => {
            let (mut texts, is_list) = replacements.expand(text)?;
            match texts.pop() {
                Some(text) if !is_list => text.into(),
                last => texts.into_iter().chain(last).collect(),
            }
        }
        Value::Array(members) => {
            let mut filled = Vec::with_capacity(members.len());
            for member in members {
                match (member, fill(member, replacements)?) {
                    // A string that became a list adds its members to the list that it is in.
                    (Value::String(_), Value::Array(texts)) => filled.extend(texts),
                    (_, value) => filled.push(value),
                }
            }
            filled.into()
        }
        Value::Object(members) => {
            let mut filled = Map::with_capacity(members.len());
            for (name, member) in members {
                filled.insert(replacements.fill(name)?, fill(member, replacements)?);
            }
            filled.into()
        }
        other => other.clone(),
    })
}

fn gather<'v>(value: &'v Value, names: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => names.extend(placeholders(text)),
        Value::Array(members) => members.iter().for_each(|member| gather(member, names)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            names.extend(placeholders(name));
            gather(member, names);
        }),
        _ => {}
    }
}

/// AWS's code for parameters that a template cannot use.
pub fn invalid(message: String) -> Error {
    Error::new(Code::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacements() -> Replacements {
        let mut replacements = Replacements::default();
        replacements.add("Name", Replacement::One("n\"1".into())).unwrap();
        replacements.add("Buckets", Replacement::Many(vec!["a".into(), "b".into()])).unwrap();
        replacements
    }

    fn filled(template: &str) -> Result<String, String> {
        let template: DocumentTemplate = serde_json::from_value(template.into()).unwrap();
        template.fill(&replacements()).map_err(|error| error.to_string())
    }

    #[test]
    fn placeholders_are_filled_inside_strings() {
        let cases = [
            (r#"{"R": "x-@{Name}-y"}"#, Ok(r#"{"R":"x-n\"1-y"}"#.to_owned())),
            (r#"{"R": "arn:@{Buckets}/*"}"#, Ok(r#"{"R":["arn:a/*","arn:b/*"]}"#.to_owned())),
            (r#"{"R": ["@{Buckets}", "c"]}"#, Ok(r#"{"R":["a","b","c"]}"#.to_owned())),
            (r#"{"R": "@{Buckets}@{Buckets}"}"#, Ok(r#"{"R":["aa","ab","ba","bb"]}"#.to_owned())),
            (r#"{"tag/@{Name}": 1}"#, Ok(r#"{"tag/n\"1":1}"#.to_owned())),
            (r#"{"R": "${aws:username}@{"}"#, Ok(r#"{"R":"${aws:username}@{"}"#.to_owned())),
            (r#"{"R": "@{Other}"}"#, Err("InvalidInput: The parameter Other is missing.".to_owned())),
            (r#"{"@{Buckets}": 1}"#, Err("InvalidInput: The parameters of @{Buckets} must not be lists.".to_owned())),
        ];
        for (template, expected) in cases {
            assert_eq!(filled(template), expected, "{template}");
        }
    }

    #[test]
    fn values_are_not_templates() {
        let mut replacements = Replacements::default();
        replacements.add("A", Replacement::One("@{B}".into())).unwrap();
        assert_eq!(replacements.fill("@{A}").unwrap(), "@{B}");
        assert!(replacements.add("A", Replacement::One(String::new())).is_err());
    }

    #[test]
    fn lists_do_not_multiply_without_end() {
        let mut replacements = Replacements::default();
        replacements.add("L", Replacement::Many(vec![String::new(); 101])).unwrap();
        assert!(replacements.fill("@{L}@{L}").is_err());
    }

    #[test]
    fn all_placeholders_are_known() {
        let template: DocumentTemplate =
            serde_json::from_value(r#"{"@{A}": ["@{B}@{C}", {"x": "@{A}"}]}"#.into()).unwrap();
        assert_eq!(template.placeholders().into_iter().collect::<Vec<_>>(), ["A", "B", "C"]);
    }
}
