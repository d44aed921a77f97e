//! The actions, resource types and condition keys of AWS's services, as its Service Authorization Reference has them.
//!
//! The reference is documentation: a few of AWS's real checks differ from it. Global condition keys (`aws:SourceIp` and
//! the like) belong to no service and are not in it, except where an action names them.

use std::sync::Arc;

use serde::Deserialize;

use crate::archive::{Archive, Place};
use crate::index::{Index, ignoring_case};
use crate::recent::Recent;

const INDEX: Index = Index::new(include_str!("../data/service-authorization.tsv"));
const TABLES: Archive = Archive::new(include_bytes!("../data/service-authorization.json.gz"));

/// What is known of a service without reading its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The prefix of the service's actions and its namespace in ARNs: `iam`.
    pub prefix: &'static str,
    /// The full name: `AWS Identity and Access Management (IAM)`.
    pub name: &'static str,
    /// Whether resource control policies apply to the service.
    pub supports_rcp: bool,
    tables: Place,
}

/// A service: its actions, resource types and condition keys, each sorted by name without regard to case.
#[derive(Debug)]
pub struct Service {
    /// The prefix of the service's actions and its namespace in ARNs: `iam`.
    pub prefix: &'static str,
    /// The full name: `AWS Identity and Access Management (IAM)`.
    pub name: &'static str,
    /// Whether resource control policies apply to the service.
    pub supports_rcp: bool,
    /// The actions.
    pub actions: Vec<Action>,
    /// The types of resources that the actions can name.
    pub resource_types: Vec<ResourceType>,
    /// The condition keys that the actions and resource types know.
    pub condition_keys: Vec<ConditionKey>,
}

#[derive(Deserialize)]
struct Tables {
    actions: Vec<Action>,
    resource_types: Vec<ResourceType>,
    condition_keys: Vec<ConditionKey>,
}

/// An action of a service.
#[derive(Debug, Deserialize)]
pub struct Action {
    /// The name without the prefix: `CreateUser`.
    pub name: String,
    /// What the action does to its resources.
    pub access_level: AccessLevel,
    /// The condition keys that apply whatever the resource.
    #[serde(default)]
    pub condition_keys: Vec<String>,
    /// Actions, with prefix, that the caller must be allowed as well.
    #[serde(default)]
    pub dependent_actions: Vec<String>,
    /// The resource types a policy can name. None: only `*` is effective.
    #[serde(default)]
    pub resources: Vec<ActionResource>,
}

/// A resource type that an action accepts.
#[derive(Debug, Deserialize)]
pub struct ActionResource {
    /// The name of the type, which is one of the service's.
    pub resource_type: String,
    /// Whether every call has a resource of this type.
    #[serde(default)]
    pub required: bool,
    /// The condition keys that apply to the action on this type.
    #[serde(default)]
    pub condition_keys: Vec<String>,
    /// Actions, with prefix, that the caller must be allowed as well.
    #[serde(default)]
    pub dependent_actions: Vec<String>,
}

/// AWS's classification of actions.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum AccessLevel {
    List,
    Read,
    Write,
    #[serde(rename = "Permissions management")]
    PermissionsManagement,
    Tagging,
}

/// A type of resource.
#[derive(Debug, Deserialize)]
pub struct ResourceType {
    /// The name: `user`.
    pub name: String,
    /// The ARN with placeholders: `arn:${Partition}:iam::${Account}:user/${UserNameWithPath}`.
    pub arn: String,
    /// The condition keys that apply to resources of this type.
    #[serde(default)]
    pub condition_keys: Vec<String>,
}

/// A condition key.
#[derive(Debug, Deserialize)]
pub struct ConditionKey {
    /// The key in AWS's spelling, with a placeholder where any text may be: `aws:ResourceTag/${TagKey}`.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub value_type: ValueType,
}

/// The type of a condition key's values. The `ArrayOf…` are keys with several values in one request.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum ValueType {
    #[serde(rename = "ARN")]
    Arn,
    ArrayOfARN,
    ArrayOfBool,
    ArrayOfString,
    Bool,
    Date,
    IPAddress,
    Numeric,
    String,
}

/// Every service, in the order of the prefixes.
pub fn services() -> impl Iterator<Item = Summary> {
    INDEX.lines().filter_map(Summary::parse)
}

/// The service with that prefix, in any case, as AWS compares prefixes in policies.
pub fn service(prefix: &str) -> Option<Arc<Service>> {
    static RECENT: Recent<Service, 16> = Recent::new();
    let summary = Summary::parse(INDEX.get(prefix)?)?;
    Some(RECENT.get_or_make(summary.prefix, || Arc::new(summary.service())))
}

impl Summary {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            prefix: columns.next()?,
            name: columns.next()?,
            supports_rcp: columns.next()? == "yes",
            tables: Place::parse(&mut columns)?,
        })
    }

    #[expect(clippy::expect_used, reason = "the tables are part of the program, and a test reads all of them")]
    fn service(self) -> Service {
        let tables: Tables = serde_json::from_str(&TABLES.read(self.tables)).expect("the tables have this form");
        Service {
            prefix: self.prefix,
            name: self.name,
            supports_rcp: self.supports_rcp,
            actions: tables.actions,
            resource_types: tables.resource_types,
            condition_keys: tables.condition_keys,
        }
    }
}

impl Service {
    /// The action of that name, without prefix, in any case.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let position = self.actions.binary_search_by(|action| ignoring_case(&action.name, name)).ok()?;
        self.actions.get(position)
    }

    /// The resource type of that name.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|resource_type| resource_type.name == name)
    }

    /// The condition key that a key in a policy refers to: the same in any case, or with its placeholder filled.
    pub fn condition_key(&self, key: &str) -> Option<&ConditionKey> {
        self.condition_keys.iter().find(|condition_key| condition_key.matches(key))
    }

    /// The names, behind the colon, of the condition keys that AWS has for an identity provider. Providers are named by
    /// their host, so keys such as `aws:TagKeys` belong to no service.
    pub fn condition_key_names_of(&self, provider: &str) -> impl Iterator<Item = &str> {
        self.condition_keys.iter().filter_map(move |key| {
            let (issuer, name) = key.name.split_once(':')?;
            (issuer.contains('.') && fits(issuer, provider)).then_some(name)
        })
    }
}

/// Whether a name in any case is this one, in which a placeholder stands for any text. No name has more than one
/// placeholder.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once("${") else {
        return pattern.eq_ignore_ascii_case(name);
    };
    let after = after.split_once('}').map_or("", |(_, after)| after);
    let filled = name.len().saturating_sub(after.len());
    name.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before))
        && name.get(filled..).is_some_and(|end| end.eq_ignore_ascii_case(after))
        && filled > before.len()
}

impl ConditionKey {
    /// Whether a key in a policy is this one.
    fn matches(&self, key: &str) -> bool {
        fits(&self.name, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_listed_in_order_and_read() {
        let prefixes: Vec<_> = services().map(|service| service.prefix).collect();
        assert_eq!(prefixes.len(), 456);
        assert_eq!(INDEX.lines().count(), prefixes.len(), "a line of the index was not understood");
        assert!(prefixes.is_sorted_by(|one, next| one < next));

        let (mut actions, mut resource_types) = (0, 0);
        for summary in services() {
            let service = service(summary.prefix).unwrap();
            assert_eq!((service.name, service.supports_rcp), (summary.name, summary.supports_rcp));
            actions += service.actions.len();
            resource_types += service.resource_types.len();
        }
        assert_eq!((actions, resource_types), (22_096, 2_334));
        assert_eq!(services().filter(|service| service.supports_rcp).count(), 62);
    }

    #[test]
    fn every_action_is_found_and_names_known_resource_types_and_actions() {
        for summary in services() {
            let service = service(summary.prefix).unwrap();
            for action in &service.actions {
                let found = service.action(&action.name.to_uppercase()).unwrap();
                assert_eq!(found.name, action.name);
                for resource in &action.resources {
                    assert!(service.resource_type(&resource.resource_type).is_some(), "{} {resource:?}", action.name);
                }
                let of_resources = action.resources.iter().flat_map(|resource| &resource.dependent_actions);
                for dependent in action.dependent_actions.iter().chain(of_resources) {
                    assert!(dependent.contains(':'), "{}: {dependent}", action.name);
                }
            }
        }
    }

    #[test]
    fn every_resource_type_has_an_arn() {
        for summary in services() {
            for resource_type in &service(summary.prefix).unwrap().resource_types {
                assert!(resource_type.arn.starts_with("arn:${Partition}:"), "{resource_type:?}");
            }
        }
    }

    #[test]
    fn iam_is_as_in_the_reference() {
        let iam = service("IAM").unwrap();
        assert_eq!((iam.prefix, iam.name), ("iam", "AWS Identity and Access Management (IAM)"));
        for (name, level) in [
            ("CreateUser", AccessLevel::Write),
            ("GetUser", AccessLevel::Read),
            ("ListUsers", AccessLevel::List),
            ("TagUser", AccessLevel::Tagging),
            ("AttachUserPolicy", AccessLevel::PermissionsManagement),
        ] {
            assert_eq!(iam.action(name).unwrap().access_level, level, "{name}");
        }
        let pass_role = iam.action("passrole").unwrap();
        assert_eq!(pass_role.condition_keys, ["iam:AssociatedResourceArn", "iam:PassedToService"]);
        let [role] = pass_role.resources.as_slice() else { panic!("{pass_role:?}") };
        assert_eq!((role.resource_type.as_str(), role.required), ("role", true));
        assert_eq!(iam.resource_type("user").unwrap().arn, "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}");
        assert!(iam.action("CreateUse").is_none());
        assert!(iam.resource_type("User").is_none());
    }

    #[test]
    fn a_condition_key_is_found_in_any_case_and_with_its_placeholder_filled() {
        let iam = service("iam").unwrap();
        let key = |key| iam.condition_key(key).map(|key| (key.name.as_str(), key.value_type));
        assert_eq!(key("IAM:passedtoservice"), Some(("iam:PassedToService", ValueType::String)));
        assert_eq!(key("aws:TagKeys"), Some(("aws:TagKeys", ValueType::ArrayOfString)));
        assert_eq!(key("aws:requesttag/Cost/Center"), Some(("aws:RequestTag/${TagKey}", ValueType::String)));
        for unknown in ["aws:RequestTag/", "aws:RequestTag", "aws:SourceIp", "PassedToService", "", "ï:ä"] {
            assert_eq!(key(unknown), None, "{unknown}");
        }
        let sts = service("sts").unwrap();
        assert!(sts.condition_key("agent.example.buildkite.dev:build_branch").is_some());
        assert!(sts.condition_key("agent..buildkite.dev:build_branch").is_none());
    }

    #[test]
    fn no_condition_key_has_more_than_one_placeholder() {
        for summary in services() {
            for key in &service(summary.prefix).unwrap().condition_keys {
                assert!(key.name.matches("${").count() <= 1, "{key:?}");
            }
        }
    }

    #[test]
    fn an_unknown_service_is_none() {
        for prefix in ["", "iamx", "ia", "aws"] {
            assert!(service(prefix).is_none(), "{prefix}");
        }
    }
}
