//! Suites in TOML, read as the JSON that they mean.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::layout::Layout;
use iam_policy::Position;

/// The JSON that a TOML file means. Everything is on its line of the file, and in its column if
/// JSON, which wants more quotes, leaves room.
///
/// # Errors
/// What is not TOML, in the words of its parser.
pub(super) fn as_json(text: &str) -> Result<String, toml::de::Error> {
    let table = DeTable::parse(text)?;
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let mut writer = Writer { text, lines: std::iter::once(0).chain(ends).collect(), layout: Layout::new() };
    writer.table(table.get_ref());
    Ok(writer.layout.finish())
}

struct Writer<'t> {
    text: &'t str,
    /// Where the lines begin.
    lines: Vec<usize>,
    layout: Layout,
}

impl Writer<'_> {
    fn value(&mut self, value: &Spanned<DeValue<'_>>) {
        self.layout.go_to(self.place(value.span().start));
        match value.get_ref() {
            DeValue::String(text) => self.json(&**text),
            DeValue::Integer(number) => self.json(integer(number)),
            DeValue::Float(number) => self.json(number.as_str().parse::<f64>().ok()),
            DeValue::Boolean(value) => self.json(*value),
            DeValue::Datetime(time) => self.json(time.to_string()),
            DeValue::Array(items) => {
                self.layout.push("[");
                for (index, item) in items.iter().enumerate() {
                    self.layout.push(if index == 0 { "" } else { "," });
                    self.value(item);
                }
                self.layout.push("]");
            }
            DeValue::Table(table) => self.table(table),
        }
    }

    /// The members in the order of the file, so that each finds its place free.
    fn table(&mut self, table: &DeTable<'_>) {
        let mut members: Vec<_> = table.iter().collect();
        members.sort_by_key(|(key, _)| key.span().start);
        self.layout.push("{");
        for (index, (key, value)) in members.into_iter().enumerate() {
            self.layout.push(if index == 0 { "" } else { "," });
            let written = serde_json::Value::from(&**key.get_ref()).to_string() + ":";
            let (place, of_value) = (self.place(key.span().start), self.place(value.span().start));
            let length = u32::try_from(written.chars().count()).unwrap_or(u32::MAX);
            let end = place.column.saturating_add(length);
            // A key has its place where its value keeps its own; JSON wants more quotes.
            if of_value.line > place.line || (of_value.line == place.line && of_value.column >= end) {
                self.layout.go_to(place);
            }
            self.layout.push(&written);
            self.value(value);
        }
        self.layout.push("}");
    }

    fn json(&mut self, value: impl Into<serde_json::Value>) {
        self.layout.push(&value.into().to_string());
    }

    fn place(&self, offset: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default();
        let position = Position::of(self.text.get(start..).unwrap_or_default(), offset - start);
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), ..position }
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_keeps_its_line() {
        let toml = "# é\n[[cases]]\nname = 'a'\nrequest.action = \"s3:Get\\\"\"\n\n[[cases]]\nname = \"b\"\n\
            n = [0x10, 1.5,\n  true, 2026-01-31]\n[defaults]\nx = { y = 'z' }\n";
        let json = as_json(toml).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({
            "cases": [
                {"name": "a", "request": {"action": "s3:Get\""}},
                {"name": "b", "n": [16, 1.5, true, "2026-01-31"]},
            ],
            "defaults": {"x": {"y": "z"}},
        });
        assert_eq!(value, expected);
        let place = |text: &str, part: &str| Position::of(text, text.find(part).unwrap());
        for part in ["\"s3:Get", "1.5", "true"] {
            assert_eq!(place(&json, part), place(toml, part), "{json}");
        }
        assert_eq!(place(&json, "\"z\""), place(toml, "'z'"), "{json}");
        assert_eq!(place(&json, "\"n\"").line, place(toml, "n = [").line, "keys keep their lines, too");
        assert!(as_json("x = 1\nx = 2").is_err(), "a key appears twice");
    }
}
