//! Which events trails deliver.

use serde::{Deserialize, Serialize};

use super::named::OF_NAMED;
use crate::account::Selectors;
use crate::call::{Access, Command, Operation, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AdvancedEventSelector, EventSelector, FieldSelector, ReadWriteType};

/// The most basic event selectors of a trail.
const MAX_SELECTORS: usize = 5;

/// The most ARNs in the basic event selectors of a trail.
const MAX_RESOURCES: usize = 250;

/// The most values in the advanced event selectors of a trail.
const MAX_VALUES: usize = 500;

/// The resources whose data events basic event selectors can ask for.
const BASIC_RESOURCES: &[&str] = &["AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object"];

/// The services that basic event selectors can leave out.
const EXCLUDABLE: &[&str] = &["kms.amazonaws.com", "rdsdata.amazonaws.com"];

/// The fields of management events (CloudTrail API reference, "AdvancedFieldSelector").
const MANAGEMENT_FIELDS: &[&str] = &[
    "eventCategory",
    "eventName",
    "eventSource",
    "eventType",
    "readOnly",
    "sessionCredentialFromConsole",
    "userIdentity.arn",
];

/// The fields that data events have besides.
const DATA_FIELDS: &[&str] = &["resources.ARN", "resources.type"];

/// Decides which events a trail delivers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEventSelectors {
    trail_name: String,
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

/// Returns which events a trail delivers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetEventSelectors {
    trail_name: String,
}

/// The event selectors of a trail.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventSelectors {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_selectors: Option<Vec<EventSelector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

impl EventSelectors {
    fn of(trail_arn: String, selectors: &Selectors) -> Self {
        match selectors {
            Selectors::Basic(basic) => {
                Self { trail_arn, event_selectors: Some(basic.clone()), advanced_event_selectors: None }
            }
            Selectors::Advanced(advanced) => {
                Self { trail_arn, event_selectors: None, advanced_event_selectors: Some(advanced.clone()) }
            }
        }
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidEventSelectors, message)
}

/// Basic event selectors, checked, with what they leave open.
fn basic(mut selectors: Vec<EventSelector>) -> Result<Selectors> {
    if selectors.is_empty() || selectors.len() > MAX_SELECTORS {
        return Err(invalid(format!("A trail must have from 1 to {MAX_SELECTORS} event selectors.")));
    }
    for selector in &mut selectors {
        selector.read_write_type.get_or_insert(ReadWriteType::All);
        selector.include_management_events.get_or_insert(true);
        let excluded = selector.exclude_management_event_sources.get_or_insert_default();
        if let Some(wrong) = excluded.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
            return Err(invalid(format!("The management events of {wrong} cannot be excluded.")));
        }
        for resource in selector.data_resources.get_or_insert_default() {
            let kind = resource.r#type.as_deref().unwrap_or_default();
            if !BASIC_RESOURCES.contains(&kind) {
                return Err(invalid(format!("The type of a data resource is not valid: {kind}.")));
            }
            let values = resource.values.get_or_insert_default();
            if let Some(wrong) = values.iter().find(|value| !value.starts_with("arn:")) {
                return Err(invalid(format!("The value of a data resource is not an ARN: {wrong}.")));
            }
        }
    }
    let resources = selectors.iter().flat_map(|selector| selector.data_resources.iter().flatten());
    if resources.flat_map(|resource| resource.values.iter().flatten()).count() > MAX_RESOURCES {
        return Err(invalid(format!("A trail can have at most {MAX_RESOURCES} data resources.")));
    }
    Ok(Selectors::Basic(selectors))
}

/// Advanced event selectors, checked.
fn advanced(selectors: Vec<AdvancedEventSelector>) -> Result<Selectors> {
    if selectors.is_empty() {
        return Err(invalid("A trail must have at least one advanced event selector."));
    }
    for selector in &selectors {
        check_advanced(&selector.field_selectors)?;
    }
    let fields = selectors.iter().flat_map(|selector| selector.field_selectors.iter());
    if fields.flat_map(FieldSelector::values).count() > MAX_VALUES {
        return Err(invalid(format!("Advanced event selectors can have at most {MAX_VALUES} values.")));
    }
    Ok(Selectors::Advanced(selectors))
}

/// Refuses fields that events of the category do not have, and conditions that say nothing.
fn check_advanced(fields: &[FieldSelector]) -> Result<()> {
    let only = |field: &str| {
        let mut of_field = fields.iter().filter(|selector| selector.field.as_str() == field);
        let selector = of_field.next().filter(|_| of_field.next().is_none())?;
        let mut values = selector.values();
        let value = values.next().filter(|_| values.next().is_none() && selector.equals.is_some())?;
        Some(value.as_str())
    };
    let is_data = match only("eventCategory") {
        Some("Management") => false,
        Some("Data") => true,
        _ => return Err(invalid("eventCategory must be given once and equal Management or Data.")),
    };
    if is_data && only("resources.type").is_none() {
        return Err(invalid("Data events must be selected by one resources.type with the operator Equals."));
    }
    for (index, selector) in fields.iter().enumerate() {
        let field = selector.field.as_str();
        let is_known = MANAGEMENT_FIELDS.contains(&field) || (is_data && DATA_FIELDS.contains(&field));
        if !is_known {
            return Err(invalid(format!("The field {field} is not one of the events' category.")));
        }
        if fields.iter().take(index).any(|earlier| earlier.field == selector.field) {
            return Err(invalid(format!("The field {field} is given twice.")));
        }
        if selector.values().next().is_none() {
            return Err(invalid(format!("The field {field} has no operator.")));
        }
        if field == "readOnly" && !matches!(only("readOnly"), Some("true" | "false")) {
            return Err(invalid("readOnly must equal true or false."));
        }
    }
    Ok(())
}

impl Operation for PutEventSelectors {
    type Output = EventSelectors;

    const ERRORS: &'static [Code] = &[
        Code::CloudTrailARNInvalid,
        Code::InvalidEventSelectors,
        Code::InvalidHomeRegion,
        Code::InvalidTrailName,
        Code::TrailNotFound,
    ];

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.trail_name))
    }
}

impl Command for PutEventSelectors {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<EventSelectors> {
        let mut trail = cx.trail_at_home(&self.trail_name)?;
        trail.selectors = match (self.event_selectors, self.advanced_event_selectors) {
            (Some(selectors), None) => basic(selectors)?,
            (None, Some(selectors)) => advanced(selectors)?,
            _ => return Err(invalid("Specify either event selectors or advanced event selectors.")),
        };
        let answer = EventSelectors::of(trail.arn(cx.account.id), &trail.selectors);
        cx.account.put(trail)?;
        Ok(answer)
    }
}

impl Operation for GetEventSelectors {
    type Output = EventSelectors;

    const ERRORS: &'static [Code] = OF_NAMED;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.trail_name))
    }
}

impl Query for GetEventSelectors {
    fn answer(self, cx: &View<'_>) -> Result<EventSelectors> {
        let trail = cx.named_trail(&self.trail_name)?;
        Ok(EventSelectors::of(trail.arn(cx.account.id), &trail.selectors))
    }
}

operations!(CLOUDTRAIL: query GetEventSelectors; command PutEventSelectors);
