//! The fields of a suite's requests, kept as they are written: a document is judged by its text, and every error has
//! its place in the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::layout::Layout;
use iam_policy::{Locator, Position};

/// The fields of a request, each once.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<Field<'a>>);

#[derive(Debug)]
struct Field<'a> {
    name: String,
    value: &'a str,
    place: Position,
}

/// Finds the places of all fields in the text that they were read from.
pub(super) fn locate<'f, 'a: 'f>(text: &str, requests: impl Iterator<Item = &'f mut Fields<'a>>) {
    let mut fields: Vec<_> = requests.flat_map(|fields| &mut fields.0).collect();
    let offset = |field: &Field<'_>| field.value.as_ptr() as usize - text.as_ptr() as usize;
    fields.sort_unstable_by_key(|field| offset(field));
    let mut locator = Locator::new(text);
    for field in fields {
        field.place = locator.locate(offset(field));
    }
}

impl Fields<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name == name)
    }

    /// The request that these fields make with the defaults of those that they lack, and some given in place of both.
    /// All values are where they are in the file.
    pub(super) fn completed(&self, defaults: &Fields<'_>, given: &[(&str, &str)]) -> String {
        let defaults = defaults.0.iter().filter(|field| !self.has(&field.name));
        let is_given = |name: &str| given.iter().any(|(field, _)| *field == name);
        let mut fields: Vec<_> = self.0.iter().chain(defaults).filter(|field| !is_given(&field.name)).collect();
        fields.sort_unstable_by_key(|field| field.place);
        let mut body = Layout::new();
        body.push("{");
        for (index, field) in fields.iter().enumerate() {
            body.push(if index == 0 { "" } else { "," });
            body.push(&Value::from(field.name.as_str()).to_string());
            body.push(":");
            body.go_to(field.place);
            body.push(field.value);
        }
        for (index, (name, value)) in given.iter().enumerate() {
            body.push(if fields.is_empty() && index == 0 { "" } else { "," });
            body.push(&format!("{}:{}", Value::from(*name), Value::from(*value)));
        }
        body.push("}");
        body.finish()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if fields.has(&name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.0.push(Field { name, value: value.get(), place: Position::START });
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completed_request_keeps_every_place() {
        let text = "[{\"é\":1, \"action\":\n\"a\", \"b\":\n   {\"c\": [1,\n 2]} },\n {\"b\": 3,   \"action\": 4, \"d\": null}]";
        let mut requests: Vec<Fields<'_>> = serde_json::from_str(text).unwrap();
        locate(text, requests.iter_mut());
        let [own, defaults] = &requests[..] else { panic!("{requests:?}") };
        let expected =
            "{\"é\": 1,\"action\":\n\"a\",\"b\":\n   {\"c\": [1,\n 2]},\"d\":\n                              null}";
        assert_eq!(own.completed(defaults, &[]), expected);
        let given = own.completed(&Fields::default(), &[("action", "x:\"Y\""), ("resource", "*")]);
        assert_eq!(given, "{\"é\": 1,\"b\":\n\n   {\"c\": [1,\n 2]},\"action\":\"x:\\\"Y\\\"\",\"resource\":\"*\"}");
        assert_eq!(Fields::default().completed(&Fields::default(), &[("a", "b")]), "{\"a\":\"b\"}");
        assert_eq!(Fields::default().completed(&Fields::default(), &[]), "{}");
    }
}
