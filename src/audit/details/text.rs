//! The details of a denial for people.

use std::fmt::Write;

use super::{Details, Effect};

impl Details {
    /// Lines for a terminal: what was asked, as trees, and what would have allowed it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} request {} ({})", self.time, self.request_id, self.id);
        for evaluation in &self.evaluations {
            if evaluation.effect == Effect::Allow {
                text.push_str(&evaluation.tree.text);
                text.push('\n');
            } else {
                text.push_str(&evaluation.tree.tree().to_string());
            }
        }
        self.write_mend(&mut text);
        text
    }

    fn write_mend(&self, text: &mut String) {
        let mend = self.mend();
        for (sid, policy) in &mend.denying {
            let sid = shown(sid);
            let _ = writeln!(text, "\nNo Allow outweighs the statement {sid} of {}: it has to change.", shown(policy));
        }
        for (noun, statement) in &mend.statements {
            let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            let _ = writeln!(
                text,
                "\nThis statement in {article} {noun} would allow it:\n  {}",
                spaced(&statement.to_string())
            );
        }
    }
}

/// A text without what would steer a terminal.
fn shown(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// JSON on one line, with spaces where people write them, and without what would steer a terminal.
fn spaced(json: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(json.len() + 16), false, false);
    for c in json.chars() {
        match c {
            c if c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
        if !quoted && matches!(c, ':' | ',') {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spaced_between_texts_only() {
        let json = r#"{"Action":["iam:A","iam:B"],"Resource":"a:\",b"}"#;
        assert_eq!(spaced(json), r#"{"Action": ["iam:A", "iam:B"], "Resource": "a:\",b"}"#);
        assert_eq!(spaced("\"a\u{202e}\u{7f}\""), r#""a\u202e\u007f""#);
    }
}
