//! When a user, group, role or managed policy last accessed the services that it allows.

use axum::response::Response;
use serde_json::Value;

use crate::console::pages::parts::{done, form, shown, table, with_query};
use crate::console::view::{Block, Cell, Field, Notice, Row};
use crate::console::visit::{Visit, sentence};
use crate::error::Error;

const SECTION: &str = "last-accessed";
const TITLE: &str = "Service last accessed";
const PLACE: &str = "/console/last-accessed";

/// The form that asks for a report, and the report of a job.
pub async fn page(visit: &Visit) -> Response {
    let (job, service) = (visit.sent.field("job"), visit.sent.field("service"));
    let arn = visit.sent.field("arn");
    let fields = vec![Field::required("Arn", "ARN of a user, group, role or managed policy").with(arn)];
    let ask = form("Make a report", "Make the report", "iam:GenerateServiceLastAccessedDetails", &[], fields, PLACE);
    if job.is_empty() {
        let note = "A report shows when the calls that came here last used each service that the policies allow.";
        return visit.page(SECTION, TITLE, None, vec![Block::Note(note.to_owned()), ask]);
    }
    let result = match service {
        "" => services(visit, job).await,
        service => entities(visit, job, service).await,
    };
    match result {
        Ok(mut blocks) => {
            blocks.push(ask);
            visit.page(SECTION, TITLE, done(visit), blocks)
        }
        Err(error) => visit.page(SECTION, TITLE, Notice::error(sentence(&error)), vec![ask]),
    }
}

/// A page of the report.
fn place(job: &str, more: &[(&str, &str)]) -> String {
    with_query(PLACE, &[&[("job", job)], more].concat())
}

/// The services that were accessed first, the latest at the top.
async fn services(visit: &Visit, job: &str) -> Result<Vec<Block>, Error> {
    let mut parameters = vec![("JobId", job), ("MaxItems", "1000")];
    if !visit.sent.field("marker").is_empty() {
        parameters.push(("Marker", visit.sent.field("marker")));
    }
    let mut report = visit.iam("GetServiceLastAccessedDetails", &parameters).await?;
    if let Some(Value::Array(services)) = report.get_mut("ServicesLastAccessed") {
        services.sort_by_key(|service| std::cmp::Reverse(service.get("LastAuthenticated").and_then(Value::as_i64)));
    }
    let row = |service: &Value| {
        let namespace = shown(service, "ServiceNamespace");
        let last = shown(service, "LastAuthenticated");
        let entities =
            Cell::link(shown(service, "TotalAuthenticatedEntities"), place(job, &[("service", namespace.as_str())]));
        let last = if last.is_empty() { "not in the tracking period".to_owned() } else { last };
        let by = Cell::text(shown(service, "LastAuthenticatedEntity"));
        let cells =
            vec![Cell::text(shown(service, "ServiceName")), Cell::text(namespace), Cell::text(last), by, entities];
        Row { cells, actions: Vec::new() }
    };
    let columns = ["Service", "Namespace", "Last accessed", "By", "Entities"];
    let marker = shown(&report, "Marker");
    let made = shown(&report, "JobCompletionDate");
    let empty = "The policies allow no service.";
    let mut listed = table("Services", empty, &columns, Ok(report), "ServicesLastAccessed", row);
    if let (Block::Table(table), false) = (&mut listed, marker.is_empty()) {
        table.next = Some(place(job, &[("marker", marker.as_str())]));
    }
    Ok(vec![Block::Facts(String::new(), vec![("Made".to_owned(), Cell::text(made))]), listed])
}

async fn entities(visit: &Visit, job: &str, service: &str) -> Result<Vec<Block>, Error> {
    let parameters = [("JobId", job), ("ServiceNamespace", service), ("MaxItems", "1000")];
    let report = visit.iam("GetServiceLastAccessedDetailsWithEntities", &parameters).await?;
    let row = |entity: &Value| {
        let about = entity.get("EntityInfo").cloned().unwrap_or_default();
        let cells = ["Arn", "Type"].map(|member| Cell::text(shown(&about, member)));
        let last = Cell::text(shown(entity, "LastAuthenticated"));
        Row { cells: [cells.to_vec(), vec![last]].concat(), actions: Vec::new() }
    };
    let back = vec![
        ("Service".to_owned(), Cell::text(service)),
        ("Report".to_owned(), Cell::link("All services", place(job, &[]))),
    ];
    let listed = table(
        "Users and roles",
        "There are none.",
        &["ARN", "Kind", "Last accessed"],
        Ok(report),
        "EntityDetailsList",
        row,
    );
    Ok(vec![Block::Facts(String::new(), back), listed])
}
