//! What AWS demands of a parameter before it looks at its meaning: length, pattern, range.
//!
//! The numbers and patterns are those of the published service models. Patterns are Java's; they are printed as
//! published and translated for matching.

use std::sync::OnceLock;

use regex::Regex;

/// A demand on one parameter.
#[derive(Debug)]
pub enum Constraint {
    /// On a string.
    Text(Text),
    /// On an integer: least and greatest value.
    Number(i32, i32),
    /// On a list or map: least and greatest number of members.
    List(usize, usize),
}

/// What a string must look like. Lengths count UTF-16 units, as Java does.
#[derive(Debug)]
pub struct Text {
    /// The least length.
    pub min: usize,
    /// The greatest length.
    pub max: usize,
    /// The pattern that the whole string must match.
    pub pattern: Option<&'static Pattern>,
    /// IAM's own sentence, which replaces the framework's words when the pattern fails.
    pub sentence: Option<&'static str>,
    /// Never echoed, logged or shown.
    pub secret: bool,
}

impl Text {
    /// A string of `min` to `max` characters.
    pub const fn length(min: usize, max: usize) -> Self {
        Self { min, max, pattern: None, sentence: None, secret: false }
    }

    /// The string must match `pattern`.
    pub const fn matching(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// IAM answers a broken pattern with this sentence, after authorization.
    pub const fn or_say(mut self, sentence: &'static str) -> Self {
        self.sentence = Some(sentence);
        self
    }

    /// The string is a secret.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The framework's words for each demand that `value` breaks, the pattern first.
    pub fn broken_by(&self, value: &str) -> Vec<String> {
        let mut broken = Vec::new();
        if self.sentence.is_none()
            && let Some(pattern) = self.pattern.filter(|pattern| !pattern.matches(value))
        {
            broken.push(pattern.demand());
        }
        let length = value.encode_utf16().count();
        if length > self.max {
            broken.push(at_most_long(self.max));
        }
        if length < self.min {
            broken.push(at_least_long(self.min));
        }
        broken
    }

    /// All demands, as AWS lists them for the members of a list.
    pub fn demands(&self) -> Vec<String> {
        let mut demands = Vec::new();
        if self.max < usize::MAX {
            demands.extend([at_most_long(self.max), at_least_long(self.min)]);
        }
        demands.extend(self.pattern.map(Pattern::demand));
        demands
    }
}

/// `Member must have length less than or equal to {n}`.
pub fn at_most_long(n: usize) -> String {
    format!("Member must have length less than or equal to {n}")
}

/// `Member must have length greater than or equal to {n}`.
pub fn at_least_long(n: usize) -> String {
    format!("Member must have length greater than or equal to {n}")
}

/// A pattern of the service model, compiled at its first use.
#[derive(Debug)]
pub struct Pattern {
    published: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern as AWS publishes it.
    pub const fn new(published: &'static str) -> Self {
        Self { published, compiled: OnceLock::new() }
    }

    /// The pattern as AWS publishes it.
    pub fn published(&self) -> &'static str {
        self.published
    }

    /// Whether the whole of `value` matches. A pattern that does not compile matches nothing; a test compiles them all.
    pub fn matches(&self, value: &str) -> bool {
        self.compiled
            .get_or_init(|| Regex::new(&format!("^(?:{})$", translate(self.published))).ok())
            .as_ref()
            .is_some_and(|regex| regex.is_match(value))
    }

    fn demand(&self) -> String {
        format!("Member must satisfy regular expression pattern: {}", self.published)
    }
}

/// Java's `\w`, `\d` and `\s` are ASCII; `\u0041` is written `\x{XXXX}` here; `$` must not match before a final newline.
fn translate(java: &str) -> String {
    // The one look-ahead of the models forbids a doubled hyphen in account aliases. An alias ends in a letter or
    // digit, so "hyphens are followed by something else" is the same.
    let java = java.replace(r"([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", r"(?:-?[a-z0-9])+$");
    let mut out = String::with_capacity(java.len() + 16);
    let mut rest = java.as_str();
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('w') => out.push_str("[A-Za-z0-9_]"),
            Some('d') => out.push_str("[0-9]"),
            Some('s') => out.push_str(r"[ \t\n\x0B\f\r]"),
            Some('u') => {
                let digits = unicode_digits(chars.as_str());
                out.push_str(&format!("\\x{{{digits}}}"));
                rest = chars.as_str().strip_prefix(digits).unwrap_or_default();
                continue;
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The digits of a `\u` escape: four, or more in AWS's one pattern that goes beyond the basic plane.
fn unicode_digits(after: &str) -> &str {
    let hex = after.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(after.len());
    let digits = if after.starts_with("10") && hex > 4 { hex } else { 4 };
    after.get(..digits).unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_patterns_mean_the_same_here() {
        let cases: &[(&'static str, &str, bool)] = &[
            (r"[\w+=,.@-]+", "Bob.x@y-z", true),
            (r"[\w+=,.@-]+", "Bób", false),
            (r"[\w+=,.@-]+", "a\n", false),
            (r"[^\s@]+@[^\s@]+\.[^\s@]+", "ann@example.com", true),
            (r"[^\s@]+@[^\s@]+\.[^\s@]+", "an n@example.com", false),
            (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "/a/b/", true),
            (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "/a b/", false),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "Größe 1", true),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "a*b", false),
            (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "{\n\t}", true),
            (r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+", "x😀", true),
            (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "my-alias", true),
            (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "my--alias", false),
            (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "alias-", false),
        ];
        for &(pattern, value, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(value), expected, "{pattern} on {value:?}");
        }
    }

    #[test]
    fn all_broken_demands_are_reported() {
        static PATTERN: Pattern = Pattern::new("[a-z]+");
        let text = Text::length(1, 3).matching(&PATTERN);
        assert_eq!(text.broken_by("abc"), Vec::<String>::new());
        assert_eq!(text.broken_by("").len(), 2);
        assert_eq!(text.broken_by("ABCD").len(), 2);
    }
}
