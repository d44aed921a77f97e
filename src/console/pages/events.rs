//! The event history: the audit trail as `LookupEvents` finds it.

use axum::response::Response;
use serde_json::Value;

use super::parts::{members, shown, with_query};
use super::why::path_of;
use crate::audit::AuthorizationId;
use crate::console::view::{Block, Cell, Row, Table};
use crate::console::visit::Visit;
use crate::wire::Service;

/// The filters of CloudTrail's event history: the parameter here, and the attribute there.
const FILTERS: &[(&str, &str)] = &[
    ("name", "EventName"),
    ("user", "Username"),
    ("resource", "ResourceName"),
    ("key", "AccessKeyId"),
    ("id", "EventId"),
];

/// The events, or one whole.
pub async fn page(visit: &Visit) -> Response {
    let title = "Event history";
    let asked = FILTERS.iter().find(|(name, _)| !visit.sent.field(name).is_empty());
    let asked = asked.copied().or_else(|| Some(("q", "EventName")).filter(|_| !visit.sent.field("q").is_empty()));
    let mut parameters = vec![("MaxResults", "50")];
    if let Some((name, attribute)) = asked {
        parameters.push(("LookupAttributes.member.1.AttributeKey", attribute));
        parameters.push(("LookupAttributes.member.1.AttributeValue", visit.sent.field(name)));
    }
    if !visit.sent.field("next").is_empty() {
        parameters.push(("NextToken", visit.sent.field("next")));
    }
    let found = match visit.call(Service::CLOUDTRAIL, "LookupEvents", &parameters).await {
        Ok(found) => found,
        Err(error) => return visit.refusal("events", title, &error),
    };
    if let (Some(("id", _)), [event]) = (asked, members(&found, "Events")) {
        let record: Value = serde_json::from_str(&shown(event, "CloudTrailEvent")).unwrap_or_default();
        let text = serde_json::to_string_pretty(&record).unwrap_or_default();
        return visit.page("events", &shown(event, "EventName"), None, vec![Block::Text("Record".to_owned(), text)]);
    }
    let next = Some(shown(&found, "NextToken")).filter(|token| !token.is_empty()).map(|token| {
        let region = Some(("region", visit.sent.field("region"))).filter(|(_, region)| !region.is_empty());
        let mut query: Vec<_> = [("next", token.as_str())].into_iter().chain(region).collect();
        query.extend(asked.map(|(name, _)| (name, visit.sent.field(name))));
        with_query("/console/events", &query)
    });
    let table = table(members(&found, "Events"), next);
    let note = "Find an operation by its name, such as CreateUser. Links in the table find the events of a user.";
    let blocks =
        vec![Block::Search(visit.sent.field("q").to_owned()), Block::Note(note.to_owned()), Block::Table(table)];
    visit.page("events", title, None, blocks)
}

/// Events as a table.
pub fn table(events: &[Value], next: Option<String>) -> Table {
    let link = |name: &str, value: &str| with_query("/console/events", &[(name, value)]);
    let row = |event: &Value| {
        let record: Value = serde_json::from_str(&shown(event, "CloudTrailEvent")).unwrap_or_default();
        let (id, user) = (shown(event, "EventId"), shown(event, "Username"));
        let who = if user.is_empty() { Cell::text("") } else { Cell::link(user.clone(), link("user", &user)) };
        // Records of sign-ins have no code.
        let failure = ["errorCode", "errorMessage"].map(|member| shown(&record, member));
        let failure = failure.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let why = AuthorizationId::at_end_of(&shown(&record, "errorMessage")).map(path_of);
        let cells = vec![
            Cell::text(shown(event, "EventTime")),
            Cell::link(shown(event, "EventName"), link("id", &id)),
            who,
            Cell::text(shown(event, "EventSource")),
            Cell { text: failure, link: why },
            Cell::text(shown(&record, "sourceIPAddress")),
        ];
        Row { cells, actions: Vec::new() }
    };
    let columns = ["Time", "Event", "User", "Source", "Error", "Address"].map(str::to_owned).to_vec();
    let empty = "There are no such events.".to_owned();
    Table { title: String::new(), columns, rows: events.iter().map(row).collect(), empty, next }
}
