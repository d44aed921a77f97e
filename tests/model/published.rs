//! The facts of the service models, and values that meet them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use iamd::shapes::Pattern;
use iamd::wire::Service;
use serde::Deserialize;

/// Parameters as they are sent.
pub type Request = Vec<(String, String)>;

#[derive(Deserialize)]
pub struct Model {
    pub operations: HashMap<String, Declared>,
    pub shapes: HashMap<String, Shape>,
}

#[derive(Deserialize)]
pub struct Declared {
    pub input: Option<String>,
    pub errors: BTreeSet<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    pub r#type: String,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub pattern: Option<String>,
    pub r#enum: Vec<String>,
    pub sensitive: bool,
    pub required: Vec<String>,
    pub members: BTreeMap<String, String>,
    pub member: String,
    pub key: String,
    pub value: String,
}

impl Model {
    pub fn of(service: Service) -> Self {
        let text = match service.prefix() {
            "iam" => include_str!("iam.json"),
            _ => include_str!("sts.json"),
        };
        serde_json::from_str(text).unwrap()
    }

    pub fn shape(&self, name: &str) -> &Shape {
        &self.shapes[name]
    }
}

impl Model {
    /// Parameters that meet the constraints of these members of a structure.
    pub fn example(&self, shape: &Shape, prefix: &str, names: &[String]) -> Request {
        let values = names.iter().flat_map(|name| self.values(&format!("{prefix}{name}"), &shape.members[name]));
        values.collect()
    }

    pub fn values(&self, name: &str, shape: &str) -> Request {
        let shape = self.shape(shape);
        let structure = |shape: &Shape| {
            let names: Vec<String> = shape.members.keys().cloned().collect();
            self.example(shape, &format!("{name}."), &names)
        };
        match shape.r#type.as_str() {
            "structure" => structure(shape),
            "list" => {
                let members = 1..=shape.min.unwrap_or(1).max(1);
                members.flat_map(|n| self.values(&format!("{name}.member.{n}"), &shape.member)).collect()
            }
            "map" => {
                let mut entry = self.values(&format!("{name}.entry.1.key"), &shape.key);
                entry.extend(self.values(&format!("{name}.entry.1.value"), &shape.value));
                entry
            }
            "integer" => vec![(name.to_owned(), shape.min.or(shape.max).unwrap_or(1).to_string())],
            "boolean" => vec![(name.to_owned(), "true".to_owned())],
            _ => vec![(name.to_owned(), shape.valid_text())],
        }
    }
}

impl Shape {
    fn valid_text(&self) -> String {
        if let Some(value) = self.r#enum.first() {
            return value.clone();
        }
        let pattern = self.pattern.as_deref().map(pattern);
        let length = |min: i64| "1".repeat(usize::try_from(min).unwrap());
        let long = length(self.min.unwrap_or(0).max(1));
        let candidates =
            ["/", "123456789012", "v1", "/a/", "https://a", "o-abcdefghij", "p-abcdefgh", "o-abcdefghij/r-abcd", "a"];
        let mut candidates = candidates.into_iter().map(str::to_owned).chain([long.clone(), format!("a{long}")]).rev();
        let fits = |value: &String| {
            let length = i64::try_from(value.len()).unwrap();
            let matches = pattern.as_ref().is_none_or(|pattern| pattern.matches(value));
            matches && length >= self.min.unwrap_or(0) && length <= self.max.unwrap_or(i64::MAX)
        };
        candidates.find(fits).unwrap_or_else(|| panic!("no example for {:?}", self.pattern))
    }
}

fn pattern(published: &str) -> Pattern {
    Pattern::new(published.to_owned().leak())
}
