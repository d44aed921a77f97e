//! Parameters of CloudTrail.

use serde::{Deserialize, Serialize};

use super::{Pattern, Text, enums, lists, texts};

static SELECTOR_NAME: Pattern = Pattern::new(".*");
static SELECTOR_FIELD: Pattern = Pattern::new(r"[\w|\d|\.|_]+");
static OPERAND: Pattern = Pattern::new(".+");

texts! {
    /// The key of a trail's tag (`TagKey`).
    TrailTagKey = Text::length(1, 128);
    /// The value of a trail's tag (`TagValue`).
    TrailTagValue = Text::length(1, 256);
    /// The name of an advanced event selector (`SelectorName`).
    SelectorName = Text::length(0, 1000).matching(&SELECTOR_NAME);
    /// A field of events (`SelectorField`).
    SelectorField = Text::length(1, 1000).matching(&SELECTOR_FIELD);
    /// What a field is compared with (`OperatorValue`).
    OperatorValue = Text::length(1, 2048).matching(&OPERAND);
}

lists! {
    /// The tags of a request (`TagsList`).
    TrailTags = [TrailTag; 0..=200];
    /// Whose tags are listed (`ResourceIdList`).
    TrailArns = [String; 0..=20];
    /// The conditions of an advanced event selector, which must all hold (`AdvancedFieldSelectors`).
    FieldSelectors = [FieldSelector; 1..=1000];
    /// What a field is compared with, one of which is enough (`Operator`).
    OperatorValues = [OperatorValue; 1..=1000];
}

enums! {
    /// Whether read or write events are wanted (`ReadWriteType`).
    ReadWriteType { ReadOnly, WriteOnly, All }
}

/// A tag of a trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrailTag {
    /// The key.
    pub key: TrailTagKey,
    /// The value; a tag may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<TrailTagValue>,
}

/// A basic event selector: which events a trail delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventSelector {
    /// Whether read or write events; both if absent.
    pub read_write_type: Option<ReadWriteType>,
    /// Whether management events; so if absent.
    pub include_management_events: Option<bool>,
    /// The data events.
    pub data_resources: Option<Vec<DataResource>>,
    /// Services whose management events are not wanted.
    pub exclude_management_event_sources: Option<Vec<String>>,
}

/// Resources whose data events are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataResource {
    /// Such as `AWS::S3::Object`.
    pub r#type: Option<String>,
    /// How their ARNs begin.
    pub values: Option<Vec<String>>,
}

/// An advanced event selector: conditions on the fields of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedEventSelector {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SelectorName>,
    /// All of them must hold.
    pub field_selectors: FieldSelectors,
}

/// A condition on one field of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldSelector {
    /// The field, such as `eventName`.
    pub field: SelectorField,
    /// It is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<OperatorValues>,
    /// It begins with one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<OperatorValues>,
    /// It ends with one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<OperatorValues>,
    /// It is none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_equals: Option<OperatorValues>,
    /// It begins with none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_starts_with: Option<OperatorValues>,
    /// It ends with none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ends_with: Option<OperatorValues>,
}

impl FieldSelector {
    /// All values that it compares with.
    pub fn values(&self) -> impl Iterator<Item = &OperatorValue> {
        let operators = [
            &self.equals,
            &self.starts_with,
            &self.ends_with,
            &self.not_equals,
            &self.not_starts_with,
            &self.not_ends_with,
        ];
        operators.into_iter().flatten().flat_map(|values| values.iter())
    }

    /// Whether a field with this value is wanted: if there are operators that select, one of them must hold, and none of
    /// those that deselect (CloudTrail User Guide, "How CloudTrail evaluates multiple conditions for a field").
    pub fn fits(&self, value: &str) -> bool {
        let any = |values: &Option<OperatorValues>, holds: fn(&str, &str) -> bool| {
            values.as_ref().map(|values| values.iter().any(|operand| holds(value, operand.as_str())))
        };
        let equal = |value: &str, operand: &str| value == operand;
        let begins = |value: &str, operand: &str| value.starts_with(operand);
        let ends = |value: &str, operand: &str| value.ends_with(operand);
        let selecting = [any(&self.equals, equal), any(&self.starts_with, begins), any(&self.ends_with, ends)];
        let deselecting =
            [any(&self.not_equals, equal), any(&self.not_starts_with, begins), any(&self.not_ends_with, ends)];
        let is_selected = selecting.iter().all(Option::is_none) || selecting.contains(&Some(true));
        is_selected && !deselecting.contains(&Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(json: &str) -> FieldSelector {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn operators_of_a_field_select_or_deselect() {
        for (conditions, value, expected) in [
            (r#""Equals":["a","b"]"#, "b", true),
            (r#""Equals":["a","b"]"#, "c", false),
            (r#""StartsWith":["Get"],"EndsWith":["Role"]"#, "GetUser", true),
            (r#""StartsWith":["Get"],"EndsWith":["Role"]"#, "CreateRole", true),
            (r#""StartsWith":["Get"],"EndsWith":["Role"]"#, "CreateUser", false),
            (r#""NotEquals":["a"],"NotStartsWith":["b"]"#, "ba", false),
            (r#""NotEquals":["a"],"NotStartsWith":["b"]"#, "c", true),
            (r#""StartsWith":["Get"],"NotEndsWith":["Role"]"#, "GetRole", false),
            (r#""StartsWith":["Get"],"NotEndsWith":["Role"]"#, "GetUser", true),
        ] {
            let selector = selector(&format!(r#"{{"Field":"eventName",{conditions}}}"#));
            assert_eq!(selector.fits(value), expected, "{conditions} {value}");
        }
    }
}
