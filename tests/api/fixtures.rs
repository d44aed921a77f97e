//! Documents and entities that several tests need.

use iamd::account::{InstanceProfile, Permissions, Role, TrustPolicy};
use iamd::shapes::{Path, TagSet, Timestamp};

/// The account of the root user that the tests call as.
pub const ACCOUNT: &str = "000000000000";

/// A policy of one statement.
pub fn statement(effect: &str, action: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}","Condition":{condition}}}]}}"#
    )
}

pub fn allow(action: &str, resource: &str) -> String {
    statement("Allow", action, resource, "{}")
}

pub fn deny(action: &str, resource: &str) -> String {
    statement("Deny", action, resource, "{}")
}

/// A valid policy whose size is exactly this.
pub fn document_of_size(size: usize) -> String {
    let without = allow("s3:*", "arn:aws:s3:::").len();
    allow("s3:*", &format!("arn:aws:s3:::{}", "b".repeat(size - without)))
}

/// The ARN of a managed policy of the account; path and name.
pub fn policy_arn(name: &str) -> String {
    own_arn(&format!("policy/{name}"))
}

/// The ARN of a resource of IAM in the account.
pub fn own_arn(resource: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{resource}")
}

/// What is said of a call that nothing allows, which names the resource in these words.
pub fn not_allowed(user: &str, action: &str, resource: &str) -> String {
    format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action",
        own_arn(&format!("user/{user}"))
    )
}

/// The trust policy of a role for EC2.
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

/// A role that a service may assume.
pub fn role(path: &str, name: &str) -> Role {
    Role {
        name: name.to_owned(),
        path: Path::new(path),
        id: format!("AROA{:A<17}", name.to_uppercase()),
        created: Timestamp::from_seconds(1_700_000_000),
        trust_policy: TrustPolicy::new(TRUST, |_| Some(None)).unwrap(),
        description: None,
        max_session_duration: 3600,
        max_signin_session_duration: None,
        tags: TagSet::default(),
        permissions: Permissions::default(),
        source_template: None,
        template_values: None,
    }
}

/// An instance profile without a role.
pub fn instance_profile(name: &str) -> InstanceProfile {
    InstanceProfile {
        name: name.to_owned(),
        path: Path::root(),
        id: "AIPAAAAAAAAAAAAAAAAAA".to_owned(),
        created: Timestamp::from_seconds(1_700_000_000),
        role: None,
        tags: TagSet::default(),
    }
}
