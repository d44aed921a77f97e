//! Lists of entities: pages as AWS's, or all that have a text in their name.

use axum::response::Response;
use serde_json::Value;

use super::parts::{done, members, shown};
use crate::console::view::{Block, Field, Form, Row, Table};
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
    let mut rows = Vec::new();
    for _ in 0..MAX_SEARCHES {
        let mut parameters = list.parameters.to_vec();
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
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &wanted)
            .append_pair("marker", &marker)
            .finish();
        format!("/console/{}?{query}", list.section)
    });
    let columns = list.columns.iter().map(|column| (*column).to_owned()).collect();
    let empty = if wanted.is_empty() { "There are none yet." } else { "None has that in its name." };
    let table = Table { title: String::new(), columns, rows, empty: empty.to_owned(), next };
    let blocks =
        vec![Block::Search(visit.sent.field("q").to_owned()), Block::Table(table), Block::Form((list.create)())];
    visit.page(list.section, list.title, done(visit), blocks)
}

/// The form that makes an entity.
pub fn create(title: &str, operation: &'static str, fields: Vec<Field>, next: &str) -> Form {
    let (title, submit) = (title.to_owned(), title.to_owned());
    Form { title, submit, operation: operation.to_owned(), fields, next: next.to_owned(), ..Form::default() }
}
