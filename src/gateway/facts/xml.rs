//! Answers in XML as the JSON that they mean.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// How deep elements may be inside each other.
const MAX_DEPTH: usize = 32;

/// The content of the result in an answer: of `<XResult>` in one of the Query protocol, else of the outermost element.
/// Lists are elements `member` and maps elements `entry`, or elements with the same name. `None` for anything but XML.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let outer = name(start.name().as_ref());
                let value = element(&mut reader, 0)?;
                return Some(result_of(&outer, value));
            }
            Event::Empty(_) => return Some(Value::Object(Map::new())),
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn result_of(outer: &str, value: Value) -> Value {
    let result = outer.strip_suffix("Response").map(|operation| format!("{operation}Result"));
    match (result, value) {
        (Some(result), Value::Object(mut members)) if members.contains_key(&result) => {
            members.remove(&result).unwrap_or_default()
        }
        (_, value) => value,
    }
}

fn name(qualified: &str) -> String {
    qualified.rsplit(':').next().unwrap_or(qualified).to_owned()
}

/// The content of an element up to its end.
fn element(reader: &mut Reader<&[u8]>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (mut members, mut text) = (Map::new(), String::new());
    let mut is_list = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = name(start.name().as_ref());
                let value = element(reader, depth + 1)?;
                is_list |= add(&mut members, name, value);
            }
            Event::Empty(start) => is_list |= add(&mut members, name(start.name().as_ref()), Value::from("")),
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => text.push(character),
                None => text.push_str(resolve_predefined_entity(&reference.xml10_content())?),
            },
            Event::End(_) => break,
            Event::Eof => return None,
            _ => {}
        }
    }
    Some(match members.is_empty() {
        true => Value::String(text),
        false if is_list => members.into_iter().next()?.1,
        false => Value::Object(members),
    })
}

/// Adds a child; whether the parent is a list or map.
fn add(members: &mut Map<String, Value>, name: String, value: Value) -> bool {
    match (name.as_str(), value) {
        ("member", value) => {
            if let Value::Array(items) = members.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                items.push(value);
            }
            true
        }
        ("entry", Value::Object(mut entry)) => {
            let key = entry.remove("key").and_then(|key| key.as_str().map(str::to_owned)).unwrap_or_default();
            if let Value::Object(map) = members.entry(name).or_insert_with(|| Value::Object(Map::new())) {
                map.insert(key, entry.remove("value").unwrap_or_default());
            }
            true
        }
        (_, value) => {
            match members.get_mut(&name) {
                None => drop(members.insert(name, value)),
                Some(Value::Array(items)) => items.push(value),
                Some(first) => {
                    let first = first.take();
                    members.insert(name, Value::Array(vec![first, value]));
                }
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_are_read() {
        let attributes = "<GetTopicAttributesResponse xmlns=\"x\"><GetTopicAttributesResult><Attributes><entry><key>Policy\
            </key><value>{&quot;a&quot;:&#49;}</value></entry><entry><key>B</key><value/></entry></Attributes>\
            </GetTopicAttributesResult><ResponseMetadata/></GetTopicAttributesResponse>";
        assert_eq!(read(attributes), Some(json!({"Attributes": {"Policy": "{\"a\":1}", "B": ""}})));
        let tags = "<?xml version=\"1.0\"?><Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag>\
            <Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>";
        let expected = json!({"TagSet": {"Tag": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}});
        assert_eq!(read(tags), Some(expected));
        let list = "<AResponse><AResult><L><member>1</member></L></AResult></AResponse>";
        assert_eq!(read(list), Some(json!({"L": ["1"]})));
        for text in ["", "text", "<a>", "<a></b>", "<a>&x;</a>"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
