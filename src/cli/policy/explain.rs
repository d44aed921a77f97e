//! `iamd policy explain`: the decision as a tree.

use std::io::{self, Write};

use super::{EvaluateArgs, Failure, Outcome, files_beside, read};
use crate::call::explanation_tree;
use crate::cli::output::{BAD, GOOD};
use anstyle::Style;
use iam_policy::evaluate::with_explanation;

pub(super) fn run(args: &EvaluateArgs, out: &mut dyn Write) -> Outcome {
    let body = read(&args.request)?;
    let explained = with_explanation(body.as_bytes(), &files_beside(&args.request), |request, explanation| {
        (explanation_tree(request, explanation), explanation.decision.is_allowed())
    });
    let (tree, allowed) = explained.map_err(|error| Failure::in_file(&args.request, &error))?;
    write_coloured(&tree.tree().to_string(), out)?;
    Ok(!args.exit_code || allowed)
}

/// Prints the lines of explanations with their colours.
pub(in crate::cli) fn write_coloured(text: &str, out: &mut dyn Write) -> io::Result<()> {
    for line in text.lines() {
        match style_of(line) {
            Some(style) => writeln!(out, "{style}{line}{style:#}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// The colour of a line: of the verdict and of the layers.
fn style_of(line: &str) -> Option<Style> {
    let text = line.trim_start_matches(['├', '└', '─', ' ']);
    match text.split([' ', ':']).next() {
        Some("ALLOWED" | "✓") => Some(GOOD),
        Some("DENIED" | "✗") => Some(BAD),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_and_layers_have_a_colour() {
        assert_eq!(style_of("ALLOWED: s3:GetObject on * by *"), Some(GOOD));
        assert_eq!(style_of("DENIED: s3:GetObject on * by *"), Some(BAD));
        assert_eq!(style_of("├── ✓ service control policy, level 1 (root): allows"), Some(GOOD));
        assert_eq!(style_of("└── ✗ identity-based policy: allows nothing here, and must"), Some(BAD));
        assert_eq!(style_of("│   ├── statement Everything (line 4) of guardrails.json allows"), None);
    }

    #[test]
    fn a_tree_shows_every_layer() {
        let body = r#"{
            "principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "context": {"aws:SourceIp": "192.0.2.1"},
            "identityPolicies": [{"name": "readers", "document": {"Version": "2012-10-17", "Statement": [
                {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}],
            "serviceControlPolicies": [{"target": "root", "policies": [{"name": "full", "document": {
                "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]}"#;
        let no_files = |_: &str| Err(String::new());
        let text = with_explanation(body.as_bytes(), &no_files, |request, explanation| {
            explanation_tree(request, explanation).tree().to_string()
        });
        let expected = "\
DENIED: s3:GetObject on arn:aws:s3:::b/k by arn:aws:iam::111122223333:user/ann
├── Denied: no identity-based policy allows s3:GetObject on arn:aws:s3:::b/k. Statement Read (line 5) of readers does not \
match: IpAddress wants aws:SourceIp to be \"203.0.113.0/24\", and the request has \"192.0.2.1\".
├── ✓ service control policy, level 1 (root): allows
│   └── statement 1 (line 8) of full allows
└── ✗ identity-based policy: allows nothing here, and must
    └── statement Read (line 5) of readers allows, but not here:
        └── IpAddress aws:SourceIp does not hold
            ├── policy:  203.0.113.0/24
            └── request: 192.0.2.1
";
        assert_eq!(text.unwrap(), expected);
    }
}
