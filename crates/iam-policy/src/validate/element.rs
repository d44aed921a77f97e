//! Single actions and resources, in the identity grammar's words.

use super::{Check, refuse};
use crate::document::{Text, Written};

/// AWS's partitions.
pub(crate) const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"];

/// `service:Name` or `*`, as far as the colon goes.
pub(super) fn has_service(text: &Text<'_>) -> Check {
    if text.value == "*" || text.value.contains(':') {
        return Ok(());
    }
    let message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    refuse(message, text.at, format!("{:?} is not of the form service:Action", text.value))
}

/// `service:Name` or `*`.
pub(super) fn action(text: &Text<'_>) -> Check {
    has_service(text)?;
    let Some((vendor, name)) = text.value.split_once(':') else { return Ok(()) };
    if name.contains(':') {
        let message = "Actions/Condition can contain only one colon.";
        return refuse(message, text.at, format!("{:?} has several colons", text.value));
    }
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if vendor.is_empty() || !vendor.bytes().all(is_known) {
        let detail = format!("{vendor:?} is not a service prefix; wildcards may only come after the colon");
        return refuse(format!("Vendor {vendor} is not valid"), text.at, detail);
    }
    Ok(())
}

/// Values that the conditions' operators can read: what a Deny by another would have denied is unknown. AWS does not
/// look at those of keys without a service, which no request has.
pub(super) fn values(statement: &Written<'_>, message: &'static str) -> Check {
    statement.conditions.iter().filter(|condition| condition.key.value.contains(':')).try_for_each(|condition| {
        let comparison = condition.operator.comparison;
        match condition.values.iter().find(|value| !comparison.reads(value.value)) {
            Some(value) => refuse(message, value.at, format!("{:?} is {}", value.value, comparison.unread())),
            None => Ok(()),
        }
    })
}

/// The partition of a resource, and the four parts behind it; `None` for what has no colon. What is before the
/// first colon does not matter to AWS.
fn parts<'t>(text: &Text<'t>) -> Option<(&'t str, [Option<&'t str>; 4])> {
    let (_, rest) = text.value.split_once(':')?;
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next().unwrap_or_default();
    Some((partition, [parts.next(), parts.next(), parts.next(), parts.next()]))
}

/// `*`, or an ARN of the account's own partition or of a pattern of partitions; where the account is not known, of any
/// partition of AWS.
pub(super) fn is_arn_of(text: &Text<'_>, own: Option<&str>) -> Check {
    let arn = text.value;
    let refused = |message: String, detail: &str| refuse(message, text.at, format!("{arn:?}: {detail}"));
    if arn == "*" {
        return Ok(());
    }
    let Some((partition, given)) = parts(text) else {
        return refused(format!("Resource {arn} must be in ARN format or \"*\"."), "not an ARN");
    };
    let is_known = own.map_or_else(|| PARTITIONS.contains(&partition), |own| own == partition);
    if !(is_known || partition.contains('*')) {
        let [service, region, account, path] = given.map(|part| part.unwrap_or("*"));
        let service = if service.is_empty() && given[1].is_none() { "*" } else { service };
        return refused(
            format!(
                "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{service}:{region}:{account}:{path}\"."
            ),
            "no partition that the account could have resources in",
        );
    }
    Ok(())
}

/// An ARN, perhaps with wildcards, or `*`. `accepted`: the service may have no wildcards.
pub(super) fn resource(text: &Text<'_>, accepted: bool) -> Check {
    let arn = text.value;
    let refused = |message: String, detail: &str| refuse(message, text.at, format!("{arn:?}: {detail}"));
    if arn == "*" {
        return Ok(());
    }
    let Some((_, [service, region, _, path])) = parts(text) else { return Ok(()) };
    let is_pattern = service.is_some_and(|service| service.contains(['*', '?']));
    if service.is_none_or(str::is_empty) || (accepted && is_pattern) {
        let message = "Resource vendor must be fully qualified and cannot contain regexes.".to_owned();
        return refused(message, "the service is missing or a pattern");
    }
    let has_region = region.is_some_and(|region| !region.is_empty() && region != "*");
    match service {
        Some("iam") if has_region => {
            refused(format!("IAM resource {arn} cannot contain region information."), "IAM knows no regions")
        }
        Some("iam") if path.is_some_and(|path| !is_iam_path(path)) => {
            refused(IAM_PATHS.to_owned(), "unknown resource type")
        }
        Some("s3") if has_region && !path.is_some_and(is_regional_s3) => {
            refused(format!("Resource {arn} can not contain region information."), "buckets and objects have no region")
        }
        _ => Ok(()),
    }
}

const IAM_PATHS: &str = "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
    instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.";

/// The types of AWS's sentence, and those that AWS added to IAM since.
fn is_iam_path(path: &str) -> bool {
    const TYPES: &[&str] = &[
        "user/",
        "federated-user/",
        "role/",
        "group/",
        "instance-profile/",
        "mfa/",
        "server-certificate/",
        "policy/",
        "sms-mfa/",
        "saml-provider/",
        "oidc-provider/",
        "report/",
        "access-report/",
        "assumed-role/",
        "delegation-request/",
        "role-template/",
    ];
    path == "*" || path == "root" || TYPES.iter().any(|kind| path.starts_with(kind))
}

/// S3's resources besides buckets and objects belong to regions.
fn is_regional_s3(path: &str) -> bool {
    const TYPES: &[&str] = &["accesspoint/", "access-grants/", "async-request/", "job/", "storage-lens"];
    path == "*" || TYPES.iter().any(|kind| path.starts_with(kind))
}
