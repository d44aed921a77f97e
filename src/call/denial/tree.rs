//! Explanations as trees, for people.

use crate::audit::Node;
use crate::log::printable;
use iam_policy::{Explanation, Failure as Mismatch, LayerReport, NearMiss, Request, Said, Standing};

/// The decision, and below it every layer with the statements that match and those that nearly do.
pub fn explanation_tree(request: &Request<'_>, explanation: &Explanation<'_>) -> Node {
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
        tree.push(node(&format!("✗ {}: no policy of this layer exists, and one must allow the request", layer.noun())));
    }
    tree
}

fn layer(report: &LayerReport<'_>) -> Node {
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

fn near_miss(near: &NearMiss<'_>) -> Node {
    let near_statement = format!("{} of {}", near.statement, near.source.id);
    let mut tree = node(&format!("{near_statement} {}, but not here:", near.statement.effect.verb()));
    for failure in &near.failures {
        tree.push(mismatch(failure));
    }
    tree
}

/// What is compared, each on its own line where it is long.
fn mismatch(failure: &Mismatch) -> Node {
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
fn node(text: &str) -> Node {
    Node::new(printable(text))
}
