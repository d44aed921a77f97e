//! The access map: who can assume what, as a drawing and in words.

mod layout;

use axum::response::Response;

use super::parts::path;
use crate::app::{Edge, Node, NodeKind};
use crate::console::view::{Block, Notice, Search};
use crate::console::visit::{Visit, sentence};

const SECTION: &str = "access-map";
const TITLE: &str = "Access map";
/// The most ways that are drawn.
const MAX_EDGES: usize = 500;

/// The map. It shows what trust policies and permissions say, so that who may not read all of these does not see it.
pub async fn page(visit: &Visit) -> Response {
    if let Err(error) = visit.iam("GetAccountAuthorizationDetails", &[("MaxItems", "1")]).await {
        return visit.refusal(SECTION, TITLE, &error);
    }
    let account = visit.session.caller.account;
    let found = match visit.state.app.assumptions(account, &visit.sent.facts).await {
        Ok(found) => found,
        Err(error) => return visit.page(SECTION, TITLE, Notice::error(sentence(&error)), Vec::new()),
    };
    let wanted = visit.sent.field("q").trim().to_lowercase();
    let mut edges = layout::on_paths_through(found.edges, &wanted);
    let is_cut = edges.len() > MAX_EDGES;
    edges.truncate(MAX_EDGES);
    let mut blocks = vec![Block::Search(Search { text: visit.sent.field("q").to_owned(), ..Search::default() })];
    if edges.is_empty() {
        let why = if wanted.is_empty() { "Nobody can assume a role." } else { "No path leads through such a name." };
        blocks.push(Block::Note(why.to_owned()));
    } else {
        blocks.push(Block::Map(layout::draw(&edges, words, link)));
    }
    if is_cut {
        blocks.push(Block::Note(format!("The first {MAX_EDGES} ways are shown. Find a name to see those through it.")));
    }
    if found.is_partial {
        blocks.push(Block::Note("There are too many users and roles: those that come last are left out.".to_owned()));
    }
    if wanted.is_empty() && !found.unreachable.is_empty() {
        let names = found.unreachable.join(", ");
        blocks.push(Block::Note(format!("Roles that nobody here can assume: {names}.")));
    }
    visit.page(SECTION, TITLE, None, blocks)
}

/// What somebody is, in a word.
pub(super) fn kind(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Group => "group",
        NodeKind::User => "user",
        NodeKind::Service => "service",
        NodeKind::Provider => "provider",
        NodeKind::Account => "account",
        NodeKind::Role => "role",
    }
}

/// A way in words.
fn words(edge: &Edge) -> String {
    let (from, to) = (format!("{} {}", capitalized(kind(&edge.from)), edge.from.name), &edge.to.name);
    if edge.from.kind == NodeKind::Group {
        return format!("{from} has the member {to}.");
    }
    if edge.conditions.is_empty() {
        return format!("{from} can assume {to}, by {}.", edge.why);
    }
    format!("{from} can assume {to} if {}.", edge.conditions.join(" and "))
}

fn capitalized(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}

/// The page of somebody.
fn link(node: &Node) -> Option<String> {
    match node.kind {
        NodeKind::Group => Some(path("groups", &node.name)),
        NodeKind::User => Some(path("users", &node.name)),
        NodeKind::Role => Some(path("roles", &node.name)),
        NodeKind::Provider => Some("/console/providers".to_owned()),
        NodeKind::Service | NodeKind::Account => None,
    }
}
