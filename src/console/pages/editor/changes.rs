//! What a draft changes, line by line.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// After so long, the rest of long documents is compared less finely.
const PATIENCE: Duration = Duration::from_millis(100);

/// A line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `+` for a new line, `-` for one that goes, a space for one that stays.
    pub sign: char,
    /// The line without its end.
    pub text: String,
}

/// The lines of both documents; none if nothing changes. White space makes no difference between two that can be read.
pub fn changes(before: &str, after: &str) -> Vec<Change> {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let written = |document: &Value| serde_json::to_string_pretty(document).ok();
    let both = read(before).zip(read(after)).and_then(|(before, after)| written(&before).zip(written(&after)));
    let (before, after) = both.unwrap_or_else(|| (before.to_owned(), after.to_owned()));
    let (before, after) = (format!("{}\n", before.trim_end()), format!("{}\n", after.trim_end()));
    if before == after {
        return Vec::new();
    }
    let compared = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
    let lines = compared.iter_all_changes().map(|change| Change {
        sign: match change.tag() {
            ChangeTag::Insert => '+',
            ChangeTag::Delete => '-',
            ChangeTag::Equal => ' ',
        },
        text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
    });
    lines.filter(|line| line.sign != '-' || !line.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go() {
        let shown = |before, after| {
            let lines = changes(before, after).into_iter();
            lines.map(|line| format!("{}{}", line.sign, line.text)).collect::<Vec<_>>()
        };
        assert_eq!(shown("a\nb\nc", "a\nx\nc\n"), [" a", "-b", "+x", " c"]);
        assert_eq!(shown("a\nb", "a\nb\n"), [""; 0]);
        assert_eq!(shown("", "a"), ["+a"]);
        assert_eq!(shown("[1,2]", "[ 1,\n2 ]"), [""; 0]);
        assert_eq!(shown("[1,2]", "[1,3]"), [" [", "   1,", "-  2", "+  3", " ]"]);
    }
}
