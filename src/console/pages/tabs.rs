//! The page of an entity in parts, of which one is read and shown at a time.

use super::parts::with_query;
use crate::console::view::{Block, Cell};
use crate::console::visit::Visit;

/// The parts of a page, the first of which is shown where the query names none.
pub struct Tabs {
    page: String,
    names: &'static [(&'static str, &'static str)],
    current: &'static str,
}

impl Tabs {
    /// The parts of a page, each with its word in the query and its name.
    pub fn new(visit: &Visit, page: String, names: &'static [(&'static str, &'static str)]) -> Self {
        let given = visit.sent.field("tab");
        let current = names.iter().find(|(word, _)| *word == given).or_else(|| names.first());
        Self { page, names, current: current.map_or("", |(word, _)| word) }
    }

    /// The part that is shown.
    pub fn current(&self) -> &'static str {
        self.current
    }

    /// Where it is, to come back to.
    pub fn place(&self) -> String {
        with_query(&self.page, &[("tab", self.current)])
    }

    /// The links to all parts.
    pub fn block(&self) -> Block {
        let cell = |(word, name): &(&str, &str)| match *word == self.current {
            true => Cell::text(*name),
            false => Cell::link(*name, with_query(&self.page, &[("tab", word)])),
        };
        Block::Tabs(self.names.iter().map(cell).collect())
    }
}
