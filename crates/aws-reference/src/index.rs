//! A sorted table of text, searched where it lies.

use std::cmp::Ordering;
use std::str::Lines;

/// A table with a heading, tab-separated columns, and lines sorted by their first column without regard to case.
pub struct Index(&'static str);

impl Index {
    /// The table in this text.
    pub const fn new(table: &'static str) -> Self {
        Self(table)
    }

    /// Every line.
    pub fn lines(&self) -> Lines<'static> {
        self.body().lines()
    }

    /// The line whose first column is `key`, in any case.
    pub fn get(&self, key: &str) -> Option<&'static str> {
        let line = self.seek(|other| ignoring_case(other, key).is_lt()).next()?;
        first_column(line).eq_ignore_ascii_case(key).then_some(line)
    }

    /// The lines behind those whose key `precedes`, by binary search.
    fn seek(&self, precedes: impl Fn(&str) -> bool) -> Lines<'static> {
        let body = self.body();
        // Both are the starts of lines, or the end.
        let (mut low, mut high) = (0, body.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = body.get(low..middle).and_then(|lines| lines.rfind('\n')).map_or(low, |end| low + end + 1);
            let line = body.get(start..).and_then(|lines| lines.lines().next()).unwrap_or_default();
            if precedes(first_column(line)) {
                low = start + line.len() + 1;
            } else {
                high = start;
            }
        }
        body.get(low..).unwrap_or_default().lines()
    }

    fn body(&self) -> &'static str {
        self.0.split_once('\n').map_or("", |(_heading, body)| body)
    }
}

/// The order of names that AWS compares without regard to case.
pub fn ignoring_case(one: &str, other: &str) -> Ordering {
    fn lower(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    lower(one).cmp(lower(other))
}

fn first_column(line: &str) -> &str {
    line.split_once('\t').map_or(line, |(first, _)| first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: Index = Index("key\tvalue\nalpha\t1\nBeta\t2\ndelta-x\nGamma\t3\n");

    #[test]
    fn finds_every_line_in_any_case_and_nothing_else() {
        for (key, line) in [("alpha", "alpha\t1"), ("BETA", "Beta\t2"), ("delta-x", "delta-x"), ("gamma", "Gamma\t3")] {
            assert_eq!(INDEX.get(key), Some(line));
        }
        for key in ["", "a", "alphabet", "beta ", "delta", "gamma\t3", "key", "zeta"] {
            assert_eq!(INDEX.get(key), None, "{key:?}");
        }
    }

    #[test]
    fn an_empty_table_has_no_lines() {
        for index in [Index(""), Index("key\n")] {
            assert_eq!(index.get("alpha"), None);
            assert_eq!(index.lines().count(), 0);
        }
    }
}
