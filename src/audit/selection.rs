//! Which events a trail delivers.

use super::event::Event;
use crate::account::{Selectors, Trail};
use crate::shapes::{DataResource, EventSelector, FieldSelector, ReadWriteType};

/// The services whose events are those of no single region (CloudTrail User Guide, "About global service events").
const GLOBAL: &[&str] = &["cloudfront", "iam", "organizations", "route53"];

/// The types of resources with data events, and the services that have them.
const DATA: &[(&str, &str)] = &[
    ("AWS::DynamoDB::Table", "dynamodb"),
    ("AWS::Lambda::Function", "lambda"),
    ("AWS::S3::Object", "s3"),
    ("AWS::SNS::Topic", "sns"),
    ("AWS::SQS::Queue", "sqs"),
];

impl Event {
    /// Whether a trail of its account delivers it.
    pub fn is_delivered_by(&self, trail: &Trail) -> bool {
        trail.logging && self.is_wanted_by(trail)
    }

    /// Whether the trail delivers it while it logs.
    pub(super) fn is_wanted_by(&self, trail: &Trail) -> bool {
        self.is_of_regions(trail) && self.is_selected(&trail.selectors)
    }

    /// Events of global services go to trails that want them and see the region that they are logged in.
    fn is_of_regions(&self, trail: &Trail) -> bool {
        let is_global = GLOBAL.contains(&&*self.service);
        trail.is_seen_in(&self.region) && (trail.global_events || !is_global)
    }

    fn is_selected(&self, selectors: &Selectors) -> bool {
        match selectors {
            Selectors::Basic(selectors) => selectors.iter().any(|selector| self.is_selected_by(selector)),
            Selectors::Advanced(selectors) => selectors
                .iter()
                .any(|selector| selector.field_selectors.iter().all(|condition| self.fulfils(condition))),
        }
    }

    fn is_selected_by(&self, selector: &EventSelector) -> bool {
        let is_read_or_written = match selector.read_write_type {
            Some(ReadWriteType::ReadOnly) => self.read_only,
            Some(ReadWriteType::WriteOnly) => !self.read_only,
            Some(ReadWriteType::All) | None => true,
        };
        let excluded = selector.exclude_management_event_sources.as_deref().unwrap_or_default();
        let is_wanted = match self.management {
            true => selector.include_management_events != Some(false) && !excluded.contains(&self.source_name()),
            false => selector.data_resources.iter().flatten().any(|resource| self.is_about(resource)),
        };
        is_read_or_written && is_wanted
    }

    fn is_about(&self, resource: &DataResource) -> bool {
        let mut begins = resource.values.iter().flatten();
        self.has_data_type(resource.r#type.as_deref().unwrap_or_default())
            && begins.any(|begin| self.asked.iter().any(|asked| asked.resource.starts_with(begin.as_str())))
    }

    fn has_data_type(&self, kind: &str) -> bool {
        !self.management && DATA.contains(&(kind, &*self.service))
    }

    /// Whether a field is as an advanced event selector wants it. A field that is absent is empty.
    fn fulfils(&self, condition: &FieldSelector) -> bool {
        let flag = |flag: bool| if flag { "true" } else { "false" };
        match condition.field.as_str() {
            "eventCategory" => condition.fits(if self.management { "Management" } else { "Data" }),
            "eventName" => condition.fits(&self.name),
            "eventSource" => condition.fits(&self.source_name()),
            "eventType" => condition.fits(self.event_type()),
            "readOnly" => condition.fits(flag(self.read_only)),
            "sessionCredentialFromConsole" => condition.fits(""),
            "userIdentity.arn" => condition.fits(self.identity.arn.as_deref().unwrap_or_default()),
            "resources.type" => condition.values().any(|kind| self.has_data_type(kind.as_str())),
            "resources.ARN" => self.asked.iter().any(|asked| condition.fits(&asked.resource)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Asked;
    use super::super::event::tests::example;
    use super::*;
    use crate::shapes::Timestamp;

    fn trail(selectors: Selectors) -> Trail {
        Trail { selectors, logging: true, ..Trail::new("all", "us-east-1", Timestamp::default(), "logs") }
    }

    #[test]
    fn regions_and_global_services_are_heeded() {
        let of_iam = example(1, "GetUser");
        let of_sts = Event { service: "sts".into(), region: "eu-west-1".to_owned(), ..example(2, "AssumeRole") };
        let home = trail(Selectors::default());
        let without = Trail { global_events: false, ..home.clone() };
        let elsewhere = Trail { region: "eu-west-1".to_owned(), ..home.clone() };
        let all = Trail { multi_region: true, ..elsewhere.clone() };
        let stopped = Trail { logging: false, ..all.clone() };
        for (trail, expected) in [
            (&home, [true, false]),
            (&without, [false, false]),
            (&elsewhere, [false, true]),
            (&all, [true, true]),
            (&stopped, [false, false]),
        ] {
            assert_eq!([&of_iam, &of_sts].map(|event| event.is_delivered_by(trail)), expected, "{trail:?}");
        }
    }

    #[test]
    fn basic_selectors_choose_events() {
        let read = example(1, "GetUser");
        let write = Event { read_only: false, ..example(2, "CreateUser") };
        let key = Event { service: "kms".into(), ..write.clone() };
        let object = Event {
            service: "s3".into(),
            management: false,
            asked: vec![Asked { action: "s3:GetObject".to_owned(), resource: "arn:aws:s3:::b/k".to_owned() }],
            ..read.clone()
        };
        for (selector, expected) in [
            (r#"{}"#, [true, true, true, false]),
            (r#"{"ReadWriteType":"ReadOnly"}"#, [true, false, false, false]),
            (r#"{"ReadWriteType":"WriteOnly"}"#, [false, true, true, false]),
            (r#"{"ExcludeManagementEventSources":["kms.amazonaws.com"]}"#, [true, true, false, false]),
            (
                r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/"]}]}"#,
                [false, false, false, true],
            ),
            (
                r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::c/"]}]}"#,
                [false, false, false, false],
            ),
        ] {
            let trail = trail(Selectors::Basic(vec![serde_json::from_str(selector).unwrap()]));
            let found = [&read, &write, &key, &object].map(|event| event.is_delivered_by(&trail));
            assert_eq!(found, expected, "{selector}");
        }
    }

    #[test]
    fn advanced_selectors_choose_events() {
        let read = example(1, "GetUser");
        let write = Event { read_only: false, ..example(2, "CreateUser") };
        let object = Event {
            service: "s3".into(),
            management: false,
            asked: vec![Asked { action: "s3:GetObject".to_owned(), resource: "arn:aws:s3:::b/k".to_owned() }],
            ..read.clone()
        };
        let field = |field: &str, condition: &str| format!(r#"{{"Field":"{field}",{condition}}}"#);
        let management = field("eventCategory", r#""Equals":["Management"]"#);
        let data = field("eventCategory", r#""Equals":["Data"]"#);
        let objects = field("resources.type", r#""Equals":["AWS::S3::Object"]"#);
        for (fields, expected) in [
            (vec![management.clone()], [true, true, false]),
            (vec![management.clone(), field("readOnly", r#""Equals":["false"]"#)], [false, true, false]),
            (vec![management.clone(), field("eventName", r#""StartsWith":["Get"]"#)], [true, false, false]),
            (vec![management.clone(), field("userIdentity.arn", r#""NotEndsWith":["user/alice"]"#)], [false; 3]),
            (vec![management, field("sessionCredentialFromConsole", r#""NotEquals":["true"]"#)], [true, true, false]),
            (vec![data.clone(), objects.clone()], [false, false, true]),
            (
                vec![data, objects, field("resources.ARN", r#""NotStartsWith":["arn:aws:s3:::b/"]"#)],
                [false, false, false],
            ),
        ] {
            let selector = format!(r#"{{"FieldSelectors":[{}]}}"#, fields.join(","));
            let trail = trail(Selectors::Advanced(vec![serde_json::from_str(&selector).unwrap()]));
            let found = [&read, &write, &object].map(|event| event.is_delivered_by(&trail));
            assert_eq!(found, expected, "{selector}");
        }
    }
}
