//! Where trails deliver to: what buckets, prefixes, topics, keys and log groups look like.

use std::net::Ipv4Addr;

use crate::account::{Account, Role};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ArnParts, Kind};

/// The most characters of a prefix.
const MAX_PREFIX: usize = 200;

/// The most characters of a topic's name or ARN.
const MAX_TOPIC: usize = 256;

/// Refuses what cannot be the name of a bucket (Amazon S3 User Guide, "General purpose bucket naming rules").
///
/// # Errors
/// `InvalidS3BucketNameException`.
pub(super) fn check_bucket(name: &str) -> Result<()> {
    let is_outer = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let is_inner = |character: char| is_outer(character) || ".-".contains(character);
    let message = if !(3..=63).contains(&name.chars().count()) {
        "Bucket name must have from 3 to 63 characters"
    } else if !name.chars().all(is_inner) {
        "Bucket name can only contain lowercase letters, numbers, periods (.), and hyphens (-)"
    } else if !name.starts_with(is_outer) || !name.ends_with(is_outer) {
        "Bucket name must begin and end with a letter or number"
    } else if name.contains("..") || name.parse::<Ipv4Addr>().is_ok() {
        "Bucket name cannot have adjacent periods or the format of an IP address"
    } else {
        return Ok(());
    };
    Err(Error::new(Code::InvalidS3BucketName, format!("{message}: {name}.")))
}

/// Refuses what cannot be a prefix. Here it is the path of a folder: no part of it can be empty or lead upwards.
///
/// # Errors
/// `InvalidS3PrefixException`.
pub(super) fn check_prefix(prefix: &str) -> Result<()> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= 255;
    let is_visible = |character: char| !character.is_control() && character != '\\';
    let message = if prefix.chars().count() > MAX_PREFIX {
        "The S3 key prefix can have at most 200 characters."
    } else if !prefix.chars().all(is_visible) {
        "The S3 key prefix cannot contain control characters or backslashes."
    } else if !prefix.split('/').all(is_plain) {
        "The parts of the S3 key prefix between its slashes cannot be empty, '.' or '..'."
    } else {
        return Ok(());
    };
    Err(Error::new(Code::InvalidS3Prefix, message))
}

/// The ARN of a topic that is given by name or ARN.
///
/// # Errors
/// `InvalidSnsTopicNameException`.
pub(super) fn topic_arn(topic: &str, account: AccountId, region: &str) -> Result<String> {
    let arn = match topic.starts_with("arn:") {
        true => topic.to_owned(),
        false => format!("arn:{}:sns:{region}:{account}:{topic}", account.partition()),
    };
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let name = ArnParts::parse(&arn).filter(|parts| parts.service == "sns" && parts.account_id().is_some());
    match name.map(|parts| parts.resource) {
        Some(name) if topic.chars().count() <= MAX_TOPIC && name.chars().all(is_part) => Ok(arn),
        _ => Err(Error::new(Code::InvalidSnsTopicName, format!("SNS topic name is not valid: {topic}"))),
    }
}

/// The ARN of a key, or of an alias, that is given in one of the forms that CloudTrail takes.
///
/// # Errors
/// `InvalidKmsKeyIdException`.
pub(super) fn key_arn(key: &str, account: AccountId, region: &str) -> Result<String> {
    let is_id = |id: &str| {
        id.len() <= 64
            && !id.is_empty()
            && id.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    let is_alias = |name: &str| {
        let is_part = |character: char| character.is_ascii_alphanumeric() || "/_-".contains(character);
        (1..=250).contains(&name.len()) && name.chars().all(is_part)
    };
    let is_resource = |resource: &str| match resource.split_once('/') {
        Some(("alias", name)) => is_alias(name),
        Some(("key", id)) => is_id(id),
        _ => false,
    };
    let local = |resource: String| format!("arn:{}:kms:{region}:{account}:{resource}", account.partition());
    let arn = match key {
        key if key.starts_with("arn:") => key.to_owned(),
        key if key.starts_with("alias/") => local(key.to_owned()),
        key => local(format!("key/{key}")),
    };
    let parts = ArnParts::parse(&arn).filter(|parts| parts.service == "kms" && parts.account_id().is_some());
    match parts {
        Some(parts) if !parts.region.is_empty() && is_resource(parts.resource) => Ok(arn),
        _ => Err(Error::new(Code::InvalidKmsKeyId, format!("The KMS key ID is not valid: {key}"))),
    }
}

/// Refuses a log group without its role and the other way round, and a role that the account does not have.
///
/// # Errors
/// `InvalidCloudWatchLogsLogGroupArnException`, `InvalidCloudWatchLogsRoleArnException`.
pub(super) fn check_logs(account: &Account, group: Option<&str>, role: Option<&str>) -> Result<()> {
    let wrong_group = |message: &'static str| Err(Error::new(Code::InvalidCloudWatchLogsLogGroupArn, message));
    let wrong_role = |message: &'static str| Err(Error::new(Code::InvalidCloudWatchLogsRoleArn, message));
    let (group, role) = match (group, role) {
        (None, None) => return Ok(()),
        (Some(_), None) => return wrong_role("You must specify a role ARN as well as a log group."),
        (None, Some(_)) => return wrong_group("You must specify a log group ARN as well as a role ARN."),
        (Some(group), Some(role)) => (group, role),
    };
    let is_group = ArnParts::parse(group).is_some_and(|parts| {
        parts.service == "logs" && parts.account_id() == Some(account.id) && parts.resource.starts_with("log-group:")
    });
    if !is_group {
        return wrong_group("Access denied. Check the permissions for your role.");
    }
    let name = ArnParts::parse(role).and_then(|parts| parts.path_and_name(Kind::Role));
    let known = name.and_then(|(_, name)| account.get::<Role>(name));
    match known {
        Some(_) if account.role(role).is_some() => Ok(()),
        _ => wrong_role("Access denied. Check the trust relationships for your role."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_prefixes_cannot_lead_out_of_a_folder() {
        for name in ["abc", "my-bucket.logs", "1ab"] {
            assert!(check_bucket(name).is_ok(), "{name}");
        }
        for name in ["", "ab", "..", "../x", "/etc", "a/b", "Abc", ".abc", "abc.", "a..b", "192.168.5.4", "a\0b", "a_b"]
        {
            assert_eq!(check_bucket(name).unwrap_err().code(), Code::InvalidS3BucketName, "{name:?}");
        }
        for prefix in ["a", "a/b", "a b/c.d", "..a", "ä", "...", &"x".repeat(200)] {
            assert!(check_prefix(prefix).is_ok(), "{prefix}");
        }
        for prefix in
            ["", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "a/.", "a\\b", "a\0", "a\n", &"x".repeat(201)]
        {
            assert_eq!(check_prefix(prefix).unwrap_err().code(), Code::InvalidS3Prefix, "{prefix:?}");
        }
    }

    #[test]
    fn topics_and_keys_become_arns() {
        let account = AccountId::parse("123456789012").unwrap();
        let topic = |text: &str| topic_arn(text, account, "eu-west-1");
        assert_eq!(topic("files").unwrap(), "arn:aws:sns:eu-west-1:123456789012:files");
        assert_eq!(topic("arn:aws:sns:us-east-1:123456789012:x").unwrap(), "arn:aws:sns:us-east-1:123456789012:x");
        for wrong in ["a b", "arn:aws:sqs:us-east-1:123456789012:x", "a:b", &"x".repeat(257)] {
            assert_eq!(topic(wrong).unwrap_err().code(), Code::InvalidSnsTopicName, "{wrong}");
        }
        let key = |text: &str| key_arn(text, account, "eu-west-1");
        assert_eq!(key("alias/logs").unwrap(), "arn:aws:kms:eu-west-1:123456789012:alias/logs");
        let id = "12345678-1234-1234-1234-123456789012";
        assert_eq!(key(id).unwrap(), format!("arn:aws:kms:eu-west-1:123456789012:key/{id}"));
        let arn = format!("arn:aws:kms:us-east-1:123456789012:key/{id}");
        assert_eq!(key(&arn).unwrap(), arn);
        for wrong in ["alias/", "a b", "arn:aws:kms:us-east-1:123456789012:x", "arn:aws:s3:::x", "key/x"] {
            assert_eq!(key(wrong).unwrap_err().code(), Code::InvalidKmsKeyId, "{wrong}");
        }
    }
}
