//! Looking up events of the last 90 days.

use serde::{Deserialize, Serialize};

use crate::audit::{Attribute, Event, EventQuery};
use crate::call::{Access, Inquiry, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::Timestamp;
use crate::store::RETENTION_SECONDS;

/// The most events of a page, and how many it has if the request does not say.
const MAX_PAGE: i32 = 50;

/// The longest value of an attribute.
const MAX_VALUE: usize = 2000;

/// Looks up events of the last 90 days, the newest first.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookupEvents {
    lookup_attributes: Option<Vec<LookupAttribute>>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i32>,
    next_token: Option<String>,
}

/// What events must have.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LookupAttribute {
    attribute_key: String,
    attribute_value: String,
}

/// A page of events.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookupEventsResult {
    events: Vec<EventShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventShape {
    event_id: String,
    event_name: String,
    read_only: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<String>,
    event_time: Timestamp,
    event_source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    resources: Vec<ResourceShape>,
    cloud_trail_event: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceShape {
    resource_type: String,
    resource_name: String,
}

impl LookupEvents {
    /// What is asked of the audit trail; `None` for a category without events.
    fn query(&self, cx: &View<'_>) -> Result<Option<EventQuery>> {
        let attribute = self.attribute()?;
        let limit = match self.max_results {
            Some(number @ 1..=MAX_PAGE) => number,
            Some(_) => {
                let message = format!("MaxResults must be from 1 to {MAX_PAGE}.");
                return Err(Error::new(Code::InvalidMaxResults, message));
            }
            None => MAX_PAGE,
        };
        let seconds = |time: Option<f64>, default: Timestamp| {
            // A number beyond the range becomes its end.
            time.map_or(default, |time| Timestamp::from_seconds(time.floor() as i64))
        };
        let oldest = cx.now.plus(-RETENTION_SECONDS);
        let (start, end) = (seconds(self.start_time, oldest), seconds(self.end_time, cx.now));
        if end < start {
            let message = "The start time must be before the end time.";
            return Err(Error::new(Code::InvalidTimeRange, message));
        }
        match self.event_category.as_deref() {
            None => {}
            // There are no insights.
            Some("insight") => return Ok(None),
            Some(_) => {
                return Err(Error::new(Code::InvalidEventCategory, "The event category must be insight."));
            }
        }
        let before = match &self.next_token {
            None => None,
            Some(token) => {
                let last = cx.environment.key.read_marker(&self.scope(cx), token).and_then(|last| last.parse().ok());
                let invalid = || Error::new(Code::InvalidNextToken, "The next token is not valid for this request.");
                Some(last.ok_or_else(invalid)?)
            }
        };
        Ok(Some(EventQuery {
            account: cx.account.id,
            region: Some(cx.facts.region.clone()),
            attribute,
            start: start.max(oldest),
            end,
            before,
            limit: usize::try_from(limit).unwrap_or(1),
            management: true,
        }))
    }

    fn attribute(&self) -> Result<Option<(Attribute, String)>> {
        let invalid = |message: &'static str| Err(Error::new(Code::InvalidLookupAttributes, message));
        let LookupAttribute { attribute_key, attribute_value } = match self.lookup_attributes.as_deref() {
            None | Some([]) => return Ok(None),
            Some([attribute]) => attribute,
            Some(_) => return invalid("You can specify only one lookup attribute at a time."),
        };
        let attribute = match attribute_key.as_str() {
            "AccessKeyId" => Attribute::AccessKeyId,
            "EventId" => Attribute::EventId,
            "EventName" => Attribute::EventName,
            "EventSource" => Attribute::EventSource,
            "ReadOnly" => Attribute::ReadOnly,
            "ResourceName" => Attribute::ResourceName,
            "ResourceType" => Attribute::ResourceType,
            "Username" => Attribute::Username,
            _ => return invalid("The lookup attribute is not one that events can be looked up by."),
        };
        if !(1..=MAX_VALUE).contains(&attribute_value.chars().count()) {
            return invalid("The value of a lookup attribute must have from 1 to 2000 characters.");
        }
        Ok(Some((attribute, attribute_value.clone())))
    }

    /// What a token is bound to: the same request of the same account.
    fn scope(&self, cx: &View<'_>) -> String {
        let attributes = self.lookup_attributes.iter().flatten();
        let attributes: Vec<_> =
            attributes.map(|attribute| (&attribute.attribute_key, &attribute.attribute_value)).collect();
        let account = cx.account.id.qualified();
        format!("LookupEvents {account} {} {attributes:?} {:?} {:?}", cx.facts.region, self.start_time, self.end_time)
    }
}

impl Operation for LookupEvents {
    type Output = LookupEventsResult;

    const ERRORS: &'static [Code] = &[
        Code::InvalidEventCategory,
        Code::InvalidLookupAttributes,
        Code::InvalidMaxResults,
        Code::InvalidNextToken,
        Code::InvalidTimeRange,
    ];

    const FETCHES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>> {
        Ok(self.query(cx)?.map(Inquiry::Events))
    }
}

impl Query for LookupEvents {
    fn answer(self, cx: &View<'_>) -> Result<LookupEventsResult> {
        let Some(page) = cx.fetched.and_then(|fetched| fetched.events()) else {
            return Ok(LookupEventsResult { events: Vec::new(), next_token: None });
        };
        let last = page.events.last().filter(|_| page.has_more);
        let next_token = last.map(|last| cx.environment.key.marker(&self.scope(cx), &last.sequence.to_string()));
        let events = page.events.iter().map(|event| EventShape::of(event)).collect();
        Ok(LookupEventsResult { events, next_token })
    }
}

impl EventShape {
    fn of(event: &Event) -> Self {
        let resources = event.resources().into_iter();
        Self {
            event_id: event.id().to_string(),
            event_name: event.name.to_string(),
            read_only: event.read_only.to_string(),
            access_key_id: event.identity.access_key_id.clone(),
            event_time: event.time,
            event_source: event.source_name(),
            username: event.user_name().map(str::to_owned),
            resources: resources
                .map(|found| ResourceShape { resource_type: found.kind.to_owned(), resource_name: found.name })
                .collect(),
            cloud_trail_event: event.record().to_string(),
        }
    }
}

operations!(CLOUDTRAIL: query LookupEvents);
