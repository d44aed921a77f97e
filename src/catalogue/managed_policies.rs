//! The managed policies that AWS maintains: `arn:aws:iam::aws:policy/…`.
//!
//! Each is known in its default version only, without description; AWS publishes neither the others nor the text of
//! descriptions in a form that could be taken over.

use std::sync::{Arc, LazyLock};

use aws_reference::{Archive, Index, Place, Recent};
use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::shapes::Partition;

const INDEX: Index = Index::new(include_str!("../../data/managed-policies.tsv"));
const DOCUMENTS: Archive = Archive::new(include_bytes!("../../data/managed-policies.json.gz"));

/// A managed policy that AWS maintains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// The partition whose copy it is. AWS keeps the same names in all; which of them a partition lacks is not known.
    pub partition: Partition,
    /// The name, unique among AWS's policies whatever their path.
    pub name: &'static str,
    /// `/`, `/service-role/`, `/aws-service-role/` (only for service-linked roles), `/job-function/` or `/root-task/`
    /// (only for `AssumeRoot`).
    pub path: &'static str,
    /// The default version, the only one known: `v11` without `v1` to `v10`.
    pub default_version_id: &'static str,
    /// When AWS made the policy.
    pub create_date: DateTime<Utc>,
    /// When AWS made the default version.
    pub update_date: DateTime<Utc>,
    document: Place,
}

/// The policy with that ARN, which is compared as AWS does: with regard to case.
pub fn get(arn: &str) -> Option<ManagedPolicy> {
    let (partition, resource) = arn.strip_prefix("arn:")?.split_once(':')?;
    let partition = Partition::parse(partition)?;
    let (path, name) = resource.strip_prefix("iam::aws:policy")?.rsplit_once('/')?;
    let policy = ManagedPolicy::parse(INDEX.get(name)?)?.of(partition);
    (policy.name == name && policy.path.strip_suffix('/') == Some(path)).then_some(policy)
}

/// All policies of a partition, in the order of their names without regard to case.
pub fn iter(partition: Partition) -> impl Iterator<Item = ManagedPolicy> {
    INDEX.lines().filter_map(ManagedPolicy::parse).map(move |policy| policy.of(partition))
}

/// The policies of a partition in the order of their creation, as AWS lists them: all, or those that follow the one of
/// this name. A name that is none of them has none that follow.
pub fn by_age(partition: Partition, after: Option<&str>) -> impl Iterator<Item = ManagedPolicy> + use<> {
    static ALL: LazyLock<Vec<ManagedPolicy>> = LazyLock::new(|| {
        let mut all: Vec<ManagedPolicy> = iter(Partition::Aws).collect();
        all.sort_by_key(|policy| policy.create_date);
        all
    });
    let behind = |name: &str| ALL.iter().position(|policy| policy.name == name).and_then(|last| ALL.get(last + 1..));
    let policies = after.map_or(Some(ALL.as_slice()), behind).unwrap_or_default();
    policies.iter().map(move |policy| policy.of(partition))
}

impl ManagedPolicy {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            partition: Partition::Aws,
            name: columns.next()?,
            path: columns.next()?,
            default_version_id: columns.next()?,
            create_date: date(columns.next()?)?,
            update_date: date(columns.next()?)?,
            document: Place::parse(&mut columns)?,
        })
    }

    fn of(self, partition: Partition) -> Self {
        Self { partition, ..self }
    }

    /// The ARN.
    pub fn arn(&self) -> String {
        format!("arn:{}:iam::aws:policy{}{}", self.partition, self.path, self.name)
    }

    /// An identifier of AWS's form, always the same for a policy. AWS's own are not published.
    pub fn policy_id(&self) -> String {
        let digest = Sha256::digest(self.of(Partition::Aws).arn());
        let characters = BASE32_NOPAD.encode(&digest);
        format!("ANPA{}", characters.chars().take(17).collect::<String>())
    }

    /// The document of the default version, formatted with four spaces as AWS formats most of its own.
    pub fn document(&self) -> Arc<str> {
        static RECENT: Recent<str, 32> = Recent::new();
        let document = RECENT.get_or_make(self.name, || DOCUMENTS.read(self.document).into());
        match self.partition {
            Partition::Aws => document,
            // The resources that a policy names are those of its partition.
            partition => document.replace("arn:aws:", &format!("arn:{partition}:")).into(),
        }
    }
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::HashSet;

    const COUNT: usize = 1582;

    #[test]
    fn every_policy_is_listed_once_and_in_order() {
        let names: Vec<_> = iter(Partition::Aws).map(|policy| policy.name.to_lowercase()).collect();
        assert_eq!(names.len(), COUNT);
        assert_eq!(INDEX.lines().count(), COUNT, "a line of the index was not understood");
        assert!(names.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn every_policy_is_found_by_its_arn() {
        for policy in iter(Partition::Aws) {
            assert_eq!(get(&policy.arn()), Some(policy));
        }
    }

    #[test]
    fn an_arn_is_compared_to_the_letter() {
        assert!(get("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").is_some());
        let chinese = get("arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
        assert_eq!(chinese.arn(), "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
        for arn in [
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/service-role/awslambdabasicexecutionrole",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole/",
            "arn:aws:iam::aws:policyservice-role/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::123456789012:policy/service-role/AWSLambdaBasicExecutionRole",
            "AdministratorAccess",
            "",
        ] {
            assert_eq!(get(arn), None, "{arn}");
        }
    }

    #[test]
    fn pages_join_to_the_whole() {
        let mut paged: Vec<ManagedPolicy> = Vec::new();
        for _ in 0..=COUNT / 100 {
            let marker = paged.last().map(|last| last.name);
            paged.extend(by_age(Partition::Aws, marker).take(100));
        }
        assert_eq!(paged, by_age(Partition::Aws, None).collect::<Vec<_>>());
        assert_eq!(paged.iter().map(|policy| policy.name).collect::<HashSet<_>>().len(), COUNT);
        let names: Vec<_> = paged.iter().take(5).map(|policy| policy.name).collect();
        let oldest = [
            "AdministratorAccess",
            "PowerUserAccess",
            "ReadOnlyAccess",
            "AWSCloudFormationReadOnlyAccess",
            "CloudFrontFullAccess",
        ];
        assert_eq!(names, oldest, "as observed at AWS");
        assert!(by_age(Partition::Aws, Some("NoSuchPolicy")).next().is_none());
    }

    #[test]
    fn every_document_is_a_policy() {
        for policy in iter(Partition::Aws) {
            let document: Value = serde_json::from_str(&policy.document()).expect(policy.name);
            assert!(document["Version"].is_string(), "{}", policy.name);
            let statement = &document["Statement"];
            let first = statement.as_array().map_or(Some(statement), |statements| statements.first());
            assert!(first.is_some_and(|first| first["Effect"].is_string()), "{}", policy.name);
        }
    }

    #[test]
    fn a_document_reads_as_aws_shows_it() {
        let policy = get("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
        assert_eq!(
            &*policy.document(),
            r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
}"#
        );
    }

    #[test]
    fn a_policy_has_what_aws_shows() {
        let policy = get("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess").unwrap();
        assert_eq!(policy.name, "ViewOnlyAccess");
        assert_eq!(policy.path, "/job-function/");
        assert_eq!(policy.create_date.to_rfc3339(), "2016-11-10T17:20:15+00:00");
        assert_eq!(policy.update_date.to_rfc3339(), "2026-09-30T20:27:08+00:00");
        let document: Value = serde_json::from_str(&policy.document()).unwrap();
        let actions = document["Statement"][0]["Action"].as_array().unwrap();
        for action in ["iam:List*", "ec2:DescribeAddressTransfers", "s3:ListBucket"] {
            assert!(actions.contains(&action.into()), "{action}");
        }
        assert!(!actions.contains(&"s3:GetObject".into()));
    }

    #[test]
    fn identifiers_are_of_awss_form_distinct_and_lasting() {
        let ids: HashSet<_> = iter(Partition::Aws).map(|policy| policy.policy_id()).collect();
        assert_eq!(ids.len(), COUNT);
        for id in &ids {
            assert_eq!(id.len(), 21);
            assert!(id.starts_with("ANPA"));
            assert!(id.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')));
        }
        let policy = get("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
        assert_eq!(policy.policy_id(), "ANPAXUEARDEVTUHKHZ23E");
    }
}
