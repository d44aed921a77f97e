//! The parameters of a request in a record.

use super::shape::Shape;
use super::{HIDDEN, OMITTED, limited, mask, push_name, push_text};
use crate::wire::Input;
use crate::wire::input::{Leaf, Node};

/// The parameters that were sent, as JSON; `None` if there are none. What an operation does not read is not recorded.
pub fn parameters(shape: &Shape, input: &Input<'_>) -> Option<String> {
    let Shape::Structure(members) = shape else { return None };
    let mut out = String::with_capacity(128);
    structure(&mut out, members, input.root());
    (out != "{}").then(|| limited(out))
}

fn structure(out: &mut String, members: &[(&'static str, Shape)], node: Node<'_>) {
    out.push('{');
    for (name, shape) in members {
        let child = node.child(name);
        if child.is_absent() && !child.has_children() || *shape == Shape::Secret || OMITTED.contains(name) {
            continue;
        }
        separate(out, '{');
        push_name(out, name);
        match mask(name) {
            Some(mask) => push_text(out, mask),
            None => value(out, shape, child),
        }
    }
    out.push('}');
}

/// Puts a comma before all but the first member.
fn separate(out: &mut String, opening: char) {
    if !out.ends_with(opening) {
        out.push(',');
    }
}

/// Whether a text is a number in JSON, too.
fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

fn value(out: &mut String, shape: &Shape, node: Node<'_>) {
    let text = node.value().unwrap_or_default();
    match shape {
        Shape::Number if node.is(Leaf::Number) && is_number(&text) => out.push_str(&text),
        Shape::Boolean if text.eq_ignore_ascii_case("true") => out.push_str("true"),
        Shape::Boolean if text.eq_ignore_ascii_case("false") => out.push_str("false"),
        Shape::Text | Shape::Number | Shape::Boolean => push_text(out, &text),
        Shape::Secret => push_text(out, HIDDEN),
        Shape::Structure(members) => structure(out, members, node),
        Shape::List(shape) => {
            out.push('[');
            for member in node.members() {
                separate(out, '[');
                value(out, shape, member);
            }
            out.push(']');
        }
        Shape::Map(shape) => {
            out.push('{');
            for entry in node.entries() {
                separate(out, '{');
                push_text(out, &entry.child("key").value().unwrap_or_default());
                out.push(':');
                value(out, shape, entry.child("value"));
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Params;

    fn recorded(body: &str) -> Option<String> {
        let tag = Shape::Structure(vec![("Key", Shape::Text), ("Value", Shape::Text)]);
        let shape = Shape::Structure(vec![
            ("UserName", Shape::Text),
            ("OpenIDConnectProviderArn", Shape::Text),
            ("DurationSeconds", Shape::Number),
            ("Flag", Shape::Boolean),
            ("Tags", Shape::List(Box::new(tag))),
            ("NewPassword", Shape::Text),
            ("Token", Shape::Secret),
            ("EncodedMessage", Shape::Text),
            ("Email", Shape::Text),
            ("Properties", Shape::Map(Box::new(Shape::Number))),
        ]);
        parameters(&shape, &Input::Query(Params::read("", body.as_bytes()).unwrap()))
    }

    #[test]
    fn what_was_sent_is_recorded_in_its_own_type() {
        let body = "UserName=a%22b&OpenIDConnectProviderArn=arn&DurationSeconds=3600&Flag=TRUE&Tags.member.1.Key=k&\
                    Tags.member.1.Value=v&Properties.entry.1.key=n&Properties.entry.1.value=1&Unknown=1";
        let expected = r#"{"userName":"a\"b","openIDConnectProviderArn":"arn","durationSeconds":3600,"flag":true,"tags":[{"key":"k","value":"v"}],"properties":{"n":1}}"#;
        assert_eq!(recorded(body).as_deref(), Some(expected));
        assert_eq!(recorded(""), None);
        assert_eq!(
            recorded("DurationSeconds=long&Flag=maybe").unwrap(),
            r#"{"durationSeconds":"long","flag":"maybe"}"#
        );
    }

    #[test]
    fn secrets_are_not_recorded() {
        assert_eq!(recorded("NewPassword=p&Token=t"), None);
        let masked = recorded("EncodedMessage=secret&Email=a@example.com").unwrap();
        assert_eq!(masked, r#"{"encodedMessage":"HIDDEN_DUE_TO_SECURITY_REASONS","email":"****"}"#);
    }

    #[test]
    fn what_is_too_long_is_left_out() {
        let long = recorded(&format!("UserName={}", "a".repeat(200_000))).unwrap();
        assert!(long.starts_with(r#"{"omitted":true,"originalSize":200015"#), "{long}");
    }
}
