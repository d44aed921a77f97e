//! Text of other people's files, made harmless to print.

use std::borrow::Cow;
use std::fmt::Write;

/// A text as part of a line, with escapes for what would steer a terminal or break the line; XML has no form for most of
/// it either.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_printable(character) {
            true => shown.push(character),
            // Writing to a string does not fail.
            false => drop(write!(shown, "{}", character.escape_default())),
        }
    }
    Cow::Owned(shown)
}

/// A text of several lines.
pub fn printable_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(printable)
}

/// Neither a control character, nor one that turns the direction of writing, nor one that XML lacks.
pub(super) fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_steers_is_escaped() {
        assert_eq!(printable("é \"<&>\\ 漢"), "é \"<&>\\ 漢");
        assert_eq!(
            printable("a\u{1}\u{1b}[2J\n\t\r\u{9b}\u{202e}\u{fffe}z"),
            "a\\u{1}\\u{1b}[2J\\n\\t\\r\\u{9b}\\u{202e}\\u{fffe}z"
        );
        assert_eq!(printable_lines("a\u{7}\nb\r\n").collect::<Vec<_>>(), ["a\\u{7}", "b"]);
    }
}
