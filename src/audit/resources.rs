//! What an event is about.

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
        let read = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut found = Vec::new();
        let mut add = |kind, value: Option<&Value>| {
            if let Some(name) = value.and_then(Value::as_str) {
                found.push(EventResource { kind, name: name.to_owned() });
            }
        };
        if let Some(parameters) = read(&self.parameters) {
            PARAMETERS.iter().for_each(|(member, kind)| add(kind, parameters.get(member)));
        }
        if let Some(result) = read(&self.result) {
            for (structure, members, kind) in RESULTS {
                let structure = result.get(structure);
                members.iter().for_each(|member| add(kind, structure.and_then(|found| found.get(member))));
            }
        }
        if self.service == "cloudtrail" {
            self.add_trail(&mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    /// Whether a resource may have this name, without a look at each: JSON writes these characters in another way.
    pub(super) fn may_name(&self, name: &str) -> bool {
        let is_escaped = |character: char| character.is_control() || matches!(character, '"' | '\\');
        let mut texts = [&self.parameters, &self.result].into_iter().flatten();
        name.contains(is_escaped) || texts.any(|text| text.contains(name))
    }

    /// The trail that a call of CloudTrail is about.
    fn add_trail(&self, found: &mut Vec<EventResource>) {
        for text in [&self.parameters, &self.result].into_iter().flatten() {
            let Ok(members) = serde_json::from_str::<Value>(text) else { continue };
            for (member, kind) in TRAILS {
                if let Some(name) = members.get(member).and_then(Value::as_str) {
                    found.push(EventResource { kind, name: name.to_owned() });
                }
            }
        }
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
    fn no_resource_is_passed_over_for_its_name() {
        for name in ["bob", "a\"b", "a\\b", "a\u{7}b", "ä/+=,.@-_", "arn:aws:iam::123456789012:user/a/b"] {
            let mut event = example(1, "CreateUser");
            event.parameters = Some(serde_json::json!({"userName": name}).to_string());
            assert!(event.may_name(name) && event.resources()[0].name == name, "{name}");
        }
    }
}
