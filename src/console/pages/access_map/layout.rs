//! Where everybody is in the drawing. Groups are on the left, then users and strangers, then roles: those that others
//! assume first, behind them those that only roles assume.

use std::collections::{BTreeMap, BTreeSet};

use super::kind;
use crate::app::{Edge, Node, NodeKind};
use crate::console::view::{Map, MapEdge, MapNode};

/// The size of a box, and the distance from one to the next.
const WIDTH: usize = 210;
const HEIGHT: usize = 30;
const ACROSS: usize = 300;
const DOWN: usize = 42;
const MARGIN: usize = 16;
/// The most characters of a name in its box.
const MAX_LABEL: usize = 28;
/// How many columns there are for roles.
const MAX_DEPTH: usize = 4;

/// The edges on all paths that lead through a node whose name has a text in it; all, for an empty one.
pub fn on_paths_through(edges: Vec<Edge>, wanted: &str) -> Vec<Edge> {
    if wanted.is_empty() {
        return edges;
    }
    let named = |node: &&Node| node.name.to_lowercase().contains(wanted);
    let start: BTreeSet<Node> = edges.iter().flat_map(|edge| [&edge.from, &edge.to]).filter(named).cloned().collect();
    let ahead = reached(&edges, &start, |edge| (&edge.from, &edge.to));
    let behind = reached(&edges, &start, |edge| (&edge.to, &edge.from));
    let is_on = |edge: &Edge| ahead.contains(&edge.from) || behind.contains(&edge.to);
    edges.into_iter().filter(is_on).collect()
}

fn reached(edges: &[Edge], start: &BTreeSet<Node>, ends: fn(&Edge) -> (&Node, &Node)) -> BTreeSet<Node> {
    let mut known = start.clone();
    loop {
        let more: Vec<Node> = edges
            .iter()
            .map(ends)
            .filter(|(near, far)| known.contains(near) && !known.contains(far))
            .map(|(_, far)| far.clone())
            .collect();
        if more.is_empty() {
            return known;
        }
        known.extend(more);
    }
}

/// The column of everybody.
fn columns(edges: &[Edge]) -> BTreeMap<&Node, usize> {
    let mut columns: BTreeMap<&Node, usize> = BTreeMap::new();
    let first = usize::from(edges.iter().any(|edge| edge.from.kind == NodeKind::Group));
    for node in edges.iter().flat_map(|edge| [&edge.from, &edge.to]) {
        let column = match node.kind {
            NodeKind::Group => 0,
            NodeKind::Role => first + MAX_DEPTH,
            _ => first,
        };
        columns.insert(node, column);
    }
    // A role comes right behind the nearest that can assume it.
    for depth in 0..MAX_DEPTH {
        let from = first + depth;
        let next: Vec<&Node> = edges
            .iter()
            .filter(|edge| edge.to.kind == NodeKind::Role && columns.get(&edge.from) == Some(&from))
            .filter(|edge| columns.get(&edge.to).is_some_and(|column| *column > from + 1))
            .map(|edge| &edge.to)
            .collect();
        for node in next {
            columns.insert(node, from + 1);
        }
    }
    columns
}

/// Draws edges.
pub fn draw(edges: &[Edge], words: fn(&Edge) -> String, link: fn(&Node) -> Option<String>) -> Map {
    let columns = columns(edges);
    let used: BTreeSet<usize> = columns.values().copied().collect();
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut places, mut nodes): (BTreeMap<&Node, usize>, Vec<MapNode>) = (BTreeMap::new(), Vec::new());
    for (node, column) in &columns {
        let row = filled.entry(*column).or_default();
        // Columns without anybody take no room.
        let across = used.range(..column).count();
        places.insert(node, nodes.len());
        nodes.push(MapNode {
            x: MARGIN + across * ACROSS,
            y: MARGIN + *row * DOWN,
            kind: kind(node),
            label: shortened(&node.name),
            name: node.name.clone(),
            link: link(node),
        });
        *row += 1;
    }
    let rows = filled.values().copied().max().unwrap_or_default();
    let drawn = edges.iter().filter_map(|edge| {
        let (from, to) = (*places.get(&edge.from)?, *places.get(&edge.to)?);
        let line = line(nodes.get(from)?, nodes.get(to)?);
        let kind = match (edge.from.kind, edge.conditions.is_empty()) {
            (NodeKind::Group, _) => "member",
            (_, true) => "",
            (_, false) => "conditional",
        };
        Some(MapEdge { from, to, line, kind, words: words(edge) })
    });
    let edges = drawn.collect();
    // Lines back to the same column bend out to the right.
    let width = 2 * MARGIN + used.len().saturating_sub(1) * ACROSS + WIDTH + 60;
    Map { width, height: 2 * MARGIN + rows * DOWN, nodes, edges }
}

/// A line from the right of one box to the left of another, or around to the right where that is not further right.
fn line(from: &MapNode, to: &MapNode) -> String {
    let middle = |node: &MapNode| node.y + HEIGHT / 2;
    let (start, y, end) = (from.x + WIDTH, middle(from), middle(to));
    if to.x > from.x {
        let half = (to.x - start) / 2;
        return format!("M{start} {y}C{} {y} {} {end} {} {end}", start + half, to.x - half, to.x);
    }
    let right = to.x + WIDTH;
    let out = start.max(right) + 50;
    if (from.x, from.y) == (to.x, to.y) {
        return format!("M{start} {}C{out} {} {out} {} {start} {}", y - 8, y - 16, y + 16, y + 8);
    }
    format!("M{start} {y}C{out} {y} {out} {end} {right} {end}")
}

/// A name that fits into its box. Of an ARN the end says most.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= MAX_LABEL {
        return name.to_owned();
    }
    if name.starts_with("arn:") {
        let end: String = name.chars().skip(count + 1 - MAX_LABEL).collect();
        return format!("…{end}");
    }
    let start: String = name.chars().take(MAX_LABEL - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: NodeKind, name: &str) -> Node {
        Node { kind, name: name.to_owned() }
    }

    fn edges(names: &[(&str, &str)]) -> Vec<Edge> {
        let of = |name: &str| match name {
            "alice" | "bob" => node(NodeKind::User, name),
            "team" => node(NodeKind::Group, name),
            _ => node(NodeKind::Role, name),
        };
        let edge =
            |(from, to): &(&str, &str)| Edge { from: of(from), to: of(to), why: "x".into(), conditions: Vec::new() };
        names.iter().map(edge).collect()
    }

    fn names(edges: &[Edge]) -> Vec<(&str, &str)> {
        edges.iter().map(|edge| (edge.from.name.as_str(), edge.to.name.as_str())).collect()
    }

    #[test]
    fn paths_lead_through_a_name_from_beginning_to_end() {
        let all =
            [("alice", "one"), ("one", "two"), ("two", "three"), ("bob", "four"), ("three", "one"), ("four", "three")];
        let found = on_paths_through(edges(&all), "four");
        assert_eq!(
            names(&found),
            [("one", "two"), ("two", "three"), ("bob", "four"), ("three", "one"), ("four", "three")]
        );
        assert_eq!(on_paths_through(edges(&all), "").len(), all.len());
        assert!(on_paths_through(edges(&all), "nobody").is_empty());
    }

    #[test]
    fn roles_come_behind_those_who_assume_them() {
        let map = draw(
            &edges(&[
                ("team", "alice"),
                ("alice", "one"),
                ("one", "two"),
                ("two", "one"),
                ("lost", "found"),
                ("found", "lost"),
            ]),
            |_| String::new(),
            |_| None,
        );
        let x = |name: &str| map.nodes.iter().find(|node| node.name == name).unwrap().x;
        assert!(x("team") < x("alice") && x("alice") < x("one") && x("one") < x("two") && x("two") < x("lost"));
        assert_eq!(x("lost"), x("found"), "nobody leads to them");
        let mut boxes: Vec<_> = map.nodes.iter().map(|node| (node.x, node.y)).collect();
        boxes.sort_unstable();
        boxes.dedup();
        assert_eq!(boxes.len(), map.nodes.len(), "no box is on another");
        assert!(map.nodes.iter().all(|node| node.x + WIDTH < map.width && node.y + HEIGHT < map.height));
    }

    #[test]
    fn long_names_are_cut_where_they_say_least() {
        assert_eq!(shortened("arn:aws:iam::222222222222:role/path/deployer"), "…22222222:role/path/deployer");
        assert!(shortened(&"x".repeat(64)).ends_with('…'));
        assert_eq!(shortened(&"ü".repeat(64)).chars().count(), MAX_LABEL);
    }
}
