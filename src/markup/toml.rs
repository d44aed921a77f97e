//! TOML with places.

use serde_json::Number;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::Places;
use super::{Content, Limits, MarkupError, Member, Node, Place, check_depth};

/// Reads TOML.
pub(super) fn parse(text: &str) -> Result<Node, MarkupError> {
    let places = Places::new(text);
    let table = DeTable::parse(text).map_err(|error| MarkupError {
        place: error.span().map(|span| places.of(span.start)),
        message: error.message().trim_end().replace('\n', ", "),
    })?;
    let mut reader = Reader { places, limits: Limits::default() };
    let content = reader.table(table.get_ref(), 1)?;
    Ok(Node { place: Place::new(1, 1), tag: None, content })
}

struct Reader<'t> {
    places: Places<'t>,
    limits: Limits,
}

impl Reader<'_> {
    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, MarkupError> {
        let place = self.places.of(value.span().start);
        check_depth(depth, place)?;
        self.limits.count(1, place)?;
        let number = || MarkupError::at(place, "the number is too large");
        let content = match value.get_ref() {
            DeValue::String(text) => Content::Text(text.to_string()),
            DeValue::Integer(integer) => {
                let integer = i64::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| number())?;
                Content::Number(integer.to_string().into())
            }
            DeValue::Float(float) => {
                let float = float.as_str().parse().ok().and_then(Number::from_f64);
                Content::Number(float.ok_or_else(number)?.to_string().into())
            }
            DeValue::Boolean(value) => Content::Boolean(*value),
            DeValue::Datetime(time) => Content::Text(time.to_string()),
            DeValue::Array(items) => {
                Content::List(items.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => self.table(table, depth + 1)?,
        };
        Ok(Node { place, tag: None, content })
    }

    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Result<Content, MarkupError> {
        let mut members = Vec::with_capacity(table.len());
        for (name, value) in table.iter() {
            let place = self.places.of(name.span().start);
            members.push(Member { name: name.get_ref().to_string(), place, value: self.node(value, depth)? });
        }
        members.sort_by_key(|member| member.place);
        Ok(Content::Map(members))
    }
}
