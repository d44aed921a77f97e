//! Reading a request by the paths, expressions and conditions of a table.

use serde_json::Value;

use crate::arn::Arn;
use crate::input::{Input, Unreadable};
use crate::rules::{Condition, Expression, Path, Source, Step, Test};

/// The members of a request.
pub trait Members {
    /// The member of that name in the service's model, or none if the request does not have it. Query parameters, labels,
    /// headers and CBOR come as the JSON that they mean; `null` counts as absent.
    ///
    /// # Errors
    /// The request cannot be read, or not in one way only.
    fn member(&self, name: &str) -> Result<Option<Value>, Unreadable>;

    /// The method and the path of the request, percent-encoded.
    fn line(&self) -> (&str, &str);
}

impl Members for Input<'_> {
    fn member(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        Self::member(self, name)
    }

    fn line(&self) -> (&str, &str) {
        (self.method(), self.path())
    }
}

/// A value of another type than the model's.
const WRONG_TYPE: Unreadable = Unreadable::Malformed("of the types that the operation takes");

/// The element that `each` is at.
#[derive(Clone, Debug)]
pub struct Element {
    /// The name of the member that holds it.
    pub of: String,
    /// The element.
    pub value: Value,
}

/// A value of a request, with the names on the way to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The last member on the way.
    pub member: String,
    /// The last key of a map on the way.
    pub key: Option<String>,
    /// What is there.
    pub value: Value,
}

/// A request and the element that is being looked at.
#[derive(Clone, Copy)]
pub struct View<'v> {
    /// The request.
    pub members: &'v dyn Members,
    /// The element that `each` is at.
    pub element: Option<&'v Element>,
    /// The caller's account.
    pub account: &'v str,
}

impl View<'_> {
    /// Everything at a place.
    ///
    /// # Errors
    /// The request cannot be read.
    pub fn at(&self, path: &Path) -> Result<Vec<Found>, Unreadable> {
        let mut steps = path.steps.iter();
        let start = if path.of_element {
            self.element.map(|element| (element.of.clone(), element.value.clone()))
        } else if let Some(Step::Member(name)) = steps.next() {
            self.members.member(name)?.map(|value| (name.clone(), value))
        } else {
            None
        };
        let mut found: Vec<Found> =
            start.into_iter().map(|(member, value)| Found { member, key: None, value }).collect();
        for step in steps {
            let mut next = Vec::new();
            for found in found {
                next.extend(found.follow(step)?);
            }
            found = next;
        }
        found.retain(|found| !found.value.is_null());
        Ok(found)
    }

    /// What the source has.
    ///
    /// # Errors
    /// The request cannot be read.
    pub fn of(&self, source: &Source) -> Result<Vec<Found>, Unreadable> {
        match source {
            Source::Literal(text) => {
                Ok(vec![Found { member: String::new(), key: None, value: Value::String(text.clone()) }])
            }
            Source::At(path) => self.at(path),
            Source::KeysOf(path) => {
                let mut keys = Vec::new();
                for found in self.at(path)? {
                    let Value::Object(map) = found.value else { return Err(WRONG_TYPE) };
                    let named = map.into_iter().filter(|(_, value)| !value.is_null());
                    let member = found.member;
                    keys.extend(named.map(|(key, _)| Found { member: member.clone(), key: None, value: key.into() }));
                }
                Ok(keys)
            }
        }
    }

    /// What the first source has that has anything.
    ///
    /// # Errors
    /// The request cannot be read.
    pub fn first(&self, expression: &Expression) -> Result<Vec<Found>, Unreadable> {
        for source in &expression.0 {
            let found = self.of(source)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// The texts of what the first source has that has anything.
    ///
    /// # Errors
    /// The request cannot be read.
    pub fn texts(&self, expression: &Expression) -> Result<Vec<String>, Unreadable> {
        Ok(self.first(expression)?.iter().filter_map(|found| text(&found.value)).collect())
    }

    /// Whether all conditions hold.
    ///
    /// # Errors
    /// The request cannot be read.
    pub fn holds(&self, conditions: &[Condition]) -> Result<bool, Unreadable> {
        for condition in conditions {
            if !self.is(condition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is(&self, condition: &Condition) -> Result<bool, Unreadable> {
        let found = self.first(&condition.of)?;
        let any =
            |test: &dyn Fn(&str) -> bool| found.iter().filter_map(|found| text(&found.value)).any(|text| test(&text));
        Ok(match &condition.test {
            Test::Present => found.iter().any(|found| !is_empty(&found.value)),
            Test::Absent => found.iter().all(|found| is_empty(&found.value)),
            Test::Is(value) => any(&|text| text == value),
            Test::IsNot(value) => !any(&|text| text == value),
            Test::Starts(start) => any(&|text| text.starts_with(start.as_str())),
            Test::Foreign => any(&|text| Arn::parse(text).is_some_and(|arn| arn.account != self.account)),
        })
    }
}

impl Found {
    /// What is there after a step. A list where the model has a map, and the like, may mean anything to an upstream.
    fn follow(self, step: &Step) -> Result<Vec<Self>, Unreadable> {
        let Self { member, key, value } = self;
        Ok(match (step, value) {
            (_, Value::Null) => Vec::new(),
            (Step::Member(name), Value::Object(mut map)) => {
                let value = map.get_mut(name).map(Value::take);
                value.map(|value| Self { member: name.clone(), key, value }).into_iter().collect()
            }
            (Step::Items, Value::Array(items)) => {
                items.into_iter().map(|value| Self { member: member.clone(), key: key.clone(), value }).collect()
            }
            (Step::Values, Value::Object(map)) => {
                map.into_iter().map(|(key, value)| Self { member: member.clone(), key: Some(key), value }).collect()
            }
            _ => return Err(WRONG_TYPE),
        })
    }
}

/// The text of a single value, as condition keys have it.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A request that is its JSON body.
    pub(crate) struct Json(pub Value);

    impl Members for Json {
        fn member(&self, name: &str) -> Result<Option<Value>, Unreadable> {
            Ok(self.0.get(name).cloned().filter(|value| !value.is_null()))
        }

        fn line(&self) -> (&str, &str) {
            ("POST", "/")
        }
    }

    fn request() -> Json {
        Json(json!({
            "TableName": "orders", "Limit": 5, "ConsistentRead": true, "Nothing": null, "Empty": [],
            "Entries": [{"Bus": "a"}, {"Bus": null}, {"Bus": "b"}],
            "Tags": {"team": "blue", "stage": "test"},
            "Layers": ["arn:aws:lambda:eu-central-1:444455556666:layer:x:1"],
        }))
    }

    fn texts(expression: &str) -> Vec<String> {
        let request = request();
        let view = View { members: &request, element: None, account: "111122223333" };
        view.texts(&expression.parse().unwrap()).unwrap()
    }

    #[test]
    fn expressions_read_members_items_values_and_keys() {
        assert_eq!(texts("TableName"), ["orders"]);
        assert_eq!(texts("Limit"), ["5"]);
        assert_eq!(texts("ConsistentRead"), ["true"]);
        assert_eq!(texts("Entries[].Bus"), ["a", "b"]);
        assert_eq!(texts("Tags.*"), ["blue", "test"]);
        assert_eq!(texts("keys of Tags"), ["team", "stage"]);
        assert_eq!(texts("Nothing | IndexName | =default"), ["default"]);
        assert!(texts("Tags").is_empty() && texts("Nothing.x[]").is_empty());
    }

    #[test]
    fn values_of_other_types_are_refused() {
        let request = request();
        let view = View { members: &request, element: None, account: "" };
        for wrong in ["Tags[]", "TableName.x", "Entries.*", "keys of TableName", "Layers[].x"] {
            assert!(view.first(&wrong.parse().unwrap()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_hold_or_not() {
        let request = request();
        let view = View { members: &request, element: None, account: "111122223333" };
        for (condition, holds) in [
            ("TableName", true),
            ("IndexName", false),
            ("!IndexName", true),
            ("Empty", false),
            ("Limit=5", true),
            ("Limit=6", false),
            ("Limit!=6", true),
            ("TableName starts ord", true),
            ("Layers[] foreign", true),
        ] {
            assert_eq!(view.holds(&[condition.parse().unwrap()]).unwrap(), holds, "{condition}");
        }
    }

    #[test]
    fn an_element_is_the_start_of_its_paths() {
        let request = request();
        let element = Element { of: "Entries".to_owned(), value: json!({"Bus": "a"}) };
        let view = View { members: &request, element: Some(&element), account: "" };
        assert_eq!(view.texts(&".Bus".parse().unwrap()).unwrap(), ["a"]);
        assert_eq!(view.texts(&"TableName".parse().unwrap()).unwrap(), ["orders"]);
    }
}
