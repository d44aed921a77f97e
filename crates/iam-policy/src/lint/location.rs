//! Where findings are in a document, as AWS's IAM Access Analyzer says it: the path to a part of the JSON, and its span in
//! the text (IAM Access Analyzer API reference, "Location").

use serde::Serialize;

use super::Finding;
use crate::document::json::{Node, Value};

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// How to get there from the root of the document. Empty for the whole document.
    pub path: Vec<PathElement>,
    /// The text that it takes.
    pub span: Span,
}

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PathElement {
    /// Into a list, from 0.
    Index(usize),
    /// To the name of a member itself.
    Key(String),
    /// To the value of a member.
    Value(String),
}

/// A piece of text; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it starts.
    pub start: Place,
    /// Behind its last character.
    pub end: Place,
}

/// A place in a text. Columns and offsets count UTF-16 units, as Java does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 0.
    pub column: usize,
    /// The offset in the document, from 0.
    pub offset: usize,
}

/// Finds where the findings of one document are.
pub struct Locations<'t> {
    text: &'t str,
    root: Option<Node<'t>>,
    /// The byte offset of the start of each line, and its offset in UTF-16 units.
    lines: Vec<(usize, usize)>,
}

impl<'t> Locations<'t> {
    /// For a document, which need not be JSON.
    pub fn new(text: &'t str) -> Self {
        let mut lines = vec![(0, 0)];
        let (mut bytes, mut units) = (0, 0);
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            bytes += line.len();
            units += line.encode_utf16().count();
            lines.push((bytes, units));
        }
        Self { text, root: Node::parse(text).ok(), lines }
    }

    /// The part that a finding is about. In a text that is no JSON, it is the character that cannot be read.
    pub fn of(&self, finding: &Finding) -> Location {
        let offset = finding.offset;
        let mut path = Vec::new();
        let (start, end) = match &self.root {
            Some(root) => find(root, offset, self.text, &mut path),
            None => (
                offset,
                offset + self.text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
            ),
        };
        Location { path, span: Span { start: self.place(start), end: self.place(end) } }
    }

    fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let index = self.lines.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let (start, units) = self.lines.get(index).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(0, |before| before.encode_utf16().count());
        Place { line: index + 1, column, offset: units + column }
    }
}

/// The part that starts at `offset`, or else the smallest one around it: its span, and the path to it.
fn find(node: &Node<'_>, offset: usize, text: &str, path: &mut Vec<PathElement>) -> (usize, usize) {
    if node.start == offset {
        return (node.start, node.end);
    }
    match &node.value {
        Value::Array(items) => {
            let inside = items.iter().enumerate().find(|(_, item)| (item.start..item.end).contains(&offset));
            if let Some((index, item)) = inside {
                path.push(PathElement::Index(index));
                return find(item, offset, text, path);
            }
        }
        Value::Object(members) => {
            for member in members {
                if (member.value.start..member.value.end).contains(&offset) {
                    path.push(PathElement::Value(member.key.clone().into_owned()));
                    return find(&member.value, offset, text, path);
                }
                let key_end = literal_end(text, member.key_start);
                if (member.key_start..key_end).contains(&offset) {
                    path.push(PathElement::Key(member.key.clone().into_owned()));
                    return (member.key_start, key_end);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    (node.start, node.end)
}

/// Behind the closing quote of the string that starts at `start`.
fn literal_end(text: &str, start: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            b'"' if !is_escaped => return at + 1,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Position};
    use super::*;

    fn at(text: &str, offset: usize) -> Location {
        let finding = Finding { code: Code::EmptySidValue, message: String::new(), position: Position::START, offset };
        Locations::new(text).of(&finding)
    }

    fn span(location: &Location) -> [(usize, usize, usize); 2] {
        [location.span.start, location.span.end].map(|place| (place.line, place.column, place.offset))
    }

    /// The example of AWS's reference for `ValidatePolicy`.
    #[test]
    fn a_value_is_found_by_its_path() {
        let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Sid\": \"\"\n    }\n  ]\n}";
        let location = at(text, text.find("\"\"").unwrap());
        let expected =
            [PathElement::Value("Statement".into()), PathElement::Index(0), PathElement::Value("Sid".into())];
        assert_eq!(location.path, expected);
        assert_eq!(span(&location), [(6, 13, 90), (6, 15, 92)]);
        let json = serde_json::to_value(&location).unwrap();
        assert_eq!(json["path"], serde_json::json!([{"value": "Statement"}, {"index": 0}, {"value": "Sid"}]));
        assert_eq!(json["span"]["start"], serde_json::json!({"line": 6, "column": 13, "offset": 90}));
    }

    #[test]
    fn keys_have_paths_of_their_own() {
        let text = r#"{"Statement": {"Condition": {"String\"Equalss": {"a:b": "c"}}}}"#;
        let location = at(text, text.find("\"String").unwrap());
        let expected = [
            PathElement::Value("Statement".into()),
            PathElement::Value("Condition".into()),
            PathElement::Key("String\"Equalss".into()),
        ];
        assert_eq!(location.path, expected);
        assert_eq!(span(&location), [(1, 29, 29), (1, 46, 46)]);
        assert_eq!(serde_json::to_value(&location.path[2]).unwrap(), serde_json::json!({"key": "String\"Equalss"}));
    }

    #[test]
    fn places_inside_a_value_mean_all_of_it() {
        let text = r#"{"Statement": [{"Resource": ["x", "${aws:y"]}]}"#;
        let location = at(text, text.find("aws:y").unwrap());
        assert_eq!(location.path.last(), Some(&PathElement::Index(1)));
        assert_eq!(span(&location), [(1, 34, 34), (1, 43, 43)]);
        assert_eq!(at(text, 0).path, []);
        assert_eq!(span(&at(text, 0)), [(1, 0, 0), (1, text.len(), text.len())]);
    }

    #[test]
    fn columns_and_offsets_count_utf_16_units() {
        let text = "{\"é😀\": \"\",\n\"b\": \"c\"}";
        let location = at(text, text.find("\"c\"").unwrap());
        assert_eq!(location.path, [PathElement::Value("b".into())]);
        assert_eq!(span(&location), [(2, 5, 17), (2, 8, 20)]);
    }

    #[test]
    fn what_cannot_be_read_is_one_character() {
        let text = "{\n  oops";
        let location = at(text, 4);
        assert_eq!((location.path.len(), span(&location)), (0, [(2, 2, 4), (2, 3, 5)]));
        assert_eq!(span(&at("", 0)), [(1, 0, 0), (1, 0, 0)]);
        assert_eq!(span(&at("{", 9)), [(1, 1, 1), (1, 1, 1)]);
    }
}
