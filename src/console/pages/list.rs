//! Lists of entities: pages as AWS's, or all that have a text in their name.

use axum::response::Response;
use serde_json::Value;

use super::parts::{done, members, shown, with_query};
use crate::console::view::{Block, Cell, Field, Form, Row, Search, Table};
use crate::console::visit::Visit;

/// How many entities a page has.
const PAGE: &str = "50";
/// How many are read at a time, and at most how often, when a name is looked for.
const SEARCHED: &str = "1000";
const MAX_SEARCHES: usize = 10;

/// A list of entities of one kind.
pub struct List {
    /// The end of the page's path.
    pub section: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The operation that lists them.
    pub operation: &'static str,
    /// Its parameters.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Lists to choose from, the first of which is shown where the query names none: each with its word in the query, its
    /// name, and a parameter.
    pub choices: &'static [(&'static str, &'static str, (&'static str, &'static str))],
    /// The member of its answer.
    pub member: &'static str,
    /// The member with the name.
    pub name: &'static str,
    /// The columns' headings.
    pub columns: &'static [&'static str],
    /// The row of an entity.
    pub row: fn(&Value) -> Row,
    /// The form that makes another one.
    pub create: fn() -> Form,
}

/// A list.
pub async fn page(visit: &Visit, list: &List) -> Response {
    let (wanted, mut marker) = (visit.sent.field("q").to_lowercase(), visit.sent.field("marker").to_owned());
    let chosen = list.choices.iter().find(|choice| choice.0 == visit.sent.field("scope")).or(list.choices.first());
    let page = format!("/console/{}", list.section);
    let mut rows = Vec::new();
    for _ in 0..MAX_SEARCHES {
        let mut parameters = list.parameters.to_vec();
        parameters.extend(chosen.map(|(.., parameter)| *parameter));
        parameters.push(("MaxItems", if wanted.is_empty() { PAGE } else { SEARCHED }));
        if !marker.is_empty() {
            parameters.push(("Marker", &marker));
        }
        let value = match visit.iam(list.operation, &parameters).await {
            Ok(value) => value,
            Err(error) => return visit.refusal(list.section, list.title, &error),
        };
        let fits = |entity: &&Value| shown(entity, list.name).to_lowercase().contains(&wanted);
        rows.extend(members(&value, list.member).iter().filter(fits).map(list.row));
        marker = shown(&value, "Marker");
        if marker.is_empty() || wanted.is_empty() {
            break;
        }
    }
    let next = (!marker.is_empty()).then(|| {
        let mut query = vec![("q", wanted.as_str()), ("marker", marker.as_str())];
        query.extend(chosen.map(|(scope, ..)| ("scope", *scope)));
        with_query(&page, &query)
    });
    let tab = |(scope, name, _): &(&str, &str, _)| match chosen.is_some_and(|chosen| chosen.0 == *scope) {
        true => Cell::text(*name),
        false => Cell::link(*name, with_query(&page, &[("scope", scope)])),
    };
    let tabs = (!list.choices.is_empty()).then(|| Block::Tabs(list.choices.iter().map(tab).collect()));
    let columns = list.columns.iter().map(|column| (*column).to_owned()).collect();
    let empty = if wanted.is_empty() { "There are none yet." } else { "None has that in its name." };
    let table = Table { title: String::new(), columns, rows, empty: empty.to_owned(), next, ..Table::default() };
    let search = Search {
        text: visit.sent.field("q").to_owned(),
        hidden: chosen.map(|(scope, ..)| ("scope", *scope)).into_iter().collect(),
    };
    let rest = [Block::Search(search), Block::Table(table), Block::Form((list.create)())];
    let blocks = tabs.into_iter().chain(rest).collect();
    visit.page(list.section, list.title, done(visit), blocks)
}

/// The form that makes an entity.
pub fn create(title: &str, operation: &'static str, fields: Vec<Field>, next: &str) -> Form {
    let (title, submit) = (title.to_owned(), title.to_owned());
    Form { title, submit, operation: operation.to_owned(), fields, next: next.to_owned(), ..Form::default() }
}
