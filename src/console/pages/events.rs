//! The event history: the audit trail as `LookupEvents` finds it.

use axum::response::Response;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::parts::{members, shown, with_query};
use super::why::path_of;
use crate::audit::AuthorizationId;
use crate::console::view::{Block, Cell, Field, Notice, Row, Table};
use crate::console::visit::Visit;
use crate::wire::Service;

/// The attributes by which CloudTrail finds events, and their names here.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("EventName", "Event name"),
    ("Username", "User name"),
    ("EventSource", "Event source"),
    ("ResourceName", "Resource name"),
    ("ResourceType", "Resource type"),
    ("AccessKeyId", "Access key"),
    ("ReadOnly", "Read-only"),
    ("EventId", "Event id"),
];

/// What is looked for: a page of the history, in the words of its query.
struct Asked<'v> {
    attribute: &'static (&'static str, &'static str),
    value: &'v str,
    from: &'v str,
    to: &'v str,
}

impl<'v> Asked<'v> {
    fn of(visit: &'v Visit) -> Self {
        let field = |name| visit.sent.field(name).trim();
        let named = ATTRIBUTES.iter().find(|(attribute, name)| [*attribute, *name].contains(&field("by")));
        let attribute = named.or(ATTRIBUTES.first()).unwrap_or(&("EventName", "Event name"));
        Self { attribute, value: field("value"), from: field("from"), to: field("to") }
    }

    /// The fields of the form.
    fn form(&self, region: &str) -> Block {
        let names: Vec<&str> = ATTRIBUTES.iter().map(|(_, name)| *name).collect();
        let fields = vec![
            Field::optional("by", "Find by").choice(&names).with(self.attribute.1),
            Field::optional("value", "Value").with(self.value).hint("such as CreateUser; everything if it is empty"),
            Field::optional("from", "From").with(self.from).hint("UTC, such as 2026-11-28 09:30"),
            Field::optional("to", "To").with(self.to).hint("UTC"),
            Field::optional("region", "Region").with(region),
        ];
        Block::Question("Find events".to_owned(), fields, "Find".to_owned())
    }
}

/// A moment as a person writes it, in seconds. A day alone is its beginning, or its end.
fn seconds(text: &str, is_end: bool) -> Option<String> {
    let text = text.trim_end_matches('Z').replace('T', " ");
    let (hour, minute) = if is_end { (23, 59) } else { (0, 0) };
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(hour, minute, minute));
    let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let moment = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok()).or(day)?;
    Some(moment.and_utc().timestamp().to_string())
}

/// The events, or one whole.
pub async fn page(visit: &Visit) -> Response {
    let title = "Event history";
    let asked = Asked::of(visit);
    let form = asked.form(&visit.sent.facts.region);
    let mut parameters = vec![("MaxResults", "50".to_owned())];
    if !asked.value.is_empty() {
        parameters.push(("LookupAttributes.member.1.AttributeKey", asked.attribute.0.to_owned()));
        parameters.push(("LookupAttributes.member.1.AttributeValue", asked.value.to_owned()));
    }
    for (name, text) in
        [("StartTime", asked.from), ("EndTime", asked.to)].into_iter().filter(|(_, text)| !text.is_empty())
    {
        let Some(seconds) = seconds(text, name == "EndTime") else {
            let why = format!("{text} is no time. Write it as 2026-11-28 09:30.");
            return visit.page("events", title, Notice::error(why), vec![form]);
        };
        parameters.push((name, seconds));
    }
    if !visit.sent.field("next").is_empty() {
        parameters.push(("NextToken", visit.sent.field("next").to_owned()));
    }
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let found = match visit.call(Service::CLOUDTRAIL, "LookupEvents", &parameters).await {
        Ok(found) => found,
        Err(error) => return visit.page("events", title, Some(Notice::of(&error)), vec![form]),
    };
    if let ("EventId", [event]) = (asked.attribute.0, members(&found, "Events")) {
        let record: Value = serde_json::from_str(&shown(event, "CloudTrailEvent")).unwrap_or_default();
        let text = serde_json::to_string_pretty(&record).unwrap_or_default();
        return visit.page("events", &shown(event, "EventName"), None, vec![Block::Text("Record".to_owned(), text)]);
    }
    let next = Some(shown(&found, "NextToken")).filter(|token| !token.is_empty()).map(|token| {
        let query = [
            ("by", asked.attribute.0),
            ("value", asked.value),
            ("from", asked.from),
            ("to", asked.to),
            ("region", visit.sent.field("region")),
            ("next", &token),
        ];
        let query: Vec<_> = query.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        with_query("/console/events", &query)
    });
    let table = table(members(&found, "Events"), next, &visit.sent.facts.region);
    visit.page("events", title, None, vec![form, Block::Table(table)])
}

/// Events of a region as a table.
pub fn table(events: &[Value], next: Option<String>, region: &str) -> Table {
    let link =
        |by: &str, value: &str| with_query("/console/events", &[("by", by), ("value", value), ("region", region)]);
    let row = |event: &Value| {
        let record: Value = serde_json::from_str(&shown(event, "CloudTrailEvent")).unwrap_or_default();
        let (id, user) = (shown(event, "EventId"), shown(event, "Username"));
        let who = if user.is_empty() { Cell::text("") } else { Cell::link(user.clone(), link("Username", &user)) };
        // Records of sign-ins have no code.
        let failure = ["errorCode", "errorMessage"].map(|member| shown(&record, member));
        let failure = failure.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let why = AuthorizationId::at_end_of(&shown(&record, "errorMessage")).map(path_of);
        let cells = vec![
            Cell::text(shown(event, "EventTime")),
            Cell::link(shown(event, "EventName"), link("EventId", &id)),
            who,
            Cell::text(shown(event, "EventSource")),
            Cell { text: failure, link: why },
            Cell::text(shown(&record, "sourceIPAddress")),
        ];
        Row { cells, actions: Vec::new() }
    };
    let columns = ["Time", "Event", "User", "Source", "Error", "Address"].map(str::to_owned).to_vec();
    let empty = "There are no such events.".to_owned();
    Table { title: String::new(), columns, rows: events.iter().map(row).collect(), empty, next, ..Table::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for text in ["2026-11-28 09:30", "2026-11-28T09:30", "2026-11-28T09:30:00Z", "2026-11-28 09:30:00"] {
            assert_eq!(seconds(text, true).as_deref(), Some("1795858200"), "{text}");
        }
        assert_eq!(seconds("2026-11-28", false).as_deref(), Some("1795824000"));
        assert_eq!(seconds("2026-11-28", true).as_deref(), Some("1795910399"));
        assert_eq!(seconds("yesterday", false), None);
    }
}
