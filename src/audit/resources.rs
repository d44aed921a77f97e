//! What an event is about.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::event::Event;

/// A resource by which an event can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventResource {
    /// Its type in CloudFormation's words.
    pub kind: &'static str,
    /// Its name, id or ARN.
    pub name: String,
}

/// The members of parameters that name a resource, and the resource's type.
const PARAMETERS: &[(&str, &str)] = &[
    ("accessKeyId", "AWS::IAM::AccessKey"),
    ("groupName", "AWS::IAM::Group"),
    ("instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("openIDConnectProviderArn", "AWS::IAM::OIDCProvider"),
    ("policyArn", "AWS::IAM::Policy"),
    ("policySourceArn", "AWS::IAM::Policy"),
    ("roleArn", "AWS::IAM::Role"),
    ("roleName", "AWS::IAM::Role"),
    ("sAMLProviderArn", "AWS::IAM::SAMLProvider"),
    ("principalArn", "AWS::IAM::SAMLProvider"),
    ("serialNumber", "AWS::IAM::MFADevice"),
    ("serverCertificateName", "AWS::IAM::ServerCertificate"),
    ("userName", "AWS::IAM::User"),
    ("virtualMFADeviceName", "AWS::IAM::MFADevice"),
];

/// The same of CloudTrail's own calls, in parameters and results.
const TRAILS: &[(&str, &str)] = &[
    ("name", "AWS::CloudTrail::Trail"),
    ("resourceId", "AWS::CloudTrail::Trail"),
    ("s3BucketName", "AWS::S3::Bucket"),
    ("trailARN", "AWS::CloudTrail::Trail"),
    ("trailName", "AWS::CloudTrail::Trail"),
];

/// The structures of results that are resources, the members that name them, and their type.
const RESULTS: &[(&str, &[&str], &str)] = &[
    ("accessKey", &["accessKeyId"], "AWS::IAM::AccessKey"),
    ("assumedRoleUser", &["assumedRoleId", "arn"], "AWS::STS::AssumedRole"),
    ("credentials", &["accessKeyId"], "AWS::IAM::AccessKey"),
    ("group", &["arn", "groupId"], "AWS::IAM::Group"),
    ("instanceProfile", &["arn", "instanceProfileId"], "AWS::IAM::InstanceProfile"),
    ("policy", &["arn", "policyId"], "AWS::IAM::Policy"),
    ("role", &["arn", "roleId"], "AWS::IAM::Role"),
    ("user", &["arn", "userId"], "AWS::IAM::User"),
];

impl Event {
    /// The resources by which it can be looked up, each once.
    pub fn resources(&self) -> Vec<EventResource> {
        let mut found = Vec::new();
        self.each_resource(|kind, name| found.push(EventResource { kind, name: name.to_owned() }));
        found.sort();
        found.dedup();
        found
    }

    /// The resources by which it can be looked up, in no order; some more than once.
    pub(super) fn each_resource(&self, mut add: impl FnMut(&'static str, &str)) {
        let of_trails = if self.service == "cloudtrail" { TRAILS } else { &[] };
        for (name, value) in members(self.parameters.as_deref()) {
            let kinds = PARAMETERS.iter().chain(of_trails).filter(|(member, _)| *member == name);
            kinds.for_each(|(_, kind)| add_text(kind, value, &mut add));
        }
        for (name, value) in members(self.result.as_deref()) {
            let kinds = of_trails.iter().filter(|(member, _)| *member == name);
            kinds.for_each(|(_, kind)| add_text(kind, value, &mut add));
            let Some((_, named_by, kind)) = RESULTS.iter().find(|(structure, ..)| *structure == name) else { continue };
            let named = members(Some(value.get())).into_iter().filter(|(name, _)| named_by.contains(&&**name));
            named.for_each(|(_, value)| add_text(kind, value, &mut add));
        }
    }

    /// Whether a resource may have this name, without a look at each: JSON writes these characters in another way.
    pub(super) fn may_name(&self, name: &str) -> bool {
        let is_escaped = |character: char| character.is_control() || matches!(character, '"' | '\\');
        let mut texts = [&self.parameters, &self.result].into_iter().flatten();
        name.contains(is_escaped) || texts.any(|text| text.contains(name))
    }

    /// The resources in the record: AWS has them for roles that are assumed.
    pub(super) fn record_resources(&self) -> Vec<Value> {
        if self.service != "sts" || self.failure.is_some() {
            return Vec::new();
        }
        let resource = |found: &EventResource| {
            let account = found.name.split(':').nth(4).filter(|_| found.name.starts_with("arn:"))?;
            let shown = matches!(found.kind, "AWS::IAM::Role" | "AWS::IAM::SAMLProvider");
            shown.then(|| json!({"accountId": account, "type": found.kind, "ARN": found.name}))
        };
        self.resources().iter().filter_map(resource).collect()
    }
}

/// The members of an object in JSON, of which nothing is read that is not asked for; none of anything else.
fn members(text: Option<&str>) -> Vec<(Cow<'_, str>, &RawValue)> {
    let members = text.and_then(|text| serde_json::from_str(text).ok());
    members.map(|Members(members)| members).unwrap_or_default()
}

/// Adds a resource with this name, if it is a text.
fn add_text(kind: &'static str, value: &RawValue, add: &mut impl FnMut(&'static str, &str)) {
    if let Ok(Text(name)) = serde_json::from_str(value.get()) {
        add(kind, &name);
    }
}

/// A text that is borrowed where it is written plainly.
#[derive(Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// The members of an object.
struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::example;

    #[test]
    fn resources_are_in_parameters_and_results() {
        let mut event = example(1, "CreateAccessKey");
        event.result = Some(r#"{"accessKey":{"userName":"bob","accessKeyId":"AKIA1"}}"#.to_owned());
        let found: Vec<_> = event.resources().into_iter().map(|found| (found.kind, found.name)).collect();
        let expected = [("AWS::IAM::AccessKey", "AKIA1".to_owned()), ("AWS::IAM::User", "bob".to_owned())];
        assert_eq!(found, expected);
        assert!(expected.iter().all(|(_, name)| event.may_name(name)) && !event.may_name("ann"));
    }

    #[test]
    fn what_is_no_text_names_no_resource() {
        let mut event = example(1, "CreateUser");
        for parameters in ["", "[]", "null", r#"{"userName":1}"#, r#"{"userName":["bob"]}"#, r#"{"userName":"bob""#] {
            event.parameters = Some(parameters.to_owned());
            assert_eq!(event.resources(), [], "{parameters}");
        }
    }

    #[test]
    fn no_resource_is_passed_over_for_its_name() {
        for name in ["bob", "a\"b", "a\\b", "a\u{7}b", "ä/+=,.@-_", "arn:aws:iam::123456789012:user/a/b"] {
            let mut event = example(1, "CreateUser");
            event.parameters = Some(serde_json::json!({"userName": name}).to_string());
            assert!(event.may_name(name) && event.resources()[0].name == name, "{name}");
        }
    }
}
