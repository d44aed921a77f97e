//! Text as the content of elements.

use std::borrow::Cow;

use quick_xml::escape::escape;

/// A text as the content of an element. XML has no form for some characters, not even as references (XML 1.0, 2.2
/// Char): they become U+FFFD. A bare carriage return would be read as a line feed (2.11).
pub(super) fn content(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let escaped = escape(text);
    if escaped.chars().all(|character| character != '\r' && is_char(character)) {
        return escaped;
    }
    let mut out = String::with_capacity(escaped.len());
    for character in escaped.chars() {
        match character {
            '\r' => out.push_str("&#13;"),
            character if is_char(character) => out.push(character),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(out)
}

/// Whether a byte is a character that is written as it is. Most texts have no others.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'&' | b'\'' | b'"')
}

/// XML's `Char`; a `char` is no surrogate anyway.
fn is_char(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::super::{error_response, result};
    use super::*;
    use crate::error::{Code, Error};

    #[test]
    fn characters_that_xml_lacks_are_replaced() {
        let cases = [
            ("a\0b\u{1}\u{8}\u{B}\u{C}\u{E}\u{1F}", "a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("<\u{FFFE}\u{FFFF}>", "&lt;\u{FFFD}\u{FFFD}&gt;"),
            ("a\r\nb\tc", "a&#13;\nb\tc"),
            (
                " \u{7F}é\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}",
                " \u{7F}é\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(content(text), expected, "{text:?}");
            assert_eq!(result("X", &text).unwrap(), format!("  <XResult>{expected}</XResult>\n"));
            let error = error_response("", &Error::new(Code::InvalidInput, text.to_owned()), "");
            assert!(error.contains(&format!("<Message>{expected}</Message>")), "{error}");
        }
    }
}
