//! `iamd policy explain`: the decision as a tree.

use std::io::Write;

use anstyle::Style;
use termtree::Tree;

use super::{EvaluateArgs, Failure, Outcome, files_beside, read};
use crate::cli::output::{BAD, GOOD};
use crate::log::printable;
use iam_policy::evaluate::with_explanation;
use iam_policy::{Explanation, Failure as Mismatch, LayerReport, NearMiss, Request, Said, Standing};

pub(super) fn run(args: &EvaluateArgs, out: &mut dyn Write) -> Outcome {
    let body = read(&args.request)?;
    let explained = with_explanation(body.as_bytes(), &files_beside(&args.request), |request, explanation| {
        (tree(request, explanation), explanation.decision.is_allowed())
    });
    let (tree, allowed) = explained.map_err(|error| Failure::in_file(&args.request, &error))?;
    for line in tree.to_string().lines() {
        match style_of(line) {
            Some(style) => writeln!(out, "{style}{line}{style:#}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(!args.exit_code || allowed)
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

fn tree(request: &Request<'_>, explanation: &Explanation<'_>) -> Tree<String> {
    let verdict = if explanation.decision.is_allowed() { "ALLOWED" } else { "DENIED" };
    let asked = format!("{} on {} by {}", request.action().as_str(), request.resource(), request.principal());
    let mut tree = node(&format!("{verdict}: {asked}"));
    tree.push(node(&explanation.sentences(request)));
    for report in &explanation.layers {
        tree.push(layer(report));
    }
    let absent =
        explanation.denied_by.iter().filter(|layer| !explanation.layers.iter().any(|one| one.layer == **layer));
    for layer in absent {
        tree.push(format!("✗ {}: there is none, and one must allow the request", layer.noun()));
    }
    tree
}

fn layer(report: &LayerReport<'_>) -> Tree<String> {
    let (mark, said) = match (report.standing, report.said()) {
        (Standing::Exempt, _) => ("–", "does not bind this request"),
        (_, Said::Denies) => ("✗", "denies"),
        (_, Said::Allows) => ("✓", "allows"),
        (Standing::Required, Said::Nothing) => ("✗", "allows nothing here, and must"),
        (Standing::DenyOnly, Said::Nothing) => ("–", "says nothing, and need not"),
    };
    let mut tree = node(&format!("{mark} {}: {said}", report.title()));
    for found in &report.matched {
        let effect = found.statement.map_or("denies all", |statement| statement.effect.verb());
        tree.push(node(&format!("{found} {effect}")));
    }
    for near in &report.near {
        tree.push(near_miss(near));
    }
    tree
}

fn near_miss(near: &NearMiss<'_>) -> Tree<String> {
    let near_statement = format!("{} of {}", near.statement, near.source.id);
    let mut tree = node(&format!("{near_statement} {}, but not here:", near.statement.effect.verb()));
    for failure in &near.failures {
        tree.push(mismatch(failure));
    }
    tree
}

/// What is compared, each on its own line where it is long.
fn mismatch(failure: &Mismatch) -> Tree<String> {
    match failure {
        Mismatch::Element { .. } => node(&failure.to_string()),
        Mismatch::Condition { condition, found } => {
            let mut tree = node(&format!("{} {} does not hold", condition.operator, condition.key));
            tree.push(node(&format!("policy:  {}", condition.values.join(" | "))));
            let found = found.as_ref().map_or("(absent)".to_owned(), |values| values.join(" | "));
            tree.push(node(&format!("request: {found}")));
            tree
        }
    }
}

/// A line of the tree.
fn node(text: &str) -> Tree<String> {
    Tree::new(printable(text).into_owned())
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
        let text =
            with_explanation(body.as_bytes(), &no_files, |request, explanation| tree(request, explanation).to_string());
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
