//! The statements that nearly matched, from the explanation that `iamd why` prints.

use crate::audit::{Details, Node};

/// The near misses of an action on a resource.
pub struct NearMisses {
    /// What was asked.
    pub asked: String,
    /// The statements.
    pub misses: Vec<NearMiss>,
}

/// A statement that nearly matched.
pub struct NearMiss {
    /// The kind of policies.
    pub layer: String,
    /// Which statement, in a sentence.
    pub statement: String,
    /// What did not match.
    pub failures: Vec<Failure>,
}

/// What did not match.
pub struct Failure {
    /// The element or the condition.
    pub what: String,
    /// What is compared, each with its label.
    pub compared: Vec<(String, String)>,
}

/// The near misses of all that was denied.
pub fn near_misses(details: &Details) -> Vec<NearMisses> {
    let of = |tree: &Node| -> Vec<NearMiss> {
        // Below a layer are statements; those that match have nothing below them.
        let layers = tree.nodes.iter();
        let misses = layers.flat_map(|layer| {
            let near = layer.nodes.iter().filter(|statement| !statement.nodes.is_empty());
            near.map(|statement| NearMiss {
                layer: name_of(&layer.text),
                statement: statement.text.clone(),
                failures: statement.nodes.iter().map(failure).collect(),
            })
        });
        misses.collect()
    };
    let found = details
        .evaluations
        .iter()
        .map(|one| NearMisses { asked: format!("{} on {}", one.action, one.resource), misses: of(&one.tree) });
    found.filter(|one| !one.misses.is_empty()).collect()
}

/// A layer's name without its mark and what it comes to.
fn name_of(line: &str) -> String {
    let name = line.split_once(' ').map_or(line, |(_, name)| name);
    name.split_once(": ").map_or(name, |(name, _)| name).to_owned()
}

fn failure(node: &Node) -> Failure {
    let compared = node.nodes.iter().filter_map(|line| line.text.split_once(':'));
    Failure {
        what: node.text.clone(),
        compared: compared.map(|(label, value)| (label.to_owned(), value.trim_start().to_owned())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_without_what_they_come_to() {
        assert_eq!(name_of("✗ identity-based policy: allows nothing here, and must"), "identity-based policy");
        assert_eq!(name_of("– trust"), "trust");
    }
}
